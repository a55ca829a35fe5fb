"""What `spec.sla` leaves to an Update that obeys it (`update.slaAware`).

An instance *counts* when one of its pods has been available without a break for `durationSeconds`.
Before a counting instance is taken down, those that count without it must be at least
`minAvailable`. Instances that do not count go freely, and so do those that the Update removes: that
is no other than a scale. A surge takes nobody down when it creates the new pod. Its old pod goes
when the new one counts, or when the others suffice.
"""

from __future__ import annotations

from itertools import islice
from typing import Final

from controller.api.ids import NONE, Ids
from controller.core.model import policy
from controller.core.model.context import Context
from controller.core.rollout.direction import Direction

REASON: Final = "SLA"


def is_obeyed(context: Context, direction: Direction | None) -> bool:
    """Whether disruptions of this Job obey its sla and its disruption budgets now. ``direction``:
    of the active Update; without one, what is left of the last one counts by the present spec."""
    own = direction.policy if direction else context.job.spec.update
    return own.sla_aware


def least(context: Context) -> int:
    """How many instances must count."""
    sla = context.job.spec.sla
    return policy.min_available(sla.min_available if sla else None, len(context.intended))


def hold(context: Context, direction: Direction | None, ids: Ids) -> tuple[Ids, str, str]:
    """The policy: of the instances that an Update is about to replace, those that may go now."""
    if direction is None or context.job.spec.sla is None or not is_obeyed(context, direction):
        return ids, "", ""
    costly = NONE if direction.surges else ids & context.counting - direction.removed
    free = Ids(islice(direction.ordered(costly), _spare(context)))
    return ids - costly | free, REASON, in_words(context)


def old_pods_kept(context: Context, direction: Direction | None, old: Ids) -> Ids:
    """Of ids whose pod in the other slot is to go, those whose pod must stay for now."""
    if not old or context.job.spec.sla is None or not is_obeyed(context, direction):
        return NONE
    twin = context.view.twin
    alone = old & context.intended & twin.counting - twin.evicting - context.view.counting
    return alone - Ids(islice(alone, _spare(context)))


def _spare(context: Context) -> int:
    return max(0, len(context.counting) - least(context))


def in_words(context: Context) -> str:
    """How many instances count, and how many must."""
    sla = context.job.spec.sla
    assert sla is not None
    since = f" (available for {sla.duration}s)" if sla.duration else ""
    return (
        f"{len(context.counting)} of {len(context.intended)} instances count{since}, "
        f"{least(context)} must (sla.minAvailable is {sla.min_available})"
    )
