"""Which instances may be disrupted voluntarily now.

A disruption is *voluntary* when a pod that could go on serving is taken away: an update replaces
it or removes its instance, or it is at a revision that its instance is not assigned. Deleting a
pod that ended, failed or is surplus is no voluntary disruption.

Every voluntary disruption asks one chain of policies. A policy gets the instances that the policies
before it allow, and answers with those that it allows. The first that holds any back says why, or
the one that allows none of those that were left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import Final

from controller.api.ids import NONE, Ids
from controller.core.model import policy
from controller.core.model.context import Context
from controller.core.model.disruption import Allowance, asked_in_turn
from controller.core.replacement import budget, coordinator, in_place, sla
from controller.core.rollout import lost_nodes
from controller.core.rollout.direction import Direction

#: The reason while all nodes of the cluster are lost.
NODES_LOST: Final = "NodesLost"
#: ``(allowed, reason, message)`` of the instances asked for. ``direction``: of the active Update;
#: None outside an Update.
Policy = Callable[[Context, Direction | None, Ids], tuple[Ids, str, str]]


def allow(context: Context, direction: Direction | None, ids: Ids) -> Allowance:
    """Which of ``ids`` may be disrupted now. A change of labels and annotations disrupts nobody, so
    no policy holds it back but that of lost nodes."""
    free = NONE
    if direction is not None and not lost_nodes.cluster_is_lost(context):
        free = in_place.by_metadata(context, direction, ids)
    asked = asked_in_turn((partial(ask, context, direction) for ask in POLICIES), ids - free)
    return replace(asked, allowed=asked.allowed | free) if free else asked


def max_unavailable(
    context: Context, direction: Direction | None, ids: Ids
) -> tuple[Ids, str, str]:
    """The first instances in the update's order, until ``maxUnavailable`` are unavailable.
    Instances that are unavailable already, or are to be removed, cost nothing. Frozen ones do not
    count: an Update does not wait for them."""
    if direction is None:
        return ids, "", ""
    down = context.intended - context.available | context.view.evicting - ids
    down -= direction.failed | context.frozen - direction.scope
    free = ids - context.available | ids & direction.removed
    given = direction.policy.max_unavailable
    return within(context, given, ids, free, down, direction.ordered(ids - free))


def within(
    context: Context, given: int | str | None, ids: Ids, free: Ids, down: Ids, costly: Iterable[int]
) -> tuple[Ids, str, str]:
    """Of ``ids``, those that are ``free``, and the first of the others (``costly``) until as many
    are unavailable as ``maxUnavailable`` allows. ``given``: that field; ``down``: ids that are
    unavailable, or go in any case."""
    limit = policy.max_unavailable(given, len(context.intended))
    if limit is None:
        return ids, "", ""
    allowed = free | Ids(islice(costly, max(0, limit - len(down))))
    counted = "1 instance is" if len(down) == 1 else f"{len(down)} instances are"
    return allowed, "MaxUnavailable", f"{counted} unavailable; maxUnavailable is {given}"


def nodes_lost(context: Context, direction: Direction | None, ids: Ids) -> tuple[Ids, str, str]:
    """While no node of the cluster is Ready, an Update takes no pod away."""
    if direction is None or not lost_nodes.cluster_is_lost(context):
        return ids, "", ""
    return ids - context.view.alive, NODES_LOST, "no node of the cluster is Ready"


def one_at_a_time(context: Context, direction: Direction | None, ids: Ids) -> tuple[Ids, str, str]:
    """Outside an Update, one instance, and only while all others are available."""
    if direction is not None or not ids:
        return ids, "", ""
    others_down = context.intended - ids - context.available
    allowed = NONE
    if not others_down and not context.view.terminating & context.intended:
        allowed = Ids(islice(ids - context.available or ids, 1))
    return allowed, "OneAtATime", "another instance is unavailable"


#: In the order in which they are asked.
POLICIES: Final[tuple[Policy, ...]] = (
    nodes_lost,
    coordinator.hold,
    max_unavailable,
    sla.hold,
    budget.hold,
    one_at_a_time,
)
