"""An Update that is paused, or that cannot go on by itself, is seen at once on every page."""

from __future__ import annotations

import re
from typing import Any

import pytest

from controller.api.meta import format_time
from tests.unit.ui.conftest import Setting
from tests.unit.ui.objects import NOW, condition, job, pod, put, update
from tests.unit.ui.test_update_page import words

NO_ROOM = "instance 2: Unschedulable: 0/5 nodes are available: 5 Insufficient cpu."
CASES = {
    "paused": ("RollForwardPaused", "Paused", "paused by ada", "Paused"),
    "rollback-paused": ("RollBackPaused", "Paused", "paused by ada", "Paused"),
    "awaits": ("RollForwardAwaitingPulse", "AwaitingPulse", "no pulse for 60s", "Blocked"),
    "no-room": ("RollingForward", "InstanceNotReady", NO_ROOM, "Blocked"),
    "quota": ("RollingForward", "QuotaExceeded", "instance 2: exceeded quota: pods", "Blocked"),
    "starts": ("RollingForward", "InstanceNotReady", "instance 2: ContainersNotReady", ""),
    "moves": ("RollingForward", "Progressing", "", ""),
}


def of_case(case: str) -> list[dict[str, Any]]:
    phase, reason, waits, _ = CASES[case]
    said = f"2 of 4 instances updated; {waits}".rstrip("; ")
    begun = condition("Paused", reason=reason) | {"lastTransitionTime": format_time(NOW - 20)}
    conditions = [begun] if "Paused" in phase else []
    name = f"{case}-g2"
    active = {"name": name, "uid": f"uid-shop-{name}"}
    working = condition("Reconciling", reason=phase, message=f"{name}: {said}")
    return [
        job(case, activeUpdate=active, conditions=[working]),
        update(name, case, phase=phase, reason=reason, message=said, conditions=conditions),
    ]


def row_of(html: str, name: str) -> str:
    found = re.search(rf'<tr role="row" id="job-shop-{name}".*?</tr>', html, re.S)
    return words(found[0]) if found else ""


def jobs_in(html: str) -> set[str]:
    return set(re.findall(r'class="open" href="/jobs/shop/([\w-]+)"', html))


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("sees_updates", [True, False])
async def test_the_list_says_what_holds_the_update_of_a_job(
    page: Setting, case: str, sees_updates: bool
) -> None:
    if not sees_updates:
        page.viewer.denied = {"list updates"}
    put(page.store, *of_case(case))
    word = CASES[case][3] or "Reconciling"
    assert f" {word} shop" in row_of((await page.get("/"))[1], case)


async def test_jobs_that_need_a_person_are_found_together_and_by_their_state(
    page: Setting,
) -> None:
    for case in CASES:
        put(page.store, *of_case(case))
    put(page.store, job(), job("bad", conditions=[condition("Stalled", message="it hangs")]))
    paused, blocked = {"paused", "rollback-paused"}, {"awaits", "no-room", "quota"}
    for state, expected in (
        ("Paused", paused),
        ("Blocked", blocked),
        ("NeedsPerson", paused | blocked | {"bad"}),
        ("Reconciling", {"starts", "moves"}),
    ):
        status, html = await page.get(f"/?state={state}")
        assert (status, jobs_in(html)) == (200, expected), state
    _, html = await page.get("/")
    for chip in ("Needs a person 6", "Paused 2", "Blocked 3", "Reconciling 2", "Stalled 1"):
        assert chip in words(html)


async def test_no_chip_leads_to_nothing(page: Setting) -> None:
    put(page.store, job())
    _, html = await page.get("/")
    assert "Needs a person" not in html
    assert "Paused" not in html


@pytest.mark.parametrize(("case", "word"), [("paused", "Paused"), ("no-room", "Blocked")])
async def test_the_page_of_a_job_says_first_what_holds_its_update(
    page: Setting, case: str, word: str
) -> None:
    put(page.store, *of_case(case))
    _, html = await page.get(f"/jobs/shop/{case}")
    head = html[html.index('id="head"') : html.index('class="tabs"')]
    assert f"{case} {word}" in words(head)
    assert "RollForwardPaused" not in head


async def test_the_page_of_a_job_has_the_commands_for_its_active_update(page: Setting) -> None:
    put(page.store, *of_case("paused"))
    _, html = await page.get("/jobs/shop/paused")
    assert "echelon update resume paused-g2" in html
    assert "echelon update rollback paused-g2" in html


async def test_a_job_that_failed_has_the_commands_for_its_last_update_each_once(
    page: Setting,
) -> None:
    failure = {"instance": 2, "attempt": 1, "reason": "Error", "time": format_time(NOW - 30)}
    stalled = condition("Stalled", reason="UpdateFailed", message="web-g2: instance 2 failed")
    sets = {"updated": "0-1", "failed": "2"}
    put(page.store, update(phase="Failed", failures=[failure], instances=sets))
    put(page.store, job(updateRevision="web-bbbb", conditions=[stalled]))
    _, html = await page.get("/jobs/shop/web")
    assert "echelon update retry web-g2" in html
    assert html.count("echelon job retry web ") == 1
    assert html.index("echelon job status web") < html.index("echelon job retry web ")
    put(page.store, job(updateRevision="web-cccc", conditions=[stalled]))
    assert "echelon update retry web-g2" not in (await page.get("/jobs/shop/web"))[1]


@pytest.mark.parametrize("path", ["/jobs/shop/paused", "/updates/shop/paused-g2"])
async def test_how_long_a_pause_lasts_is_not_the_age_of_the_update(
    page: Setting, path: str
) -> None:
    put(page.store, *of_case("paused"))
    _, html = await page.get(path)
    first = re.search(r'<p class="wait.*?</p>', html, re.S)
    assert first
    assert re.findall(r'datetime="([^"]+)"', first[0]) == [format_time(NOW - 20)]


async def test_the_page_of_an_update_that_gets_no_room_says_that_it_is_blocked(
    page: Setting,
) -> None:
    put(page.store, *of_case("no-room"))
    for path in ("/updates/shop/no-room-g2", "/jobs/shop/no-room?tab=updates"):
        assert "Rolling forward, blocked" in words((await page.get(path))[1]), path
    assert "Blocked instance 2: Unschedulable" in words(
        (await page.get("/updates/shop/no-room-g2"))[1]
    )


async def test_a_pod_without_a_node_was_not_scheduled(page: Setting) -> None:
    raw = pod(2, "no-room", ready=False, node="")
    raw["status"] = {
        "phase": "Pending",
        "conditions": [
            {
                "type": "PodScheduled",
                "status": "False",
                "reason": "Unschedulable",
                "message": "0/5 nodes are available",
                "lastTransitionTime": format_time(NOW - 58),
            }
        ],
    }
    put(page.store, *of_case("no-room"), raw)
    page.api.objects["pods", "shop", "no-room-2"] = raw
    for path in ("/jobs/shop/no-room", "/instances/shop/no-room/2"):
        _, html = await page.get(path)
        steps = re.findall(r'<ol class="steps">.*?</ol>', html, re.S)
        assert "Scheduled" not in "".join(steps), path
        assert "Pending" in "".join(steps), path
