"""A Job in one row: health, revisions, its active Update, and what it waits for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from controller.api.ids import NONE, Ids
from controller.api.job import Job, LastAttempt
from controller.api.meta import Condition
from controller.api.progress import Phase
from controller.core.model import assigned
from controller.core.model import conditions as cond
from controller.core.status.outcome import NO_CHANGE, is_unchanged
from controller.view.runs import RunRow, last_run


class Health(StrEnum):
    """What a person wants to know of a Job first."""

    READY = "Ready"
    PENDING = "UpdatePending"
    RECONCILING = "Reconciling"
    STALLED = "Stalled"
    UNSEEN = "Unseen"
    DELETING = "Deleting"


@dataclass(frozen=True, slots=True)
class JobRow:
    """``revisions``: revision -> ids that run it now, the most used first. ``message``: what the
    Job waits for, or why it needs a person; "" if all is well. ``frozen``: ids that Updates leave
    alone. ``last_run``: of a Job that has runs; then ``outcome`` is how that ended."""

    namespace: str
    name: str
    health: Health
    reason: str
    message: str
    ready: int
    available: int
    instances: int
    wanted: int
    revisions: dict[str, Ids]
    current: str
    template: str
    update: str
    outcome: str
    created: float
    frozen: Ids = NONE
    has_runs: bool = False
    last_run: RunRow | None = None

    @property
    def count(self) -> str:
        """How many instances are ready, of how many; or how the last run is, if the Job has
        runs."""
        if not self.has_runs:
            return f"{self.ready}/{self.instances}"
        return self.last_run.words if self.last_run else "no run yet"


def job_row(job: Job) -> JobRow:
    """The row of a Job."""
    status, meta = job.status, job.metadata
    health, reason, message = health_of(job)
    running = assigned.read(status.revisions)
    last, ran = status.last_attempt, last_run(job)
    return JobRow(
        namespace=meta.namespace,
        name=meta.name,
        health=health,
        reason=reason,
        message=message,
        ready=status.ready_instances,
        available=status.available_instances,
        instances=count_of(job),
        wanted=job.spec.instances,
        revisions=dict(sorted(running.items(), key=lambda each: -len(each[1]))),
        current=status.current_revision or "",
        template=status.update_revision or "",
        update=status.active_update.name if status.active_update else "",
        outcome=_of_run(ran) if ran else _outcome(last) if last else "",
        created=meta.creation_timestamp or 0.0,
        frozen=status.frozen,
        has_runs=job.spec.has_runs,
        last_run=ran,
    )


def _of_run(run: RunRow) -> str:
    """How the last run ended; "" if it has not ended."""
    return "" if run.is_open else run.state


def _outcome(last: LastAttempt) -> str:
    """How the last Update ended; ``NoChange`` if there was nothing to change: then it does not tell
    how the template fares."""
    unchanged = last.outcome == Phase.ROLLED_FORWARD and is_unchanged(last.message)
    return NO_CHANGE if unchanged else last.outcome or ""


def count_of(job: Job) -> int:
    """How many instances the operator keeps; as long as it has not said so, how many are wanted."""
    count = job.status.instances_in_force
    return job.spec.instances if count is None else count


def shares(counts: Sequence[int], width: int) -> list[int]:
    """How many of ``width`` cells of a bar each count gets. Each that is not 0 gets at least one,
    as long as there are cells; the sum is ``width``, or 0 if all counts are 0."""
    total = sum(counts)
    if not total:
        return [0] * len(counts)
    exact = [count * width / total for count in counts]
    cells = [max(int(part), 1 if count else 0) for part, count in zip(exact, counts, strict=True)]
    while (spare := width - sum(cells)) != 0:
        wrong = [part - cell for part, cell in zip(exact, cells, strict=True)]
        if spare > 0:
            cells[wrong.index(max(wrong))] += 1
        else:
            # The longest gives way: one cell less is seen least there.
            cells[cells.index(max(cells))] -= 1
    return cells


def health_of(job: Job) -> tuple[Health, str, str]:
    """Health, reason and message of a Job."""
    conditions = job.status.conditions
    if job.metadata.deletion_timestamp is not None:
        return Health.DELETING, "Deleting", "the Job is being deleted"
    seen = job.status.observed_generation
    if seen < 0 or seen < job.metadata.generation:
        what = "this Job" if seen < 0 else "the last change of this Job"
        return Health.UNSEEN, "NotObserved", f"no operator has looked at {what} yet"
    for name, health in (
        (cond.STALLED, Health.STALLED),
        (cond.RECONCILING, Health.RECONCILING),
        (cond.UPDATE_PENDING, Health.PENDING),
        (cond.READY, Health.READY),
    ):
        if (told := cond.find_true(conditions, name)) is not None:
            # How the last run went is worth saying also when all is well.
            silent = health is Health.READY and not job.spec.has_runs
            return health, told.reason, "" if silent else told.message
    ready = cond.find(conditions, cond.READY) or Condition(type=cond.READY, status="False")
    return Health.RECONCILING, ready.reason, ready.message
