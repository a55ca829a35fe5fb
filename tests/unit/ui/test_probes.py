"""What a probe was answered stands beside the failure, as long as the Event is there."""

from __future__ import annotations

from typing import Any

import pytest

from controller.api.meta import format_time
from tests.unit.ui.conftest import Setting
from tests.unit.ui.objects import NOW, condition, job, put, update
from tests.unit.ui.test_update_page import words

WORDS = "not Ready 22s after it was made: the readiness probe of container main does not pass"
JOB, UPDATE = "/jobs/shop/web", "/updates/shop/web-g2"


def event(ago: float, note: str, reason: str = "Unhealthy") -> dict[str, Any]:
    stamp = format_time(NOW - ago)
    return {
        "metadata": {"creationTimestamp": stamp},
        "regarding": {"kind": "Pod", "name": "web-0", "uid": f"uid-{ago}"},
        "deprecatedLastTimestamp": stamp,
        "type": "Warning",
        "reason": reason,
        "note": note,
    }


def failure(attempt: int, ago: float) -> dict[str, Any]:
    return {
        "instance": 0,
        "attempt": attempt,
        "reason": "Unhealthy",
        "message": WORDS,
        "time": format_time(NOW - ago),
    }


@pytest.fixture
def rolled_back(page: Setting) -> Setting:
    """The probe answered 500 at the first failure and 503 at the second; now another pod fails."""
    page.api.lists["events"] = [
        event(200, "Readiness probe failed: of an Update before"),
        event(85, "Readiness probe failed: statuscode: 500"),
        event(62, "Readiness probe failed: statuscode: 503"),
        event(61, "Back-off restarting", reason="BackOff"),
        event(5, "Readiness probe failed: of the pod that came after"),
    ]
    message = f"instance 0 failed: Unhealthy, {WORDS}"
    put(
        page.store,
        job(conditions=[condition("Stalled", reason="RolledBack", message=f"web-g2: {message}")]),
        update(
            phase="RolledBack",
            reason="InstancesFailed",
            message=f"1 instance rolled back: {message}",
            failures=[failure(2, 60), failure(1, 80)],
            finishedAt=format_time(NOW - 50),
        ),
    )
    return page


async def test_each_failure_has_the_answer_of_its_pod(rolled_back: Setting) -> None:
    said = words((await rolled_back.get(UPDATE))[1])
    failures = said[said.index("Failures Instance") :]
    assert failures.index("statuscode: 503") < failures.index("statuscode: 500")
    assert failures.count("Readiness probe failed") == 2


@pytest.mark.parametrize("path", [JOB, UPDATE])
async def test_the_answer_to_the_last_failure_stands_at_the_top(
    rolled_back: Setting, path: str
) -> None:
    _, html = await rolled_back.get(path)
    head = words(html[html.index('id="head"') : html.index("</section>")])
    assert "Probe of instance 0 Readiness probe failed: statuscode: 503" in head
    assert "came after" not in head


@pytest.mark.parametrize("path", [JOB, UPDATE])
async def test_an_instance_that_is_not_ready_yet_has_the_newest_answer(
    page: Setting, path: str
) -> None:
    page.api.lists["events"] = [event(5, "Readiness probe failed: EOF")]
    active = {"name": "web-g2", "uid": "uid-shop-web-g2"}
    message = "2 of 4 instances updated; instance 2: Unhealthy: the readiness probe does not pass"
    put(page.store, job(activeUpdate=active), update(message=message, reason="InstanceNotReady"))
    assert "Probe of instance 2 Readiness probe failed: EOF" in words((await page.get(path))[1])


@pytest.mark.parametrize("path", [JOB, UPDATE])
async def test_who_may_not_see_events_does_not_see_the_answer(
    rolled_back: Setting, path: str
) -> None:
    rolled_back.viewer.denied = {"list events"}
    assert "Readiness probe failed" not in (await rolled_back.get(path))[1]
    assert not any("list events" in asked for asked in rolled_back.api.asked)


@pytest.mark.parametrize("path", [JOB, UPDATE])
async def test_without_the_event_the_failure_stands_alone(rolled_back: Setting, path: str) -> None:
    rolled_back.api.lists["events"] = []
    status, html = await rolled_back.get(path)
    assert (status, "Probe of instance" in html) == (200, False)
    assert "does not pass" in html


async def test_another_failure_asks_for_no_events(page: Setting) -> None:
    crash = {**failure(1, 60), "reason": "Error"}
    put(page.store, job(), update(phase="Failed", failures=[crash], message="instance 0 failed"))
    await page.get(UPDATE)
    assert not any("list events" in asked for asked in page.api.asked)


async def test_an_older_failure_does_not_explain_what_the_job_waits_for_now(
    rolled_back: Setting,
) -> None:
    refused = condition("Stalled", reason="InvalidTemplate", message="the template is refused")
    put(rolled_back.store, job(conditions=[refused]))
    assert "Probe of instance" not in (await rolled_back.get(JOB))[1]
