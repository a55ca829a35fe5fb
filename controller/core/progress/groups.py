"""The two writes that open a group: its ids in the Update, then their revisions in the Job."""

from __future__ import annotations

from controller.api.ids import Ids
from controller.api.policy import StrategyType
from controller.api.update import BatchStatus
from controller.core.model import assigned as asg
from controller.core.model.plan import WriteJob, WriteUpdate
from controller.core.rollout.direction import Direction
from controller.core.rollout.failures import FailureCounts
from controller.core.status.update import report


def opened(direction: Direction, failures: FailureCounts, ids: Ids) -> WriteUpdate:
    """The write after which ``ids`` are in flight, besides those that are already."""
    before = direction.update.status.batch
    # Ids that join a group whose instances all wait are of this group.
    queue = direction.policy.strategy.type is StrategyType.QUEUE
    joins = before is not None and bool(direction.in_flight) and not queue
    batch = BatchStatus(
        index=before.index + (not joins) if before else 0,
        instances=direction.in_flight | ids,
        started_at=direction.context.stamp,
    )
    status = report(direction, failures).model_copy(update={"batch": batch, "watching_since": None})
    return WriteUpdate(direction.update.metadata.name, status)


def unassigned(direction: Direction) -> Ids:
    """Ids of the group whose assigned revision is not the goal yet."""
    return direction.batch - direction.at_goal - direction.done - direction.failed


def assign(direction: Direction, ids: Ids) -> WriteJob:
    """The write after which ``ids`` are assigned the goal."""
    after = asg.moved(
        direction.context.assigned, asg.within(direction.goal, ids), ids & direction.removed
    )
    return WriteJob(
        direction.context.status.model_copy(
            update={
                "assigned": asg.write(after),
                "instances_in_force": len(asg.ids_of(after)),
            }
        )
    )


def relabel(direction: Direction, ids: Ids) -> WriteJob:
    """The write after which ``ids``, of which nothing but the labels changes, are assigned their
    goal."""
    goal = asg.within(direction.relabelled, ids)
    after = asg.moved(direction.context.assigned, goal)
    status = direction.context.status.model_copy(update={"assigned": asg.write(after)})
    return WriteJob(status)


def per_second(direction: Direction) -> int:
    """How many instances were done per second, on average since the Update started."""
    since = direction.update.status.started_at or direction.context.now
    return int(len(direction.done) / max(1.0, direction.context.now - since))
