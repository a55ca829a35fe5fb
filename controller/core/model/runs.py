"""Runs as decisions see them, and the writes that a decision about a Cron or Adhoc Job plans.

A run is a batch/v1 Job. Kubernetes' own controllers create its pods, count its failures, and start
the runs of a CronJob; the operator creates, keeps and deletes only these objects.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final

_NUMBERED: Final = re.compile(r".*-r([1-9][0-9]{0,17})")


@dataclass(frozen=True, slots=True)
class Run:
    """A batch/v1 Job. All times are epoch seconds.

    ``owner``: uid of its controller. ``revision``: name of the ControllerRevision that it was made
    from, "" if it does not say so. ``scheduled``: the time of the schedule for which a CronJob
    started it. ``ended``: when it succeeded or failed; ``reason`` and ``message``: of its failure.
    ``failed``: number of instances that have failed for good. ``deleted``: it is being deleted.
    """

    name: str
    uid: str
    owner: str = ""
    revision: str = ""
    created: float = 0.0
    scheduled: float | None = None
    instances: int = 1
    succeeded: int = 0
    failed: int = 0
    active: int = 0
    ready: int = 0
    ended: float | None = None
    reason: str = ""
    message: str = ""
    deleted: bool = False

    @property
    def is_active(self) -> bool:
        """Whether it has not ended. One that is being deleted is active until it is gone, because
        its pods may still run."""
        return self.ended is None


@dataclass(frozen=True, slots=True)
class CronJob:
    """A batch/v1 CronJob. ``made_from``: digest of the template of its runs, as the operator wrote
    it. ``settings``: what else of its spec the operator writes (see `Keeping`).
    ``free``: it has no controller, and its label names the Job. ``last``: when a run was last
    scheduled; ``written``: when somebody last wrote it, its status aside; both in epoch seconds."""

    name: str
    uid: str
    owner: str = ""
    made_from: str = ""
    settings: tuple[object, ...] = ()
    free: bool = False
    last: float | None = None
    written: float = 0.0
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Runs:
    """The runs of one Job, oldest first, and its CronJob, if they belong to it.

    ``followed``: whether the operator sees all of them; ``problem``: why it does not.
    """

    jobs: tuple[Run, ...] = ()
    cron: CronJob | None = None
    followed: bool = True
    problem: str = ""

    @property
    def active(self) -> tuple[Run, ...]:
        return tuple(run for run in self.jobs if run.is_active)

    @property
    def newest(self) -> Run | None:
        return self.jobs[-1] if self.jobs else None

    def named(self, name: str) -> Run | None:
        return next((run for run in self.jobs if run.name == name), None)

    def of(self, owner: str) -> Runs:
        """What belongs to the Job with this uid, by itself or through its CronJob."""
        cron = self.cron if self.cron and (self.cron.owner == owner or self.cron.free) else None
        owners = {owner, cron.uid} if cron else {owner}
        jobs = sorted(
            (run for run in self.jobs if run.owner in owners),
            key=lambda run: (run.scheduled or run.created, run.created, run.name),
        )
        return replace(self, jobs=tuple(jobs), cron=cron)


#: What a decision finds while nobody watches runs.
NOT_FOLLOWED: Final = Runs(followed=False)


def run_name(job: str, number: int) -> str:
    """The name of the run of an Adhoc Job that uses the revision with this number."""
    return f"{job}-r{number}"


def number_in(name: str) -> int:
    """The number in the name of a run of an Adhoc Job; 0 if there is none."""
    found = _NUMBERED.fullmatch(name)
    return int(found[1]) if found else 0


@dataclass(frozen=True, slots=True)
class MakeRun:
    """Create the run of an Adhoc Job, from the template of ``revision``, unless a live list shows
    another active run."""

    name: str
    revision: str

    @property
    def subject(self) -> str:
        return f"Job {self.name}"


@dataclass(frozen=True, slots=True)
class EndRun:
    """Delete the run with this uid. It is gone when its pods are."""

    name: str
    uid: str

    @property
    def subject(self) -> str:
        return f"the deletion of Job {self.name}"


@dataclass(frozen=True, slots=True)
class KeepCronJob:
    """Create the CronJob of a Job, or give it the spec of the present template, ``revision``. None:
    give the CronJob the present schedule, and leave the template of its runs."""

    name: str
    revision: str | None

    @property
    def subject(self) -> str:
        return f"CronJob {self.name}"
