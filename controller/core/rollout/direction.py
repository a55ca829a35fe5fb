"""One direction of an Update: where each instance should go, and how far each has come.

Forward, instances go to the target; backward, each to its own ``from``. The two differ in their
goal, their order and where their results are kept, and in nothing else (Aurora: OneWayJobUpdater).

Everything is a set, derived from what is stored (``assigned``, ``batch``, the latched results) and
from what the pods show::

    work     = pending + batch + done + failed        (what this direction is about)
    pending  = not yet asked for
    flight   = batch - done - failed                  (asked for, no result yet)
    idle     = the part of flight for which nothing was done yet (a Queue's horizon)
    surging  = the part of flight whose new pod is there beside the old one
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Self

from controller.api.ids import NONE, Ids
from controller.api.pods.pod import Pod
from controller.api.policy import Replacement, ResolvedPolicy
from controller.api.update import BACKWARD, Phase, Update
from controller.core.model import assigned as asg
from controller.core.model.context import Context
from controller.core.rollout import order, strategy


@dataclass(frozen=True)
class Direction:
    """The active direction of ``update``; sets are of instance ids."""

    context: Context
    update: Update
    goal: asg.Assigned
    removed: Ids
    created: Ids
    backward: bool
    restart: bool = False

    @classmethod
    def of(cls, context: Context, update: Update) -> Self:
        """The direction that the Update's phase names."""
        backward = update.status.phase in BACKWARD
        return cls.back(context, update) if backward else cls.forward(context, update)

    @classmethod
    def forward(cls, context: Context, update: Update) -> Self:
        """The way to the target."""
        target, origin = update.status.to, asg.ids_of(asg.read(update.status.from_))
        assert target is not None, "an admitted Update carries its target"
        if target.revision is None:
            goal = asg.within(asg.read(update.status.from_), target.instances)
        else:
            goal = {target.revision: target.instances} if target.instances else {}
        return cls(
            context,
            update,
            goal=goal,
            removed=origin - target.instances,
            created=target.instances - origin,
            backward=False,
            restart=update.status.restart,
        )

    @classmethod
    def back(cls, context: Context, update: Update) -> Self:
        """The way back to each instance's own ``from``."""
        target, origin = update.status.to, asg.read(update.status.from_)
        assert target is not None, "an admitted Update carries its target"
        ids = asg.ids_of(origin)
        return cls(
            context,
            update,
            goal=origin,
            removed=target.instances - ids,
            created=ids - target.instances,
            backward=True,
        )

    @property
    def policy(self) -> ResolvedPolicy:
        policy = self.update.status.policy
        assert policy is not None, "an active Update carries its policy"
        return policy

    @property
    def surges(self) -> bool:
        """Whether new pods come up beside the old ones."""
        return self.policy.replacement is Replacement.SURGE

    @property
    def moving(self) -> bool:
        """Whether new replacements may start: it is neither paused nor waiting for a pulse."""
        return self.update.status.phase in (Phase.ROLLING_FORWARD, Phase.ROLLING_BACK)

    # What is stored.

    @cached_property
    def batch(self) -> Ids:
        batch = self.update.status.batch
        return batch.instances & self.scope if batch else NONE

    @cached_property
    def failed(self) -> Ids:
        sets = self.update.status.instances
        return (sets.rollback_failed if self.backward else sets.failed) & self.scope

    @cached_property
    def scope(self) -> Ids:
        """All ids with a goal, to be or not to be."""
        return asg.ids_of(self.goal) | self.removed

    @cached_property
    def reported(self) -> Ids:
        """Latched results."""
        sets = self.update.status.instances
        return (sets.rolled_back if self.backward else sets.updated) & self.scope

    @cached_property
    def at_goal(self) -> Ids:
        """Ids whose intent already is the goal. Of a restart, which changes no intent, those that
        were in a group."""
        if self.restart:
            return self._intended & (self.batch | self.reported | self.failed)
        return self._intended

    @cached_property
    def _intended(self) -> Ids:
        return asg.common(self.goal, self.context.assigned) | self.removed - self.context.intended

    @cached_property
    def still(self) -> Ids:
        """On the way back: touched ids that need no other revision (a restart, or a surge that did
        not take over). They have no group, and yet must be good again."""
        if not self.backward:
            return NONE
        sets = self.update.status.instances
        touched = sets.updating | sets.updated | sets.failed | sets.rolling_back
        return touched & self.scope & self._intended - self.batch - self.reported - self.failed

    # What the pods show.

    @cached_property
    def arrived(self) -> Ids:
        """Ids whose pod, in whatever state, was made at the goal (or changed to it)."""
        found = asg.common(self.goal, self.context.view.at)
        return (
            found & self.context.view.made_by(self.update.metadata.uid) if self.restart else found
        )

    @cached_property
    def surging(self) -> Ids:
        """Ids whose new pod is in the other slot, beside the old one."""
        twin = self.context.view.twin
        found = asg.common(self.goal, twin.at) & twin.present & self.batch & self.at_goal
        if self.restart:
            found &= twin.made_by(self.update.metadata.uid)
        return found - self.arrived if self.surges else NONE

    def new_pod(self, instance: int) -> Pod:
        """The pod that decides whether an instance of ``arrived`` or ``surging`` is good."""
        view = self.context.view
        return (view.twin if instance in self.surging else view).pod(instance)

    @cached_property
    def done(self) -> Ids:
        """Latched results and what is good now (contract rule 5: good is latched for counting). A
        surge is done when the old pod is gone."""
        view, group = self.context.view, self.batch | self.still
        good = group & self.at_goal & self.arrived & view.good
        gone = group & self.removed & self.at_goal - view.present
        return (self.reported | (good | gone) - view.twin.present) - self.failed

    @cached_property
    def pending(self) -> Ids:
        return self.scope - self.at_goal - self.batch - self.done - self.failed

    @cached_property
    def in_flight(self) -> Ids:
        return (self.batch | self.still) - self.done - self.failed

    @cached_property
    def untouched(self) -> Ids:
        """Ids in flight whose old pod lives as it did, or whose first pod was not tried yet."""
        view, seen = self.context.view, self.context.observed
        tried = Ids(seen.refusals) | Ids(seen.name_conflicts) | view.foreign
        # One that had a pod and lost it is down: it comes up again, be the update paused or not.
        sets = self.update.status.instances
        tried |= sets.rolling_back if self.backward else sets.updating | sets.updated | sets.failed
        untried = self.created - view.present - tried
        return self.in_flight & ((view.alive - self.arrived - view.changing) | untried)

    @cached_property
    def not_started(self) -> Ids:
        return self.untouched - self.surging

    @cached_property
    def work(self) -> Ids:
        return self.pending | self.batch | self.done | self.failed

    @cached_property
    def updated_not_ready(self) -> Ids:
        """Done instances that are not Ready: they hold the next group and the end (rule 5)."""
        return self.done - self.removed - self.context.view.ready

    @cached_property
    def lost(self) -> asg.Assigned:
        """ControllerRevisions that are gone, each with the ids that still need it."""
        todo = self.pending | self.in_flight
        kept = self.context.observed.revisions
        return {r: need for r, ids in self.goal.items() if r not in kept and (need := ids & todo)}

    # What may start.

    def ordered(self, ids: Ids) -> Iterator[int]:
        """``ids`` in the order of contract rule 4."""
        # One that a superseded Update has made already is changed: to replace it takes it away.
        created = ids & self.created - self.context.view.present
        removed = ids & self.removed
        changed = ids - created - removed
        # A pod that lost its owner is as good as it was once it is adopted.
        unavailable = self.context.intended - self.context.available - self.context.view.orphan
        if self.backward:
            # What the update removed comes first, what it created goes last.
            return order.backward(removed, changed, created, unavailable)
        return order.forward(created, changed, removed, unavailable, self.update.status.scaled)

    def group_size(self) -> int:
        """How many pending ids the strategy lets start now."""
        kind = self.policy.strategy.type
        return strategy.next_group(
            kind,
            self.policy.strategy.groups,
            pending=len(self.pending),
            active=len(self.in_flight),
            taken=len(self.work - self.pending),
            backward=self.backward,
        )
