"""What `spec.sla` leaves to moves, and to an Update that obeys it (`update.slaAware`).

An instance *counts* when one of its pods has been available without a break for `durationSeconds`.
Before a counting instance is taken down, those that count without it must be at least
`minAvailable`. Instances that do not count go freely, and so do those that the Update removes: that
is no other than a scale. A surge takes nobody down when it creates the new pod. Its old pod goes
when the new one counts, or when the others suffice.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import Final, Self

from controller.api.ids import NONE, Ids
from controller.api.sla import MaintenanceSla
from controller.core.model import policy
from controller.core.model.context import Context
from controller.core.rollout.direction import Direction

REASON: Final = "SLA"


@dataclass(frozen=True, slots=True)
class Agreement:
    """How many instances must count: ``least``. ``words``: that number, how many do, and where the
    number comes from; ``one_by_one``: nobody gave it, so instances go one at a time."""

    least: int
    words: str
    one_by_one: bool = False

    @classmethod
    def of(cls, context: Context, sla: MaintenanceSla, source: str) -> Self:
        """The agreement of this sla. ``source``: what its `minAvailable` is called."""
        least = policy.min_available(sla.min_available, len(context.intended))
        since = f" (available for {sla.duration}s)" if sla.duration else ""
        words = f"{_count(context)} count{since}, {least} must ({source} is {sla.min_available})"
        return cls(least, words)

    @classmethod
    def one_at_a_time(cls, context: Context) -> Self:
        """All other instances must count."""
        least = max(0, len(context.intended) - 1)
        words = f"{_count(context)} count, {least} must: without an sla one moves at a time"
        return cls(least, words, one_by_one=True)

    def spare(self, context: Context, taken: Ids = NONE) -> int:
        """How many of those that count may go. ``taken``: ids that go already."""
        return max(0, len(context.counting - taken) - self.least)


def is_obeyed(context: Context, direction: Direction | None) -> bool:
    """Whether Updates of this Job obey its sla and its disruption budgets now. ``direction``: of
    the active Update; without one, what is left of the last one counts by the present spec."""
    own = direction.policy if direction else context.job.spec.update
    return own.sla_aware


def of_job(context: Context) -> Agreement:
    """The agreement of a Job with `spec.sla`."""
    assert context.job.spec.sla is not None
    return Agreement.of(context, context.job.spec.sla, "sla.minAvailable")


def least(context: Context) -> int:
    """How many instances must count for the Job's own sla; 0 without one."""
    return of_job(context).least if context.job.spec.sla is not None else 0


def hold(context: Context, direction: Direction | None, ids: Ids) -> tuple[Ids, str, str]:
    """The policy: of the instances that an Update is about to replace, those that may go now."""
    if direction is None or context.job.spec.sla is None or not is_obeyed(context, direction):
        return ids, "", ""
    agreed = of_job(context)
    costly = NONE if direction.surges else ids & context.counting - direction.removed
    free = Ids(islice(direction.ordered(costly), agreed.spare(context)))
    return ids - costly | free, REASON, agreed.words


def old_pods_kept(context: Context, direction: Direction | None, old: Ids) -> Ids:
    """Of ids whose pod in the other slot is to go, those whose pod must stay for now."""
    if not old or context.job.spec.sla is None or not is_obeyed(context, direction):
        return NONE
    last = alone(context, old)
    return last - Ids(islice(last, of_job(context).spare(context)))


def alone(context: Context, old: Ids) -> Ids:
    """Of ids with a pod in the other slot, those that count only because of it."""
    twin = context.view.twin
    return old & context.intended & twin.counting - twin.evicting - context.view.counting


def _count(context: Context) -> str:
    return f"{len(context.counting)} of {len(context.intended)} instances"
