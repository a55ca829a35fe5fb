"""Moves: the Job makes instances anew whose pod is to leave its node (kind Maintenance).

A Maintenance marks pods and touches no others of a Job; the Job alone touches its pods. A moved
instance keeps its assigned revision. A move is no failure and no Update.

    replacement Recreate, InPlace   the marked pod is evicted, and its successor made as usual
    replacement Surge               the successor is made in the other slot with the same mark; when
                                    it is good it becomes the instance's pod, and the old pod goes
    after the deadline              the marked pod is deleted, whatever agreements and budgets say

A marked pod that counts goes only if `spec.sla` allows it: the Job's, else the Maintenance's. With
neither, all other instances must be available, so instances move one at a time. What an active
Update is still to replace is replaced by the Update, and not moved besides.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from controller.api.ids import NONE, Ids
from controller.api.pods.move import Move
from controller.api.pods.pod import Pod
from controller.api.policy import Replacement, ResolvedPolicy, UpdatePolicy
from controller.api.sla import MaintenanceSla
from controller.core.model import assigned as asg
from controller.core.model.context import Context
from controller.core.model.disruption import NONE_HELD_BACK, Allowance, asked_in_turn
from controller.core.model.plan import Action, Write, WriteUpdate
from controller.core.pods.facts import View
from controller.core.replacement import budget, coordinator, creation, disruption, sla
from controller.core.replacement.deletion import delete
from controller.core.replacement.sla import Agreement
from controller.core.rollout import lost_nodes, surge
from controller.core.rollout.direction import Direction
from controller.lazy import cached_property

#: What a person can do while an agreement holds a move back.
_REMEDY: Final = "add instances, ask for fewer, or give the Maintenance timeoutSeconds"


@dataclass(frozen=True)
class Moves:
    """The moves of one Job. ``direction``: of the active Update; ``taken``: ids whose instance that
    Update takes down in this decision."""

    context: Context
    direction: Direction | None
    taken: Ids = NONE

    @cached_property
    def marked(self) -> Ids:
        """Ids of instances whose pod is to leave its node and that the Update does not replace. A
        pod on a node that does not report cannot leave it."""
        view = self.context.view
        if not view.marked:
            return NONE
        return view.marked & view.alive & self.context.intended - view.lost - self.left_to_update

    @cached_property
    def overdue(self) -> Ids:
        """Ids whose pod goes now, whatever agreements and budgets say: also those that the active
        Update did not replace in time."""
        return overdue(self.context, self.context.view) & self.context.intended

    @cached_property
    def _down(self) -> Ids:
        """Ids that go in this decision in any case."""
        return self.taken | self.overdue

    @cached_property
    def unrecorded(self) -> Ids:
        """Ids that the active Update has changed and that its status does not yet say are moved:
        that is stored before their pod goes, since their next pod is not the Update's."""
        if self.direction is None or not (ids := self.marked | self.overdue):
            return NONE
        return ids & self.direction.latched - self.direction.update.status.moved

    @cached_property
    def replaced(self) -> Ids:
        """Ids whose old pod, in the other slot, is to go: its successor has taken its place."""
        return self.context.view.twin.present & self.context.view.successor

    @cached_property
    def beside(self) -> Ids:
        """Ids whose successor in the other slot stays until it is good: the old pod is marked."""
        view = self.context.view
        if not view.twin.successor:
            return NONE
        beside = view.marked & view.twin.successor & self.context.intended
        return beside - self.left_to_update if self.surges else NONE

    def actions(self) -> Iterator[Action]:
        """Deletes and evictions of marked pods, creates of their successors."""
        view = self.context.view
        for i in self.overdue - view.evicting - self.taken:
            if (pod := view.pod(i)).uid:
                yield delete(pod, None, moved=self.overdue)
        started = self.allowance.allowed
        for i in started:
            if not self.surges:
                yield delete(view.pod(i), None, moved=started, evict=i in view.counting)
            elif (action := self._successor_of(view.pod(i))) is not None:
                yield action

    @cached_property
    def allowance(self) -> Allowance:
        """Which marked pods may go (with ``Surge``: get a successor) now, and why others wait."""
        context, view = self.context, self.context.view
        asked = self.marked - view.evicting - view.twin.occupied - self.taken - self.overdue
        asked -= self.unrecorded
        if not asked:
            return NONE_HELD_BACK
        if self.direction is not None and lost_nodes.cluster_is_lost(context):
            return Allowance(NONE, asked, "NodesLost", "no node of the cluster is Ready")
        down = self._coordinator, self._limit, self._sla, self._budget
        return asked_in_turn((self._one_by_one,) if self.surges else down, asked)

    @cached_property
    def old_pods_evicted(self) -> Ids:
        """Ids in ``replaced`` whose old pod goes only if disruption budgets let it."""
        if not self.replaced:
            return NONE
        twin, now = self.context.view.twin, self.context.now
        old = self.replaced & twin.counting
        # If its mark was taken back meanwhile, it goes all the same, and without a deadline.
        return Ids(i for i in old if (move := twin.pod(i).move) is None or move.deadline > now)

    def old_pods_kept(self, going: Ids = NONE) -> Ids:
        """Ids in ``replaced`` whose old pod must stay for now. ``going``: ids whose old pod the
        Update takes down in this decision."""
        if not (old := self.old_pods_evicted):
            return NONE
        twin = self.context.view.twin
        taken = self._down | going & twin.counting
        taken |= NONE if self.surges else self.allowance.allowed & self.context.counting
        denied = coordinator.denied(self.context, twin, old)
        old -= denied
        last = sla.alone(self.context, old)
        # Where the other pod of a taken instance counts as well, nothing is lost: that errs safely.
        kept = last - Ids(islice(last, self.agreement.spare(self.context, taken)))
        asked = old - kept
        room, _, _ = budget.room(self.context, NONE)
        if room is not None:
            kept |= asked - Ids(islice(asked, 0 if taken else room))
        return kept | denied | twin.evicting & old

    @cached_property
    def agreement(self) -> Agreement:
        """How many instances must count while one of them moves: the strictest that is given."""
        context = self.context
        if context.job.spec.sla is not None:
            return sla.of_job(context)
        marked = (view.pod(i) for view in (context.view, context.view.twin) for i in view.marked)
        one = Agreement.one_at_a_time(context)
        agreed = [
            Agreement.of(context, sla_, "the Maintenance's sla.minAvailable") if sla_ else one
            for sla_ in {_numbers(pod) for pod in marked}
        ]
        return max(agreed, key=lambda each: each.least, default=one)

    @property
    def next_moment(self) -> float | None:
        """When (epoch seconds) the next deadline of a marked pod passes; None for never."""
        context = self.context
        views = (context.view, context.view.twin) if context.has_moves else ()
        moments = (_move(view.pod(i)).deadline for view in views for i in view.marked)
        return min((at for at in moments if context.now < at < math.inf), default=None)

    @cached_property
    def left_to_update(self) -> Ids:
        """Ids that the active Update is still to replace, or whose new pod it waits for."""
        direction = self.direction
        if direction is None:
            return NONE
        unlatched = direction.batch - direction.latched - direction.failed
        return direction.pending | direction.in_flight | unlatched

    @property
    def update_policy(self) -> UpdatePolicy | ResolvedPolicy:
        return self.direction.policy if self.direction else self.context.job.spec.update

    @property
    def surges(self) -> bool:
        return self.update_policy.replacement is Replacement.SURGE

    def _successor_of(self, pod: Pod) -> Action | None:
        """The create of the pod that is to take a marked pod's place; None if it has to wait."""
        revision = asg.revision_of(self.context.assigned, pod.instance) or ""
        update, ids = creation.made_for(self.direction, revision)
        by, move = update if pod.instance in ids else "", _move(pod).successor(pod.uid)
        return creation.beside(self.context, pod, revision, by, 0, move)

    # The policies.

    def _one_by_one(self, ids: Ids) -> tuple[Ids, str, str]:
        """A successor takes nobody down. Without an agreement they come one at a time."""
        agreed = self.agreement
        if not agreed.one_by_one:
            return ids, "", ""
        under_way = self.beside | self.replaced | self.taken
        return (NONE if under_way else Ids(islice(ids, 1))), sla.REASON, agreed.words

    def _coordinator(self, ids: Ids) -> tuple[Ids, str, str]:
        """What the coordinator has just denied does not take the place of others."""
        view = self.context.view
        denied = coordinator.denied(self.context, view, ids & view.counting)
        return ids - denied, coordinator.REASON, coordinator.told(self.context)

    def _limit(self, ids: Ids) -> tuple[Ids, str, str]:
        """`maxUnavailable` holds besides."""
        context, given = self.context, self.update_policy.max_unavailable
        failed = self.direction.failed if self.direction else NONE
        down = context.intended - context.available - failed
        down |= self._down | context.view.evicting
        costly = ids & context.available
        return disruption.within(context, given, ids, ids - costly, down, costly)

    def _sla(self, ids: Ids) -> tuple[Ids, str, str]:
        """Those that count without the moved ones are enough."""
        agreed, costly = self.agreement, ids & self.context.counting
        free = Ids(islice(costly, agreed.spare(self.context, self._down)))
        return ids - costly | free, sla.REASON, f"{agreed.words}; {_REMEDY}"

    def _budget(self, ids: Ids) -> tuple[Ids, str, str]:
        """One eviction at a time under the same disruption budget."""
        room, reason, message = budget.room(self.context, NONE)
        if room is None:
            return ids, "", ""
        costly = ids & self.context.view.counting
        return ids - costly | Ids(islice(costly, 0 if self.taken else room)), reason, message


def overdue(context: Context, view: View) -> Ids:
    """Ids whose pod in ``view`` should have left its node by now. A pod on a node that does not
    report cannot leave it."""
    due = view.marked & view.alive - view.lost
    return Ids(i for i in due if _move(view.pod(i)).deadline <= context.now)


def record(direction: Direction) -> Write | None:
    """The write that makes known which instances of an Update move; None if that is known."""
    if not direction.context.view.marked:
        return None
    if not (new := Moves(direction.context, direction).unrecorded):
        return None
    status = direction.update.status
    changed = status.model_copy(update={"moved": status.moved | new})
    return WriteUpdate(direction.update.metadata.name, changed)


def take_over(context: Context, direction: Direction | None) -> Write | None:
    """The write that makes good successors the pods of their instances; None if there are none."""
    if not context.has_moves:
        return None
    moves = Moves(context, direction)
    twin = context.view.twin
    ready = moves.beside & twin.good & asg.common(context.assigned, twin.at)
    return surge.moved(context, ready) if ready else None


def _numbers(pod: Pod) -> MaintenanceSla | None:
    """The agreement that a mark brings; None if it says no number."""
    given = pod.move.sla if pod.move else None
    return given if given and given.min_available is not None else None


def _move(pod: Pod) -> Move:
    assert pod.move is not None
    return pod.move
