"""Nothing is made for a Job that is gone or is being deleted.

Each kind of object has a watch of its own, so the end of what a Job owned may be known before the
end of the Job: the garbage collector deletes both. Before anything is made for a Job that is in
doubt, the Job is read. A pod, an Update or a ControllerRevision that the operator deletes itself
raises no doubt, so that the pods of an update cost no reads.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from controller.core.model import plan
from controller.core.model.observed import Observed


class Existence:
    """Whether one Job is in doubt. Each Job is, until this process has asked about it: what it
    owned may have been deleted before the process began to watch."""

    def __init__(self) -> None:
        self._signs = 1
        self._explained = 0

    @property
    def in_doubt(self) -> bool:
        return self._signs > self._explained

    def doubt(self) -> None:
        """Something that the Job owned is gone, and the operator did not delete it."""
        self._signs += 1

    @contextmanager
    def proving(self) -> Iterator[None]:
        """Read or write the Job in here. If that succeeds, it explains the signs before it, and
        none that came meanwhile."""
        signs = self._signs
        yield
        self._explained = max(self._explained, signs)


def is_to_be_read(existence: Existence, observed: Observed, found: plan.Plan) -> bool:
    """Whether the Job must be read before this plan is carried out.

    ControllerRevisions, Updates, runs and CronJobs are rare. They are made only for a Job that was
    read live: a revision is taken over from a former Job of this name, and must not be taken from a
    newer one.
    """
    rare = plan.EnsureRevision | plan.StampRevision | plan.MakeUpdate
    if isinstance(found.write, rare | plan.MakeRun | plan.KeepCronJob):
        return not observed.job_live
    return existence.in_doubt and _makes(found)


def _makes(found: plan.Plan) -> bool:
    makes = plan.Creation | plan.KeepBudget
    made = any(isinstance(action, makes) for action in found.actions)
    return made or any(ask.gate.job is not None for ask in found.asks)
