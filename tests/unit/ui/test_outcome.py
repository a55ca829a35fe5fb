"""An Update that found nothing to change does not tell how the last change of a Job ended."""

from __future__ import annotations

from typing import Any

from controller.api.meta import format_time
from tests.unit.ui.conftest import Setting
from tests.unit.ui.objects import NOW, condition, job, put, update
from tests.unit.ui.test_update_page import words

LAST = {"revision": "web-aaaa", "update": "web-g3", "outcome": "RolledForward"}


def unchanged() -> dict[str, Any]:
    found = update(
        "web-g3",
        phase="RolledForward",
        reason="NoChange",
        finishedAt=format_time(NOW - 10),
        message="all instances are at this revision already",
        counts={},
        instances={},
        history=[{"time": format_time(NOW - 10), "phase": "RolledForward", "reason": "NoChange"}],
    )
    found["status"].pop("startedAt")
    return found


async def test_the_update_before_says_how_the_last_change_ended(page: Setting) -> None:
    stalled = condition("Stalled", reason="KnownBad", message="revision web-bbbb failed before")
    rolled_back = update(phase="RolledBack", finishedAt=format_time(NOW - 50))
    put(page.store, job(lastAttempt=LAST, conditions=[stalled]), rolled_back, unchanged())
    for path in ("/", "/jobs/shop/web"):
        said = words((await page.get(path))[1])
        assert "Rolled back" in said, path
        assert "Rolled forward" not in said, path
        assert "web-g2" in said, path


async def test_without_another_update_there_was_no_change(page: Setting) -> None:
    put(page.store, job(lastAttempt=LAST), unchanged())
    for path in ("/", "/jobs/shop/web", "/jobs/shop/web?tab=updates", "/updates/shop/web-g3"):
        said = words((await page.get(path))[1])
        assert "No change" in said, path
        assert "Rolled forward" not in said, path


async def test_an_update_that_has_ended_has_nothing_pending(page: Setting) -> None:
    put(page.store, job(), unchanged())
    put(page.store, update(phase="Failed", finishedAt=format_time(NOW), counts={"total": 4}))
    for name in ("web-g3", "web-g2"):
        _, html = await page.get(f"/updates/shop/{name}")
        assert "pending" not in html, name
        assert "not touched" in html, name
