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


async def test_who_may_not_see_updates_is_not_told_of_a_change_that_was_none(
    page: Setting,
) -> None:
    words_of_it = "all instances are at this revision already"
    put(page.store, job(lastAttempt={**LAST, "message": words_of_it}))
    page.viewer.denied = {"list updates"}
    for path in ("/", "/jobs/shop/web"):
        said = words((await page.get(path))[1])
        assert "No change" in said, path
        assert "Rolled forward" not in said, path


async def test_the_history_of_an_update_names_the_program_and_not_a_person(page: Setting) -> None:
    entries = [
        {"time": format_time(NOW - 10), "phase": "RolledForward", "reason": "Done", "by": by}
        for by in ("echelon", "grace")
    ]
    put(page.store, job(), update(phase="RolledForward", history=entries))
    said = words((await page.get("/updates/shop/web-g2"))[1])
    assert "by Echelon" in said
    assert "by grace" in said
    assert "by echelon" not in said


async def test_a_revision_without_an_update_says_where_it_comes_from(page: Setting) -> None:
    page.api.lists["controllerrevisions"] = [
        {
            "metadata": {"name": f"web-{name}", "creationTimestamp": format_time(NOW - ago)},
            "revision": number,
            "data": {},
        }
        for number, name, ago in ((1, "aaaa", 900), (2, "cccc", 100))
    ]
    put(page.store, job())
    said = words((await page.get("/jobs/shop/web?tab=updates"))[1])
    assert "first creation" in said
    assert "never tried" in said
    assert "first creation or never tried" not in said


async def test_outcomes_of_revisions_have_the_words_of_updates(page: Setting) -> None:
    page.api.lists["controllerrevisions"] = [
        {
            "metadata": {"name": "web-bbbb", "creationTimestamp": format_time(NOW - 100)},
            "revision": 2,
            "data": {},
        }
    ]
    put(page.store, job(), update(phase="RolledBack"))
    _, html = await page.get("/jobs/shop/web?tab=updates")
    assert ">Rolled back</a>" in html
    assert "RolledBack" not in html
