"""What the page of a Cron or Adhoc Job says of its runs."""

from __future__ import annotations

from typing import Any

import pytest

from controller.kube.errors import ApiError
from tests.unit.ui.conftest import Setting
from tests.unit.ui.objects import condition, job, put, update
from tests.unit.ui.run_objects import last, run, with_runs

ACTIVE = last(succeeded=1, failed=1, active=1)


@pytest.mark.parametrize("kind", ["Adhoc", "Cron"])
async def test_the_last_run_is_shown_instead_of_updates(page: Setting, kind: str) -> None:
    put(page.store, with_runs(kind=kind, lastRun=ACTIVE))
    status, html = await page.get("/jobs/shop/web")
    assert status == 200
    assert "web-r2" in html
    assert "1 of 3</span> succeeded" in html
    assert "1 failed" in html
    assert "<dt>Update</dt>" not in html
    assert ("30 2 * * *" in html) == (kind == "Cron")


async def test_a_job_without_a_run_and_the_list(page: Setting) -> None:
    put(page.store, with_runs(kind="Cron"))
    _, html = await page.get("/jobs/shop/web")
    assert "none yet" in html
    assert "No run yet." in html
    status, html = await page.get("/")
    assert status == 200
    assert 'href="/jobs/shop/web"' in html
    assert "no run yet" in html


async def test_the_runs_are_listed_the_newest_first(page: Setting) -> None:
    put(page.store, with_runs(lastRun=ACTIVE), with_runs("other"))
    page.api.lists["jobs"] = [
        run("web-r1", failed="FailedIndexes", succeeded=1),
        run("web-r2", ago=90, took=None, succeeded=1, active=1, failedIndexes="2"),
        run("other-r7", job="other"),
    ]
    _, html = await page.get("/jobs/shop/web")
    body = html[html.index("<tbody>") :]
    assert body.index("web-r2") < body.index("web-r1")
    assert "other-r7" not in html
    assert "<b>FailedIndexes</b> Job has failed indexes" in html
    assert "2 failed" in body
    assert "kubectl logs --prefix -l job-name=web-r2 -n shop" in html
    asked = [each for each in page.api.asked if "list jobs" in each]
    assert asked == ["list jobs ['echelon.dev/job=web,!echelon.dev/gate']"]


async def test_a_run_of_a_schedule_says_for_when_it_was(page: Setting) -> None:
    put(page.store, with_runs(kind="Cron"))
    page.api.lists["jobs"] = [run("web-29", cron=True), run("web-30", job="b", cron=True)]
    _, html = await page.get("/jobs/shop/web")
    assert "scheduled" in html
    assert "web-29" in html
    assert "web-30" not in html


async def test_who_may_not_list_them_sees_the_last_one(page: Setting) -> None:
    page.viewer.denied.add("list jobs")
    put(page.store, with_runs(lastRun=ACTIVE))
    page.api.lists["jobs"] = [run("web-r1")]
    _, html = await page.get("/jobs/shop/web")
    assert "Only the last run is shown: you may not list jobs of batch" in html
    assert "web-r2" in html
    assert "web-r1" not in html
    assert not any("list jobs" in each for each in page.api.asked)


async def test_runs_that_cannot_be_read_are_said(page: Setting, monkeypatch: Any) -> None:
    async def refused(*_: object, **__: object) -> Any:
        raise ApiError(503, "ServiceUnavailable", "the API server is overloaded")

    monkeypatch.setattr(page.site.reads, "runs", refused)
    put(page.store, with_runs(lastRun=ACTIVE))
    _, html = await page.get("/jobs/shop/web")
    assert "cannot be read: the API server is overloaded" in html


async def test_what_was_read_a_moment_ago_does_not_hide_the_end_of_a_run(page: Setting) -> None:
    page.api.lists["jobs"] = [run("web-r2", ago=90, took=None, active=3, succeeded=0)]
    put(page.store, with_runs(lastRun=last(took=80, succeeded=3, reason="Succeeded")))
    _, html = await page.get("/jobs/shop/web")
    assert "Succeeded" in html
    assert "3 active" not in html


async def test_no_update_is_offered(page: Setting) -> None:
    words = "web-r2: 2 of 3 instances did not succeed"
    stalled = condition("Stalled", reason="FailedIndexes", message=words)
    ended = last(took=80, succeeded=1, failed=2, reason="FailedIndexes", message="2 of 3")
    put(page.store, with_runs(lastRun=ended, conditions=[stalled]))
    _, html = await page.get("/jobs/shop/web")
    assert "echelon job retry web -n shop" in html
    assert "kubectl logs --prefix -l job-name=web-r2 -n shop" in html
    assert "echelon update" not in html
    assert "echelon job instances" not in html
    assert "/updates/" not in html


async def test_the_calm_line_says_what_a_schedule_waits_for(page: Setting) -> None:
    ready = [condition("Ready", reason="Succeeded", message="web-r2: 3 instances succeeded")]
    put(page.store, with_runs(kind="Cron", conditions=ready))
    _, html = await page.get("/jobs/shop/web")
    assert "It waits for its next run." in html
    assert "next <time" in html
    put(page.store, with_runs(kind="Cron", conditions=ready, cron={"suspend": True}))
    _, html = await page.get("/jobs/shop/web")
    assert "It is suspended." in html
    assert "next <time" not in html


@pytest.mark.parametrize("tab", ["runs", "completed", "configuration", "updates"])
async def test_the_other_tabs_can_be_opened(page: Setting, tab: str) -> None:
    put(page.store, with_runs(lastRun=ACTIVE))
    status, html = await page.get(f"/jobs/shop/web?tab={tab}")
    assert status == 200
    assert ("<h2>Revisions</h2>" in html) == (tab == "updates")
    assert ('class="rows runs"' in html) == (tab in ("runs", "completed"))
    assert "Instances</a>" not in html


async def test_a_revision_has_its_newest_run_and_rejected_updates_are_shown(
    page: Setting,
) -> None:
    words = "a Job of type Adhoc has runs instead of Updates"
    put(page.store, with_runs(lastRun=ACTIVE))
    put(page.store, update("mine", phase="Rejected", reason="NotSupported", message=words))
    page.api.lists["controllerrevisions"] = [
        {
            "metadata": {"name": "web-aaaa", "creationTimestamp": "2027-01-01T00:00:00Z"},
            "revision": 1,
            "data": {"spec": {"containers": [{"name": "web", "image": "web:1"}]}},
        }
    ]
    page.api.lists["jobs"] = [run("web-r1")]
    _, html = await page.get("/jobs/shop/web?tab=updates")
    assert words in html
    revision = html[html.index("<h2>Revisions</h2>") :]
    assert "web:1" in revision
    assert "web-r2" in revision, "the newest run of it"
    assert "web-r1" not in revision
    _, html = await page.get("/jobs/shop/web?tab=configuration")
    assert "Of the last run and of the template" in html
    assert "web:1" in html


async def test_a_service_is_not_asked_for_runs(page: Setting) -> None:
    put(page.store, job())
    _, html = await page.get("/jobs/shop/web")
    assert not any("list jobs" in each for each in page.api.asked)
    assert "Instances</a>" in html
