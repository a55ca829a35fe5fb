"""What a Queue stores before it is needed, so that no instance waits for a write of intent.

A Queue stores about a second of progress at once: the group, then its assigned revisions
(`progress.advance`). If it stored more only when all of that has started, the places that become
free during those two writes would stay empty. So when half of it has started, the next part is
stored beside the decisions, as reports are. Nothing relies on these writes: what they have not
stored in time is stored as usual.
"""

from __future__ import annotations

from itertools import islice

from controller.api.ids import NONE, Ids
from controller.api.policy import StrategyType
from controller.core.gates.gates import Gates
from controller.core.model.disruption import Allowance
from controller.core.model.plan import WriteJob, WriteUpdate
from controller.core.progress import groups
from controller.core.rollout.direction import Direction
from controller.core.rollout.failures import FailureCounts


def write(
    direction: Direction, failures: FailureCounts, disruption: Allowance
) -> WriteJob | WriteUpdate | None:
    """The write that nobody waits for. Returns None if nothing can or need be stored."""
    if failures.increased or not startable(direction, disruption):
        return None
    if unassigned := groups.unassigned(direction):
        return groups.assign(direction, unassigned)
    pace = groups.per_second(direction)
    if not direction.pending or len(direction.not_started) > pace // 2:
        return None
    following = islice(direction.ordered(direction.pending), pace)
    return groups.opened(direction, failures, Ids(following))


def startable(direction: Direction, disruption: Allowance) -> Ids:
    """Ids that can still start before the next part must be stored. Empty if nothing may be stored
    ahead: gates and policies decide about each group anew."""
    gates = Gates(direction)
    alone = direction.policy.strategy.type is StrategyType.QUEUE and not direction.surges
    if not (alone and direction.moving) or gates.room is not None or gates.holding is not None:
        return NONE
    if direction.updated_not_ready:
        return NONE
    return direction.not_started & direction.at_goal & disruption.allowed
