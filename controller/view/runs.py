"""Runs of a Cron or Adhoc Job, each in one row: how it went, and what a person says of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from controller.api.job import Job
from controller.api.runs import DELETED, KILLED, KILLING, SUCCEEDED, LastRun
from controller.core.model.runs import Run

Object = dict[str, Any]


class RunState(StrEnum):
    """How a run is."""

    STARTING = "Starting"
    ACTIVE = "Active"
    ENDING = "Ending"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    KILLED = "Killed"
    DELETED = "Deleted"


#: Reason of a run that has ended -> its state; any other reason is that of a failure.
_ENDS: Final = {
    SUCCEEDED: RunState.SUCCEEDED,
    KILLED: RunState.KILLED,
    DELETED: RunState.DELETED,
}


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run. ``scheduled``, ``started`` and ``ended``: epoch seconds, 0 if there is no such
    moment. ``reason`` and ``message``: how it ended, or why it is being ended. ``exists``: whether
    its batch/v1 Job is known to exist."""

    name: str
    state: RunState
    revision: str
    instances: int
    succeeded: int
    failed: int
    active: int
    scheduled: float
    started: float
    ended: float
    reason: str = ""
    message: str = ""
    exists: bool = False

    @property
    def is_open(self) -> bool:
        """Whether it has not ended."""
        return not self.ended

    @property
    def words(self) -> str:
        """The run in a few words, such as ``2/3 failed``."""
        match self.state:
            case RunState.STARTING:
                return "starting"
            case RunState.ACTIVE | RunState.ENDING:
                count, word = self.active, "running" if self.state is RunState.ACTIVE else "ending"
                failed = f", {self.failed} failed" if self.failed else ""
                return f"{count}/{self.instances} {word}{failed}"
            case RunState.FAILED:
                return f"{self.failed}/{self.instances} failed"
            case RunState.SUCCEEDED:
                return f"{self.succeeded}/{self.instances} succeeded"
            case _:
                return f"{self.state.lower()}, {self.succeeded}/{self.instances} succeeded"


def last_run(job: Job) -> RunRow | None:
    """The last run, as the status of its Job tells of it; None if there was none."""
    last = job.status.last_run
    return None if last is None else _of_status(last)


def rows(job: Job, runs: Iterable[Run]) -> list[RunRow]:
    """The runs of a Job, newest first. ``runs``: those whose batch/v1 Job exists. The last run is
    among the rows also when it exists no more."""
    found = {run.name: _of_run(run) for run in runs}
    if (last := last_run(job)) is not None:
        known = found.get(last.name)
        if known is None:
            found[last.name] = last
        elif known.is_open and (last.state is RunState.ENDING or not last.is_open):
            # Only the status says why a run is being killed; and it is newer than what was read
            # of a run a moment ago.
            found[last.name] = replace(last, scheduled=known.scheduled, exists=True)
    return sorted(found.values(), key=lambda row: (_begun(row), row.name), reverse=True)


def _begun(row: RunRow) -> float:
    # One that is about to start is the newest.
    return row.scheduled or row.started or float("inf")


def _of_status(run: LastRun) -> RunRow:
    return RunRow(
        name=run.name,
        state=_state(run),
        revision=run.revision or "",
        instances=run.instances or 0,
        succeeded=run.succeeded,
        failed=run.failed,
        active=run.active,
        scheduled=0.0,
        started=run.started_at or 0.0,
        ended=run.finished_at or 0.0,
        reason=run.reason or "",
        message=run.message or "",
    )


def _state(run: LastRun) -> RunState:
    if run.started_at is None and run.is_open:
        return RunState.STARTING
    if run.is_open:
        return RunState.ENDING if run.reason == KILLING else RunState.ACTIVE
    return _ENDS.get(run.reason or "", RunState.FAILED)


def _of_run(run: Run) -> RunRow:
    state = RunState.FAILED if run.reason else RunState.SUCCEEDED
    if run.is_active:
        state = RunState.ENDING if run.deleted else RunState.ACTIVE
    # Of a run that has ended, every instance that did not succeed has failed.
    failed = run.failed if run.is_active else run.instances - run.succeeded
    return RunRow(
        name=run.name,
        state=state,
        revision=run.revision,
        instances=run.instances,
        succeeded=run.succeeded,
        failed=failed,
        active=run.active,
        scheduled=run.scheduled or 0.0,
        started=run.created,
        ended=run.ended or 0.0,
        reason=run.reason,
        message=run.message,
        exists=True,
    )


def is_of(run: Object, job: Job) -> bool:
    """Whether a batch/v1 Job, as the API server has it, is a run of this Job: the Job has made it,
    or its CronJob, which has the name of the Job."""
    owners = run["metadata"].get("ownerReferences") or ()
    owner = next((each for each in owners if each.get("controller")), None)
    if owner is None:
        return False
    if owner["kind"] == "CronJob":
        return bool(job.spec.cron and owner["name"] == job.metadata.name)
    return bool(owner["uid"] == job.metadata.uid)
