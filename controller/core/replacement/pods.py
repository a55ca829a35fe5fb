"""Pods follow ``assigned``: what to create, delete and mend now, and what has to wait.

Acts only on acknowledged intent. Every delete names a uid, every create a name that is taken if the
pod is there already; so a repeat does nothing (invariants 1 and 3).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain, islice

from controller.api.ids import NONE, Ids
from controller.api.meta import surely_past
from controller.api.pods.pod import Pod
from controller.api.policy import StrategyType
from controller.core.gates.gates import Gates
from controller.core.model import assigned as asg
from controller.core.model.context import Case
from controller.core.model.observed import TERMINATING
from controller.core.model.plan import Action, ActionKey, ChangePod, CreatePod, DeletePod
from controller.core.model.policy import max_unavailable
from controller.core.pods import backoff
from controller.core.replacement import in_place, repair
from controller.core.replacement.creation import create
from controller.core.revisions.change import Change
from controller.core.rollout.direction import OneWay
from controller.core.rollout.failures import Tally

#: Actions of one decision; the rest follows in the next one, so that no Job starves the others.
MAX_ACTIONS = 500


@dataclass(frozen=True)
class Convergence:
    """``way`` and ``tally``: the active Update's direction, if there is one. ``blocked``: what it
    has to store is refused; what is down is brought up, but nothing new starts."""

    case: Case
    way: OneWay | None = None
    tally: Tally | None = None
    blocked: bool = False

    def actions(self) -> tuple[Action, ...]:
        """What to do now, in this order: mend, delete, create; at most 500."""
        return self._sorted[0]

    @property
    def held(self) -> frozenset[ActionKey]:
        """What would be done to objects now, had the API server not just refused it."""
        return self._sorted[1]

    @cached_property
    def startable(self) -> Ids:
        """Untouched ids of the group in flight that may be replaced (or created) now."""
        way = self.way
        if way is None or not way.moving or self.blocked:
            return NONE
        idle = way.idle & way.asked
        if way.policy.strategy.type is StrategyType.QUEUE:
            room = way.policy.strategy.groups[0] - len(way.flight - way.idle)
            # Of a group that gates are asked about, no more than there are left.
            if (left := Gates(way).room) is not None:
                room = min(room, left)
            if room <= 0 or way.shaky:
                return NONE
            # Those that maxUnavailable holds must not fill the window before those it lets go.
            return Ids(islice((i for i in way.ordered(idle) if i in self._allowed), room))
        return idle & self._allowed

    @cached_property
    def held_back(self) -> Ids:
        """Ids that only ``maxUnavailable`` keeps from being replaced."""
        return NONE if self.way is None else (self.way.idle & self.way.asked) - self._allowed

    @cached_property
    def _allowed(self) -> Ids:
        """Untouched ids that ``maxUnavailable`` lets go, the first in order first."""
        way, case = self.way, self.case
        assert way is not None
        idle = way.idle & way.asked
        limit = max_unavailable(way.policy.max_unavailable, len(case.intended))
        if limit is None:
            return idle
        down = (case.intended - case.available) - way.failed
        free = idle - case.available | idle & way.kill
        return free | Ids(islice(way.ordered(idle - free), max(0, limit - len(down))))

    @cached_property
    def next_moment(self) -> float | None:
        """When a back-off ends."""
        now = self.case.now
        moments = [at for _, at in self._ended() if at > now]
        moments += [at for _, at in self._ended_twins() if at > now]
        moments += [at for _, at in self._stuck() if at > now]
        moments += [r.until for r in self.case.seen.refusals.values() if r.until > now]
        moments += [s.resume_at for s in self.case.seen.remade.values() if s.resume_at > now]
        return min(moments, default=None)

    @cached_property
    def _sorted(self) -> tuple[tuple[Action, ...], frozenset[ActionKey]]:
        free, held = list[Action](), set[ActionKey]()
        for action in chain(repair.mends(self.case), self._deletes(), self._creates()):
            if not isinstance(action, CreatePod) and self.case.is_held(action):
                held.add(action.key)
                continue
            free.append(action)
            if len(free) == MAX_ACTIONS:
                break
        return tuple(free), frozenset(held)

    def _deletes(self) -> Iterator[Action]:
        case, view = self.case, self.case.view
        replacing = self.startable & view.alive
        for i in self._surplus | self._overdue - self._beside | self._wrong | self._infeasible:
            # One that is being made has no uid yet: its turn comes when the watch shows it.
            if (pod := view.pod(i)).uid:
                yield _delete(pod)
        yield from (action for i in replacing if (action := self._replace(i)))
        for i, at in self._ended():
            if at <= case.now:
                yield _delete(view.pod(i))
        yield from self._delete_twins()
        for pod, at in self._stuck():
            if at <= case.now:
                yield replace(_delete(pod), force=True)

    def _replace(self, instance: int) -> Action | None:
        """The old pod of an instance goes, is changed, or gets the new one beside it."""
        way, view = self.way, self.case.view
        assert way is not None
        pod = view.pod(instance)
        if not pod.uid:
            return None
        if instance in way.kill:
            return _delete(pod)
        if way.surges:
            return self._twin_of(pod)
        goal = asg.revision_of(way.goal, instance) or ""
        change = in_place.how(self.case, way, pod, goal)
        if change is Change.REPLACE:
            return _delete(pod)
        count = self.tally.counts.get(instance, 0) if self.tally else 0
        uid = way.update.metadata.uid
        return ChangePod(instance, pod.surge, pod.name, pod.uid, goal, uid, count, change)

    @cached_property
    def _beside(self) -> Ids:
        """Ids whose new pod came up beside the old one, and is not the one that counts yet."""
        return self.way.surging if self.way else NONE

    def _twin_of(self, pod: Pod) -> Action | None:
        """The new pod of a surge, unless its name is still taken or it has to wait."""
        i, way, seen = pod.instance, self.way, self.case.seen
        assert way is not None
        if i in seen.contested or i in self.case.view.twin.occupied:
            return None
        goal = asg.revision_of(way.goal, i)
        if goal is None or goal not in seen.revisions:
            return None
        count = self.tally.counts.get(i, 0) if self.tally else 0
        return create(self.case, i, goal, not pod.surge, way.update.metadata.uid, count)

    def _delete_twins(self) -> Iterator[Action]:
        """Pods in the other slot that do not surge (any more), and new ones whose time is up."""
        twin = self.case.view.twin
        if not self._consistent:
            return
        late = self._overdue & self._beside
        kept = self._beside & self.way.flight - late if self.way else NONE
        for i in twin.alive - kept:
            if (pod := twin.pod(i)).uid:
                yield _delete(pod)
        for i, at in self._ended_twins():
            if at <= self.case.now or i not in kept:
                yield _delete(twin.pod(i))

    def _ended_twins(self) -> Iterator[tuple[int, float]]:
        """The same as ``_ended`` in the other slot; one that nobody stands in for goes at once."""
        view = self.case.view
        for i in view.twin.ended - self._unstored:
            yield i, backoff.remake_at(view.twin.pod(i)) if i in view.alive else 0.0

    def _stuck(self) -> Iterator[tuple[Pod, float]]:
        """Old pods of the group in flight that do not go, with the moment at which they are deleted
        by force (contract: terminationTimeoutSeconds)."""
        way = self.way
        if way is None or not (timeout := way.policy.termination_timeout_seconds):
            return
        for view in (self.case.view, self.case.view.twin):
            for i in way.flight & view.terminating - view.forced:
                if (pod := view.pod(i)).deleted is not None:
                    yield pod, surely_past(pod.deleted, timeout)

    @cached_property
    def _consistent(self) -> bool:
        """A status that contradicts itself (a restored backup, a tampered one) costs no pod."""
        return self.case.status.instances_in_force == len(self.case.intended)

    @cached_property
    def _unstored(self) -> Ids:
        """Instances whose pod shows a failure that is not stored yet: until then it must stay."""
        if self.tally is None:
            return NONE
        return Ids(self.tally.fresh) if self.blocked else self.tally.unstored

    @cached_property
    def _infeasible(self) -> Ids:
        """Pods that the kubelet can never change as asked: they are replaced after all."""
        way = self.way
        if way is None or not way.moving:
            return NONE
        return way.flight & way.arrived & self.case.view.infeasible - self._unstored

    @cached_property
    def _surplus(self) -> Ids:
        """Pods of ids that are no more."""
        case, view = self.case, self.case.view
        if not self._consistent:
            return NONE
        waiting = self.way.idle if self.way else NONE
        return (view.alive | view.ended) - case.intended - waiting

    @cached_property
    def _overdue(self) -> Ids:
        """Instances whose deadline passed, once that failure is stored and is tolerated."""
        if self.tally is None or self.way is None or not self.way.moving:
            return NONE
        return self.tally.overdue - self.way.failed - self._unstored

    @cached_property
    def _wrong(self) -> Ids:
        """Without an Update, a pod that is not at its instance's revision (somebody tampered, or a
        backup was restored) is replaced while all others are available: one at a time."""
        case = self.case
        if case.status.active_update is not None:
            return NONE
        alive, stuck = case.view.alive & case.intended, case.view.infeasible
        wrong = alive - case.at_assigned | alive & stuck
        others_down = case.intended - wrong - case.available
        if not wrong or others_down or case.view.terminating & case.intended:
            return NONE
        return Ids(islice(wrong - case.available or wrong, 1))

    def _ended(self) -> Iterator[tuple[int, float]]:
        """Pods that ended, with the moment at which they may be made again."""
        case, view = self.case, self.case.view
        for i in view.ended & case.intended - self._unstored:
            # One that has to give way to another revision is not waited for.
            yield i, backoff.remake_at(view.pod(i)) if i in case.at_assigned else 0.0

    def _creates(self) -> Iterator[Action]:
        case, view, way = self.case, self.case.view, self.way
        # A pod in the other slot takes over, or goes first: never two of one instance.
        missing = case.intended - view.occupied - view.twin.occupied
        if case.seen.contested:
            missing -= Ids(case.seen.contested)
        if way is not None:
            missing -= (way.idle & way.fresh) - self.startable
        slots = case.status.slots
        counts = self.tally.counts if self.tally else {}
        refusals = case.seen.refusals
        if any(r.reason == TERMINATING and r.until > case.now for r in refusals.values()):
            return  # The namespace goes: nothing can be made in it.
        for revision, ids in case.assigned.items():
            if revision not in case.seen.revisions:
                continue
            asked = way is not None and revision in way.goal
            update = way.update.metadata.uid if way is not None and asked else ""
            mine = NONE
            if way and asked:
                # Whatever is made during a restart is no older than it.
                mine = way.goal[revision]
                mine &= mine if way.restart else way.batch | way.done | way.failed
            for i in ids & missing:
                by, count = (update, counts.get(i, 0)) if i in mine else ("", 0)
                if (made := create(case, i, revision, i in slots, by, count)) is not None:
                    yield made


def _delete(pod: Pod) -> DeletePod:
    return DeletePod(pod.instance, pod.surge, pod.name, pod.uid)
