"""Evictions by the real shell: asked by a dry run, refused by budgets, carried out once."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from controller.api.update import Phase
from controller.core.refusals.judgement import ErrorAnswer, not_evicted, sooner
from tests.unit.reconcile.sim import ShellWorld

Make = Callable[..., ShellWorld]
AWARE = {"slaAware": True, "strategy": {"type": "Batch", "size": 10}}


def evicted(world: ShellWorld) -> list[str]:
    return [name for verb, name in world.cluster.writes if verb == "evict pod"]


def test_each_instance_is_evicted_once(make_world: Make) -> None:
    world = make_world(instances=3, update=AWARE).ready()
    world.cluster.put_budget("mine", 2)
    world.roll("app:2")
    assert world.phase is Phase.ROLLED_FORWARD
    assert sorted(evicted(world)) == ["web-0", "web-1", "web-2"]
    assert not any(verb == "delete pod" for verb, _ in world.cluster.writes)
    world.run(2)
    assert {each.cause for each in world.status.ended} == {"Update"}


def test_a_budget_that_allows_none_is_asked_again_and_costs_nothing(make_world: Make) -> None:
    world = make_world(instances=3, update=AWARE).ready()
    world.cluster.put_budget("mine", 3)
    world.edit(image="app:2")
    world.until(lambda: bool(world.cluster.updates) and _reason(world) == "DisruptionBudget", 20)
    assert world.operator.entry.refused_actions == {}
    seen = world.operator.observe()
    assert seen is not None
    assert len(seen.view.good) == 3
    assert world.cluster.budgets["mine"].disrupted == {}
    world.cluster.put_budget("mine", 2)
    world.until_ended(within=200)
    assert world.phase is Phase.ROLLED_FORWARD


def _reason(world: ShellWorld) -> str | None:
    return world.update.status.reason


def test_a_change_in_place_asks_too(make_world: Make) -> None:
    world = make_world(instances=3, update={**AWARE, "replacement": "InPlace"}).ready()
    world.cluster.put_budget("mine", 3)
    before = world.uids()
    world.edit(image="app:2")
    world.until(lambda: bool(world.cluster.updates) and _reason(world) == "DisruptionBudget", 20)
    world.run(700)
    assert world.images_of("app:2") == world.images_of("another")
    assert world.phase is Phase.ROLLING_FORWARD
    world.cluster.put_budget("mine", 2)
    world.until_ended(within=300)
    assert world.uids() == before
    assert evicted(world) == []


@pytest.mark.parametrize("fate", ["lost", "crash", "down", "twice", "429", "500", "504"])
def test_whatever_becomes_of_the_request(make_world: Make, fate: str) -> None:
    world = make_world(instances=3, update=AWARE).ready()
    world.cluster.put_budget("mine", 2)
    world.edit(image="app:2")
    world.until(lambda: "web-0" in evicted(world) or len(world.cluster.pods) < 3, 20)
    world.cluster.fates.extend([fate] * 3)
    world.until_ended(within=600)
    assert world.phase is Phase.ROLLED_FORWARD


@pytest.mark.parametrize(
    ("answer", "reason", "pause"),
    [
        (ErrorAnswer(429, message="Cannot evict.", causes=("DisruptionBudget",), cause="budget a"),
         "DisruptionBudget", 1.0),
        (ErrorAnswer(500, message="has more than one PodDisruptionBudget, which"),
         "SeveralBudgets", 30.0),
    ],
)  # fmt: skip
def test_what_a_budget_says(answer: ErrorAnswer, reason: str, pause: float) -> None:
    found = not_evicted(answer, None, 100.0)
    assert found is not None
    assert (found.reason, found.until, found.counts) == (reason, 100.0 + pause, False)
    if reason == "DisruptionBudget":
        assert found.message == "Cannot evict: budget a"
    for _ in range(8):
        found = not_evicted(answer, found, 100.0)
        assert found is not None
    assert found.until == 130.0


@pytest.mark.parametrize(
    "answer",
    [
        ErrorAnswer(429, message="too many requests"),
        ErrorAnswer(500, message="etcd is away"),
        ErrorAnswer(403, message="no"),
        ErrorAnswer(
            429,
            causes=("DisruptionBudget",),
            cause="a is still being processed by the server.",
        ),
    ],
)
def test_what_is_no_budgets_word(answer: ErrorAnswer) -> None:
    assert not_evicted(answer, None, 100.0) is None


def test_the_old_pods_of_a_surge_are_evicted(make_world: Make) -> None:
    world = make_world(instances=2, update={**AWARE, "replacement": "Surge"}).ready()
    world.cluster.put_budget("mine", 2)
    world.roll("app:2")
    assert world.phase is Phase.ROLLED_FORWARD
    assert len(evicted(world)) == 2


def test_a_change_of_the_budget_makes_it_ask_again() -> None:
    answer = ErrorAnswer(429, causes=("DisruptionBudget",))
    first = not_evicted(answer, None, 100.0)
    assert first is not None
    assert sooner(first, 100.2).until == 100.2
    second = not_evicted(answer, first, 100.3)
    assert second is not None
    assert sooner(second, 100.4).until == 100.9, "another Job was faster: no storm of requests"
