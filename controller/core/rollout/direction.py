"""One direction of an Update: the goal of each instance, and its progress.

Forward, instances go to the target; backward, each instance goes to its own ``from``. The two
directions differ only in their goal, their order and the fields that store their results (Aurora:
OneWayJobUpdater).

Everything is a set of ids, derived from what is stored (``assigned``, ``batch``, the latched
results) and from what the pods show::

    work        = pending + batch + done + failed  (all ids that this direction changes)
    pending     = ids that were in no group yet
    in_flight   = batch - done - failed            (started or about to start, no result yet)
    not_started = the part of in_flight to which nothing was done yet (in a Queue: the horizon)
    surging     = the part of in_flight whose new pod runs beside the old one
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from controller.api.ids import NONE, Ids
from controller.api.pods.pod import Pod
from controller.api.policy import Replacement, ResolvedPolicy
from controller.api.update import BACKWARD, Phase, Update
from controller.core.model import assigned as asg
from controller.core.model.context import Context
from controller.core.pods.facts import EVERY
from controller.core.rollout import order, strategy
from controller.core.rollout.frozen import frozen_in
from controller.lazy import cached_property


@dataclass(frozen=True)
class Direction:
    """One direction of ``update``. ``goal``: revision -> ids that should run it in the end;
    ``removed``: ids that this direction removes; ``created``: ids that it creates."""

    context: Context
    update: Update
    goal: asg.Assigned
    removed: Ids
    created: Ids
    backward: bool
    restart: bool = False

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
        frozen = frozen_in(context, update, goal)
        return cls(
            context,
            update,
            goal=asg.within(goal, EVERY - frozen) if frozen else goal,
            removed=origin - target.instances,
            created=target.instances - origin - frozen,
            backward=False,
            restart=update.status.restart,
        )

    @classmethod
    def back(cls, context: Context, update: Update) -> Self:
        """The direction back to each instance's own ``from``."""
        target, origin = update.status.to, asg.read(update.status.from_)
        assert target is not None, "an admitted Update carries its target"
        ids = asg.ids_of(origin)
        frozen = frozen_in(context, update, origin)
        return cls(
            context,
            update,
            goal=asg.within(origin, EVERY - frozen) if frozen else origin,
            removed=target.instances - ids - frozen,
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

    # Sets from what the pods show.

    @cached_property
    def arrived(self) -> Ids:
        """Ids whose pod, in any state, was created at the goal revision or changed to it. In a
        restart: by this Update."""
        arrived = asg.common(self.goal, self.context.view.at)
        if self.restart:
            arrived &= self.context.view.made_by(self.update.metadata.uid)
        return arrived

    @cached_property
    def surging(self) -> Ids:
        """Ids whose new pod is in the other slot, beside the old one."""
        twin = self.context.view.twin
        surging = asg.common(self.goal, twin.at) & twin.present & self.batch & self.at_goal
        if self.restart:
            surging &= twin.made_by(self.update.metadata.uid)
        return surging - self.arrived if self.surges else NONE

    def new_pod(self, instance: int) -> Pod:
        """The new pod of an instance in ``arrived`` or ``surging``."""
        view = self.context.view
        return (view.twin if instance in self.surging else view).pod(instance)

    @cached_property
    def done(self) -> Ids:
        """Ids with a stored result, and ids that are good (or gone, if removed) now: good is
        latched for counting (contract rule 5). A surge is done when the old pod is gone."""
        view, group = self.context.view, self.batch | self.touched_at_goal
        good = group & self.at_goal & self.arrived & view.good - self._unproven[0]
        gone = group & self.removed & self.at_goal - view.present
        return (self.latched | (good | gone) - view.twin.present) - self.failed

    @property
    def next_proven(self) -> float | None:
        """When (epoch seconds) the next of the pods changed in place has been Ready for
        ``minReadySeconds`` since its change; None if none is waited for."""
        return self._unproven[1]

    @cached_property
    def _unproven(self) -> tuple[Ids, float | None]:
        """Ids of the group whose pod was Ready before its change in place and has not been so for
        ``minReadySeconds`` since, and when the first of them will have been."""
        wait, context = self.update.status.min_ready_seconds or 0, self.context
        if not wait or self.policy.replacement is not Replacement.IN_PLACE:
            return NONE, None
        changed = self.batch & self.arrived & context.view.good - self.latched
        ends = {i: context.view.pod(i).changed + wait for i in changed}
        later = {i: end for i, end in ends.items() if end > context.now}
        return Ids(later), min(later.values(), default=None)

    @cached_property
    def pending(self) -> Ids:
        """Ids that were in no group yet, and ids that are in none any more although their old pod
        is alive, because somebody removed ``status.batch``."""
        astray = NONE if self.backward or self.restart else self.context.view.alive - self.arrived
        return self.scope - (self.at_goal - astray) - self.batch - self.done - self.failed

    @cached_property
    def in_flight(self) -> Ids:
        """Ids that have no result yet: those of the group, and ``touched_at_goal``."""
        return (self.batch | self.touched_at_goal) - self.done - self.failed

    @cached_property
    def untouched(self) -> Ids:
        """Ids in flight whose old pod still lives unchanged, or whose first pod the operator did
        not try to create yet."""
        view, observed = self.context.view, self.context.observed
        tried = Ids(observed.refusals) | Ids(observed.name_conflicts) | view.foreign
        # An instance that had a pod and lost it is down: it comes up even if the Update is paused.
        sets = self.update.status.instances
        tried |= sets.rolling_back if self.backward else sets.updating | sets.updated | sets.failed
        untried = self.created - view.present - tried
        return self.in_flight & ((view.alive - self.arrived - view.changing) | untried)

    @cached_property
    def not_started(self) -> Ids:
        """Ids in flight to which nothing was done yet."""
        return self.untouched - self.surging

    @cached_property
    def work(self) -> Ids:
        """Ids that this direction changes."""
        return self.pending | self.batch | self.done | self.failed

    @cached_property
    def updated_not_ready(self) -> Ids:
        """Ids of done instances that are not Ready: the next group and the end of the Update wait
        for them (contract rule 5)."""
        return self.done - self.removed - self.context.view.ready

    @cached_property
    def lost_revisions(self) -> asg.Assigned:
        """Deleted ControllerRevision -> ids that still need it."""
        todo = self.pending | self.in_flight
        kept = self.context.observed.revisions
        return {r: need for r, ids in self.goal.items() if r not in kept and (need := ids & todo)}

    # Which ids may start.

    def ordered(self, ids: Ids) -> Iterator[int]:
        """``ids`` in the order of contract rule 4."""
        # A created id whose pod a superseded Update made already counts as changed: replacing the
        # pod takes the instance down.
        created = ids & self.created - self.context.view.present
        removed = ids & self.removed
        changed = ids - created - removed
        # A pod that lost its owner reference is as good as before as soon as it is adopted.
        unavailable = self.context.intended - self.context.available - self.context.view.orphan
        # Pods that are to leave their node go early, too: they would be moved in any case.
        unavailable |= self.context.view.marked
        if self.backward:
            # The ids that the Update removed come first, the ids that it created last.
            return order.backward(removed, changed, created, unavailable)
        return order.forward(created, changed, removed, unavailable, self.update.status.scaled)

    def group_size(self) -> int:
        """How many of the pending ids the strategy allows to start now."""
        kind = self.policy.strategy.type
        return strategy.next_group(
            kind,
            self.policy.strategy.groups,
            pending=len(self.pending),
            active=len(self.in_flight),
            taken=len(self.work - self.pending),
            backward=self.backward,
        )
