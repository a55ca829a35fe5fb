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

import math
from collections.abc import Iterator
from dataclasses import dataclass

from controller.api.ids import NONE, Ids
from controller.api.meta import surely_past
from controller.api.pods.pod import Pod
from controller.api.policy import Replacement
from controller.core.model import assigned as asg
from controller.core.rollout import order, strategy
from controller.core.rollout.course import Course
from controller.core.rollout.relabelled import arrived_in
from controller.lazy import cached_property


@dataclass(frozen=True)
class Direction(Course):
    """A course, and how far the pods are on it."""

    @cached_property
    def arrived(self) -> Ids:
        """Ids whose pod, in any state, was created at the goal revision or changed to it, or is
        in a group and needs its labels only. In a restart: by this Update."""
        arrived = asg.common(self.goal, self.context.view.at)
        arrived |= arrived_in(self.context, self.batch, self.goal)
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
        """Ids of done instances that are not Ready: the next group and the end wait for them."""
        return self.done - self.removed - self.context.view.ready - self._not_up_after_move

    @cached_property
    def moved(self) -> Ids:
        """Those of them whose pod is not this Update's any more, so its failures are not."""
        return self.leaving and self.leaving - self.context.view.made_by(self.update.metadata.uid)

    @cached_property
    def _not_up_after_move(self) -> Ids:
        """Ids in ``moved`` whose new pod has shown that it does not come up."""
        view, refused = self.context.view, Ids(self.context.observed.refusals)
        alive, now = self.moved & view.alive, self.context.now
        late = Ids(i for i in alive if view.pod(i).remade or self.unready_until(i) <= now)
        return self.moved & (view.ended | refused - view.present) | late

    def unready_until(self, instance: int) -> float:
        """Until when (epoch seconds) a done instance may be not Ready; infinite for ever."""
        if self.grace is None:
            return math.inf
        pod, timeout = self.context.view.pod(instance), self.policy.ready_timeout_seconds
        # A pod that was created again was never Ready: it is not Ready since its creation.
        first = surely_past(max(pod.since, self.began), self.grace)
        return max(first, surely_past(pod.ready_since, timeout))

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
        marked = self.context.view.marked
        if self.backward:
            # The ids that the Update removed come first, the ids that it created last.
            return order.backward(removed, changed, created, unavailable, marked)
        scaled = self.update.status.scaled
        return order.forward(created, changed, removed, unavailable, marked, scaled)

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
