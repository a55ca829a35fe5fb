"""Reports are written beside the decisions: one per object at a time, with a back-off."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from controller.core.model import plan
from controller.core.model.observed import Observed
from controller.kube.errors import (
    ApiError,
    Conflict,
    Forbidden,
    NotFound,
    TooManyRequests,
    Unreachable,
)
from controller.reconcile.entry import Entry, Key
from controller.reconcile.reports import Reports
from tests.unit.reconcile.fake_api import KEY, Shop

NOW = 1_000.0
SEEN: Any = None


class Desk:
    """Reports about one Job whose writes end when `end` is called."""

    def __init__(self) -> None:
        self.entry = Entry(KEY)
        self.now = NOW
        self.again: list[Key] = []
        self.written: list[str] = []
        self._answers: list[asyncio.Future[bool]] = []
        self.reports = Reports(self._write, self.again.append, 1.0, lambda: self.now)

    async def _write(self, _: Entry, report: plan.Write, __: Observed) -> bool:
        self.written.append(plan.subject(report))
        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._answers.append(answer)
        return await answer

    def start(self, *names: str) -> None:
        """Start a report about each of these Updates; "": about the Job."""
        status: Any = None
        reports = [plan.WriteUpdate(n, status) if n else plan.WriteJob(status) for n in names]
        self.reports.start(self.entry, tuple(reports), SEEN, self.now)

    async def begun(self) -> None:
        """Whatever can begin has begun."""
        for _ in range(3):
            await asyncio.sleep(0)

    async def end(self, result: bool | Exception = True) -> None:
        """The oldest write under way ends."""
        await self.begun()
        answer = self._answers.pop(0)
        if isinstance(result, bool):
            answer.set_result(result)
        else:
            answer.set_exception(result)
        await self.begun()


async def test_a_job_reports_half_as_often_while_its_update_does() -> None:
    desk = Desk()
    desk.start("", "web-g2")
    await desk.end()
    await desk.end()
    assert desk.entry.quiet_until == {"": NOW + 2.0, "web-g2": NOW + 1.0}
    desk.now += 5
    desk.start("")
    await desk.end()
    assert desk.entry.quiet_until == {"": NOW + 5 + 1.0}


async def test_reports_are_written_one_after_the_other() -> None:
    """Else a Job could say what was decided before its Update was reported."""
    desk = Desk()
    desk.start("", "web-g2")
    await desk.begun()
    assert desk.written == ["the Job's status"]
    assert desk.entry.quiet_until == {"": NOW + 2.0, "web-g2": NOW + 1.0}
    desk.start("web-g2")
    await desk.end()
    assert len(desk.written) == 2
    assert desk.again == []
    await desk.end()
    assert len(desk.written) == 2, "what came meanwhile is decided anew"
    assert desk.again == [KEY]


async def test_after_a_report_that_failed_the_next_of_its_decision_is_not_written() -> None:
    desk = Desk()
    desk.start("", "web-g2")
    await desk.end(Unreachable("cut"))
    assert len(desk.written) == 1
    assert desk.again == [KEY]
    assert "web-g2" not in desk.entry.quiet_until


async def test_through_waits_for_all_of_the_job() -> None:
    desk = Desk()
    assert not await desk.reports.through(KEY)
    desk.start("", "web-g2")
    waiting = asyncio.ensure_future(desk.reports.through(KEY))
    assert not await desk.reports.through(("ns", "other"))
    await desk.end()
    assert not waiting.done()
    await desk.end()
    assert await waiting


@pytest.mark.parametrize("error", [Conflict(409, "Conflict", "v"), NotFound(404, "NotFound", "u")])
async def test_an_object_that_has_changed_is_decided_and_reported_at_once(error: ApiError) -> None:
    desk = Desk()
    desk.start("")
    await desk.end(error)
    assert desk.again == [KEY]
    assert desk.entry.quiet_until == {}


async def test_a_refused_report_is_decided_again() -> None:
    desk = Desk()
    desk.start("")
    await desk.end(False)
    assert desk.again == [KEY]
    assert desk.entry.quiet_until == {"": NOW + 1.0}


@pytest.mark.parametrize("error", [Unreachable("cut"), ValueError("a fault of ours")])
async def test_failures_back_off_until_one_succeeds(error: Exception) -> None:
    desk, waits = Desk(), []
    for _ in range(12):
        desk.start("")
        await desk.end(error)
        waits.append(desk.entry.quiet_until[""] - desk.now)
        desk.now += waits[-1]
    assert waits[:5] == [1.0] * 5
    assert waits[-3:] == pytest.approx([25.6, 51.2, 60.0])
    assert desk.again == [KEY] * 12
    desk.start("")
    await desk.end()
    desk.start("")
    await desk.end(error)
    assert desk.entry.quiet_until[""] - desk.now == 1.0
    desk.start("web-g2")
    await desk.end(TooManyRequests(429, "TooManyRequests", "slow down", retry_after=7.0))
    assert desk.entry.quiet_until["web-g2"] - desk.now == 7.0


async def test_after_a_failure_nothing_is_sent_before_the_back_off_ends() -> None:
    desk = Desk()
    desk.start("")
    await desk.end(Unreachable("cut"))
    desk.now += 0.9
    desk.start("")
    await asyncio.sleep(0)
    assert len(desk.written) == 1
    desk.now += 0.2
    desk.start("")
    await desk.end()
    assert len(desk.written) == 2


async def test_in_a_namespace_that_is_being_deleted_nothing_is_tried_again() -> None:
    desk = Desk()
    desk.start("")
    words = "unable to create new content in namespace ns because it is being terminated"
    cause = [{"reason": "NamespaceTerminating", "message": words}]
    await desk.end(Forbidden(403, "Forbidden", words, details={"causes": cause}))
    assert desk.again == []


async def test_a_drain_cancels_what_does_not_end() -> None:
    desk = Desk()
    desk.start("")
    await asyncio.sleep(0)
    await desk.reports.drain(0.0)
    await desk.begun()
    assert not await desk.reports.through(KEY), "none is under way"


async def test_intent_does_not_conflict_with_a_report_under_way() -> None:
    """The Job is scaled while its report is on its way: the decision is made from the answer."""
    shop = Shop()
    shop.job()
    await shop.reconcile()
    shop.now += 5
    shop.job(spec={"instances": 3}, metadata={"generation": 2}, status=shop.status())
    before, reports = len(shop.api.asked), shop.worker.reports
    decided, write, through = asyncio.Event(), reports._write, reports.through

    async def written_late(*report: Any) -> bool:
        await asyncio.wait_for(decided.wait(), 60)
        return await write(*report)

    async def waited_for(key: Key) -> bool:
        decided.set()
        return await through(key)

    reports._write, reports.through = written_late, waited_for  # type: ignore[method-assign]
    entry, seen = shop.entry, shop.entry.observed(shop.now, frozenset())
    status = seen.job.status.model_copy(update={"ready_instances": 1})
    reports.start(entry, (plan.WriteJob(status),), seen, shop.now)
    await shop.reconcile()
    assert shop.status()["instancesInForce"] == 3
    asked = [each for each in shop.api.asked[before:] if each[1] == "echelonjobs"]
    assert len(asked) > 1
    assert {verb for verb, *_ in asked} == {"patch"}, "nothing was in conflict"


async def test_a_job_that_goes_while_intent_waits_for_its_report_is_not_decided() -> None:
    shop = Shop()
    shop.job()
    await shop.reconcile()
    shop.now += 5
    shop.job(spec={"instances": 3}, metadata={"generation": 2}, status=shop.status())
    entry, seen = shop.entry, shop.entry.observed(shop.now, frozenset())

    def gone(verb: str, plural: str, _: str) -> None:
        if (verb, plural) == ("patch", "echelonjobs"):
            shop.store.drop_job(KEY, "j1")
            raise NotFound(404, "NotFound", "gone")

    shop.api.before = gone
    status = seen.job.status.model_copy(update={"ready_instances": 1})
    shop.worker.reports.start(entry, (plan.WriteJob(status),), seen, shop.now)
    await shop.reconcile()
    assert ("create", "pods", "web-2") not in shop.api.asked
