"""What the page of a Cron or Adhoc Job says of its runs."""

from __future__ import annotations

from typing import Any

import pytest

from controller.api.meta import format_time
from tests.unit.ui.conftest import Setting
from tests.unit.ui.objects import NOW, condition, job, put

RUN = {
    "name": "web-r2",
    "instances": 3,
    "startedAt": format_time(NOW - 90),
    "succeeded": 1,
    "failed": 1,
    "active": 1,
}


def with_runs(kind: str = "Adhoc", **status: Any) -> dict[str, Any]:
    made = job(conditions=[condition("Reconciling", reason="Running", message="web-r2: 1 of 3")])
    made["spec"] |= {"type": kind}
    if kind == "Cron":
        made["spec"]["cron"] = {"schedule": "30 2 * * *", "timeZone": "Europe/Berlin"}
    for field in ("instancesInForce", "assigned", "revisions"):
        del made["status"][field]
    made["status"] |= status
    return made


@pytest.mark.parametrize("kind", ["Adhoc", "Cron"])
async def test_the_last_run_is_shown_instead_of_updates(page: Setting, kind: str) -> None:
    put(page.store, with_runs(kind, lastRun=RUN))
    status, html = await page.get("/jobs/shop/web")
    assert status == 200
    assert "web-r2" in html
    assert "1 of 3</span> succeeded" in html
    assert "1 failed" in html
    assert "<dt>Update</dt>" not in html
    assert ("30 2 * * *" in html) == (kind == "Cron")


async def test_a_job_without_a_run_and_the_list(page: Setting) -> None:
    put(page.store, with_runs("Cron"))
    _, html = await page.get("/jobs/shop/web")
    assert "none yet" in html
    status, html = await page.get("/")
    assert status == 200
    assert 'href="/jobs/shop/web"' in html


@pytest.mark.parametrize("tab", ["completed", "configuration", "updates"])
async def test_the_other_tabs_can_be_opened(page: Setting, tab: str) -> None:
    put(page.store, with_runs(lastRun=RUN))
    status, _ = await page.get(f"/jobs/shop/web?tab={tab}")
    assert status == 200
