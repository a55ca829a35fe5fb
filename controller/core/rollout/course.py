"""What is stored of one direction of an Update: the goal of each instance and its results."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

from controller.api.ids import NONE, Ids
from controller.api.policy import Replacement, ResolvedPolicy
from controller.api.update import BACKWARD, Phase, Update
from controller.core.model import assigned as asg
from controller.core.model.context import Context
from controller.core.pods.facts import EVERY
from controller.core.rollout.frozen import frozen_in
from controller.core.rollout.relabelled import relabelled_in, without
from controller.lazy import cached_property


@dataclass(frozen=True)
class Course:
    """One direction of ``update``. ``goal``: revision -> ids that should run it in the end;
    ``removed``: ids that this direction removes; ``created``: ids that it creates."""

    context: Context
    update: Update
    goal: asg.Assigned
    removed: Ids
    created: Ids
    backward: bool
    restart: bool = False
    #: Revision -> ids that need its labels only: they are in no group, and come last.
    relabelled: asg.Assigned = field(default_factory=dict)

    @classmethod
    def of(cls, context: Context, update: Update) -> Self:
        """The direction of the Update's phase."""
        backward = update.status.phase in BACKWARD
        return cls.back(context, update) if backward else cls.forward(context, update)

    @classmethod
    def forward(cls, context: Context, update: Update) -> Self:
        """The direction to the target."""
        target, origin = update.status.to, asg.ids_of(asg.read(update.status.from_))
        assert target is not None, "an admitted Update carries its target"
        if target.revision is None:
            goal = asg.within(asg.read(update.status.from_), target.instances)
        else:
            goal = {target.revision: target.instances} if target.instances else {}
        frozen, restart = frozen_in(context, update, goal), update.status.restart
        goal = asg.within(goal, EVERY - frozen) if frozen else goal
        relabelled = {} if restart else relabelled_in(context, update, goal)
        return cls(
            context,
            update,
            goal=without(goal, relabelled),
            removed=origin - target.instances,
            created=target.instances - origin - frozen,
            backward=False,
            restart=restart,
            relabelled=relabelled,
        )

    @classmethod
    def back(cls, context: Context, update: Update) -> Self:
        """The direction back to each instance's own ``from``."""
        target, origin = update.status.to, asg.read(update.status.from_)
        assert target is not None, "an admitted Update carries its target"
        ids = asg.ids_of(origin)
        frozen = frozen_in(context, update, origin)
        goal = asg.within(origin, EVERY - frozen) if frozen else origin
        relabelled = relabelled_in(context, update, goal)
        return cls(
            context,
            update,
            goal=without(goal, relabelled),
            removed=target.instances - ids - frozen,
            created=ids - target.instances,
            backward=True,
            relabelled=relabelled,
        )

    @property
    def policy(self) -> ResolvedPolicy:
        policy = self.update.status.policy
        assert policy is not None, "an active Update carries its policy"
        return policy

    @property
    def surges(self) -> bool:
        """Whether new pods are created beside the old ones (replacement ``Surge``)."""
        return self.policy.replacement is Replacement.SURGE

    @property
    def moving(self) -> bool:
        """Whether new replacements may start: the Update is neither paused nor awaiting a pulse."""
        return self.update.status.phase in (Phase.ROLLING_FORWARD, Phase.ROLLING_BACK)

    # Sets from what is stored.

    @cached_property
    def batch(self) -> Ids:
        """Ids of the stored group; in a Queue, of the horizon."""
        batch = self.update.status.batch
        return batch.instances & self.scope if batch else NONE

    @cached_property
    def failed(self) -> Ids:
        """Ids of instances that failed in this direction."""
        sets = self.update.status.instances
        return (sets.rollback_failed if self.backward else sets.failed) & self.scope

    @cached_property
    def scope(self) -> Ids:
        """Ids that this direction covers: those with a goal revision and those to remove."""
        return asg.ids_of(self.goal) | self.removed

    @cached_property
    def latched(self) -> Ids:
        """Ids with a stored result: updated (forward) or rolled back (backward)."""
        sets = self.update.status.instances
        return (sets.rolled_back if self.backward else sets.updated) & self.scope

    @cached_property
    def at_goal(self) -> Ids:
        """Ids whose assigned revision is already the goal. A restart changes no assigned revision:
        there, ids that are or were in a group."""
        if self.restart:
            return self._intended & (self.batch | self.latched | self.failed)
        return self._intended

    @cached_property
    def _intended(self) -> Ids:
        return asg.common(self.goal, self.context.assigned) | self.removed - self.context.intended

    @cached_property
    def touched_at_goal(self) -> Ids:
        """Backward: ids that the Update touched although their assigned revision is the goal (by a
        restart, or by a surge whose new pod did not take over). They are in no group, but the
        rollback waits until they are good."""
        if not self.backward:
            return NONE
        sets = self.update.status.instances
        touched = sets.updating | sets.updated | sets.failed | sets.rolling_back
        return touched & self.scope & self._intended - self.batch - self.latched - self.failed

    @cached_property
    def leaving(self) -> Ids:
        """Ids of done instances that a Maintenance asked to leave their node since: their next pod
        is not this Update's."""
        return self.update.status.moved & self.latched

    @property
    def grace(self) -> float | None:
        """Seconds that a new pod has to become good; None for no limit."""
        timeout = self.policy.ready_timeout_seconds
        return timeout + (self.update.status.min_ready_seconds or 0) if timeout else None

    @property
    def began(self) -> float:
        """Epoch seconds at which this direction began; deadlines of older pods run from then."""
        started, turn = self.update.status.started_at, self.update.status.turn
        return ((turn.time if turn else 0.0) if self.backward else started) or 0.0
