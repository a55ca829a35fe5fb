"""What moves would do, asked before pods are marked, is what they do once pods are marked."""

from __future__ import annotations

from typing import Any

import pytest

from controller.api.ids import NONE, Ids
from controller.api.job import ActiveUpdate
from controller.api.update import Phase, Update
from tests.unit.core.replacement.shop import Shop, shop
from tests.unit.core.replacement.test_moves import SURGE
from tests.unit.ui.objects import update

FOUR = ["n1"] * 4
FIVE = ["n1"] * 5
UPDATES: list[dict[str, Any]] = [
    {},
    {"replacement": "InPlace"},
    SURGE,
    {"maxUnavailable": 1},
    {"maxUnavailable": "50%"},
]
SLAS: list[dict[str, Any] | None] = [
    None,
    {"minAvailable": 1},
    {"minAvailable": "75%"},
    {"minAvailable": 1, "durationSeconds": 9000},
]


@pytest.mark.parametrize("update", UPDATES)
@pytest.mark.parametrize("sla", SLAS)
@pytest.mark.parametrize("whose", ["the Job's", "the Maintenance's"])
@pytest.mark.parametrize("down", [NONE, Ids([0]), Ids([2, 3])])
def test_what_is_foreseen_is_what_the_moves_allow(
    update: dict[str, Any], sla: dict[str, Any] | None, whose: str, down: Ids
) -> None:
    own = {"sla": sla} if sla and whose == "the Job's" else {}
    given, there = None if own else sla, shop(*FIVE, down=down, update=update, **own)
    found = there.foreseen(0, 1, 2, sla=given)
    real = there.marked(0, 1, 2, sla=given).moves
    said = real.allowance
    assert (found.asked, found.free) == (real.marked, said.allowed)
    assert (found.held.reason, found.held.message) == (said.reason, said.message)
    counting = real.marked & real.context.view.counting
    assert found.evicted == {there.pod(i).uid for i in counting}


@pytest.mark.parametrize("phase", [Phase.ROLLING_FORWARD, Phase.ROLL_FORWARD_PAUSED])
def test_what_an_update_is_still_to_replace_is_left_to_it(phase: Phase) -> None:
    there = updating(shop(*FOUR), phase)
    foresight = there.asked()
    found = foresight.if_marked({"uid-3"})
    assert (found.asked, found.by_update) == (NONE, Ids([3]))
    assert foresight.update == ("web-g2", phase is Phase.ROLLING_FORWARD)
    assert there.marked(3).moves.left_to_update & Ids([3])


def updating(there: Shop, phase: Phase) -> Shop:
    """An Update of which no instance is replaced yet."""
    raw = update("web-g2", phase=phase.value, counts={"total": 4}, instances={})
    raw["status"]["from"] = [{"revision": "web-a", "instances": "0-3"}]
    active = ActiveUpdate(name="web-g2", uid=raw["metadata"]["uid"])
    status = there.job.status.model_copy(update={"active_update": active})
    held = there.job.model_copy(update={"status": status})
    return Shop(held, there.pods, {"web-g2": Update.model_validate(raw)})


def test_another_question_is_about_other_pods() -> None:
    foresight = shop(*FOUR).asked()
    assert foresight.if_marked({"uid-1"}).asked == Ids([1])
    assert foresight.if_marked({"uid-0", "uid-2"}).asked == Ids([0, 2])
    assert foresight.if_marked({"uid-0", "uid-2"}).free == Ids([0])
    assert foresight.if_marked(set()).asked == NONE


def test_what_moves_already_comes_into_account() -> None:
    found = shop(*FOUR).marked(0).foreseen(1)
    assert (found.asked, found.free) == (Ids([1]), NONE)


@pytest.mark.parametrize(
    ("spec", "sla", "at_once"),
    [
        ({}, None, 1),
        ({}, {"minAvailable": "50%"}, 2),
        ({"sla": {"minAvailable": 1}}, None, 3),
        ({"sla": {"minAvailable": 1}, "update": {"maxUnavailable": 2}}, None, 2),
        ({"update": SURGE}, None, 1),
        ({"update": SURGE}, {"minAvailable": "100%"}, None),
    ],
)
def test_how_many_may_move_at_the_same_time(
    spec: dict[str, Any], sla: dict[str, Any] | None, at_once: int | None
) -> None:
    assert shop(*FOUR, **spec).asked(sla).at_once == at_once


def test_a_coordinator_is_named() -> None:
    url = "https://consent.shop.svc/may"
    assert shop(*FOUR, sla={"coordinator": {"url": f"{url}?token=x"}}).asked().coordinator == url
    assert shop(*FOUR).asked().coordinator == ""
