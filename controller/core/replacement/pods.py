"""Pods follow ``assigned``: what to create, delete and repair now, and what has to wait.

Actions follow only intent that the API server acknowledged. Every delete names a uid, and every
create a name that is taken if the pod exists, so a repeated action does nothing (invariants 1, 3).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain, islice

from controller.api.ids import NONE, Ids
from controller.api.policy import StrategyType
from controller.core.gates.gates import Gates
from controller.core.model import assigned as asg
from controller.core.model.context import Context
from controller.core.model.coordination import Question
from controller.core.model.disruption import NONE_HELD_BACK, Allowance
from controller.core.model.plan import Action, ActionKey, ChangePod, CreatePod, Creation
from controller.core.pods import backoff
from controller.core.replacement import (
    budget,
    claim_retention,
    claims,
    coordinator,
    creation,
    deletion,
    disruption,
    in_place,
    misfit,
    repair,
    safety,
)
from controller.core.replacement.deletion import delete
from controller.core.replacement.moves import Moves, overdue
from controller.core.replacement.safety import SafetyBrake
from controller.core.replacement.twins import Twins
from controller.core.revisions.changeable_in_place import Change
from controller.core.rollout.direction import Direction
from controller.core.rollout.failures import FailureCounts
from controller.lazy import cached_property

#: Actions of one decision. The next decision returns more, so that no Job starves the others.
MAX_ACTIONS = 500


@dataclass(frozen=True)
class Convergence:
    """The actions that bring the pods of one Job to ``assigned``. ``direction``, ``failures``: of
    the active Update, if there is one. ``blocked``: the API server refuses a write of that Update;
    instances that are down are brought up, but no replacement starts."""

    context: Context
    direction: Direction | None = None
    failures: FailureCounts | None = None
    blocked: bool = False

    def actions(self) -> tuple[Action, ...]:
        """The actions to take now, in this order: repairs, deletes, creates; at most 500."""
        return self._sorted[0]

    @property
    def held(self) -> frozenset[ActionKey]:
        """Actions on objects that are due but wait, because the API server just refused them."""
        return self._sorted[1]

    @property
    def question(self) -> Question | None:
        """What the coordinator of `spec.sla` is to be asked, or has just allowed."""
        return self._sorted[2].question

    @cached_property
    def startable(self) -> Ids:
        """Ids of the group in flight that are untouched and may be replaced (or created) now."""
        direction = self.direction
        if direction is None or not direction.moving or self.blocked:
            return NONE
        evicting = self.context.view.evicting
        not_started = direction.not_started & direction.at_goal - evicting
        if self._late_marks and not direction.surges:
            return NONE  # They go first; the next decision knows how many are left.
        if direction.policy.strategy.type is StrategyType.QUEUE:
            started = direction.in_flight - direction.not_started | direction.in_flight & evicting
            room = direction.policy.strategy.groups[0] - len(started)
            # Gates allow only so many instances before the next verdict.
            if (left := Gates(direction).room) is not None:
                room = min(room, left)
            if room <= 0 or direction.updated_not_ready:
                return NONE
            # Instances that a policy holds back must not take the places of those it allows.
            allowed = (i for i in direction.ordered(not_started) if i in self.disruption.allowed)
            return Ids(islice(allowed, room))
        return not_started & self.disruption.allowed

    @cached_property
    def disruption(self) -> Allowance:
        """Which untouched ids of the group in flight may be disrupted, and why others may not."""
        if self.direction is None:
            return NONE_HELD_BACK
        untouched = self.direction.not_started & self.direction.at_goal
        return disruption.allow(self.context, self.direction, untouched)

    @property
    def held_back(self) -> Allowance:
        """Which instances wait: for the coordinator, for a policy, else with their old pod."""
        if (asked := self._sorted[2].held_back).held_back:
            return asked
        if self.disruption.held_back or not self._twins.kept:
            return self.disruption
        why, kept = self._twins.why_kept, self._twins.kept - self.moves.replaced
        return Allowance(NONE, kept, *why) if why[0] and kept else self.disruption

    @cached_property
    def next_moment(self) -> float | None:
        """When (epoch seconds) the next back-off or deadline ends that an action waits for."""
        now = self.context.now
        moments = [at for _, at in self._ended() if at > now]
        moments += [at for _, at in self._twins.ended() if at > now]
        moments += [at for _, at in deletion.stuck(self.context, self.direction) if at > now]
        moments += [r.until for r in self.context.observed.refusals.values() if r.until > now]
        moments += [s.resume_at for s in self.context.observed.remade.values() if s.resume_at > now]
        again = [part.next_moment(self.context) for part in (budget, coordinator)]
        again.append(self.moves.next_moment)
        return min((at for at in (*moments, *again) if at is not None), default=None)

    @cached_property
    def _sorted(self) -> tuple[tuple[Action, ...], frozenset[ActionKey], coordinator.Consents]:
        free, held = list[Action](), set[ActionKey]()
        consents = coordinator.Consents(self.context, self.direction)
        repairs = repair.repairs(self.context, in_place.resized_again(self.direction))
        budgets = budget.actions(self.context)
        owned, made = self._owners.actions(), chain(claims.unseen(self.context), self._creates())
        for action in chain(repairs, budgets, self._deletes(), made, owned):
            if isinstance(action, CreatePod):
                free += [first] if (first := claims.before(self.context, action)) else []
            elif not isinstance(action, Creation) and self.context.is_held(action):
                held.add(action.key)
            elif (allowed := consents.given(action)) is not None:
                free.append(allowed)
            if len(free) == MAX_ACTIONS:
                break
        return tuple(free), frozenset(held), consents

    def _deletes(self) -> Iterator[Action]:
        context, view = self.context, self.context.view
        overdue = self._overdue - self._beside
        for i in (self._gone | overdue | self._infeasible) - self._owners.kept:
            # A pod that is being created has no uid yet; it is deleted when the watch shows it.
            if (pod := view.pod(i)).uid:
                yield delete(pod, self.direction, overdue, self._surplus)
        replacing = self.startable & view.alive - self._late_marks
        yield from (action for i in replacing if (action := self._replace(i)))
        yield from self.moves.actions()
        for i, at in self._ended():
            if at <= context.now:
                yield delete(view.pod(i), self.direction)
        yield from self._delete_twins()
        for pod, at in deletion.stuck(self.context, self.direction):
            if at <= context.now:
                yield replace(delete(pod, self.direction), force=True)

    def _replace(self, instance: int) -> Action | None:
        """The action that replaces an instance: delete its old pod, change it in place, or create
        the new pod beside it. Returns None if the instance has to wait."""
        direction, view = self.direction, self.context.view
        assert direction is not None
        pod = view.pod(instance)
        if not pod.uid:
            return None
        if instance in direction.removed:
            return delete(pod, direction)
        goal = asg.revision_of(direction.goal, instance) or ""
        count = self.failures.counts.get(instance, 0) if self.failures else 0
        uid = direction.update.metadata.uid
        if direction.surges:
            return creation.beside(self.context, pod, goal, uid, count)
        change = in_place.how(self.context, direction, pod, goal)
        counts = instance in self._evicts and change is not Change.METADATA
        if change is Change.REPLACE:
            return delete(pod, direction, evict=counts)
        if not pod.labelled and pod.changing_to != goal:
            return None  # The repair of its labels comes first.
        return ChangePod(instance, pod.surge, pod.name, pod.uid, goal, uid, count, change, counts)

    @cached_property
    def _owners(self) -> claim_retention.Owners:
        """Who owns the claims of the instances."""
        going = claim_retention.going(self.context, self.direction) if self._consistent else NONE
        # Those that an Update removes come back with their data if it rolls back.
        stay = self.context.intended | (self.direction.removed if self.direction else NONE)
        return claim_retention.Owners(self.context, (self._gone | going) - stay)

    @cached_property
    def moves(self) -> Moves:
        """The moves of instances whose pod is to leave its node."""
        if not self.context.has_moves:
            return Moves(self.context, self.direction)
        beside = self.direction is not None and self.direction.surges
        taken = self._gone if beside else self._gone | self.startable
        taken -= self._late_marks - self._gone
        return Moves(self.context, self.direction, taken & self.context.view.alive)

    @cached_property
    def _late_marks(self) -> Ids:
        """Ids whose pod should have left its node by now."""
        return overdue(self.context, self.context.view) & self.context.intended

    @cached_property
    def _gone(self) -> Ids:
        """Ids whose pod goes because it is surplus, or not at its revision."""
        gone = NONE if budget.lags(self.context) else self._surplus
        gone |= misfit.replaced(self.context)
        return gone - self.brake.asked | gone & self.brake.allowed

    @cached_property
    def _evicts(self) -> Ids:
        """Ids whose pod the Update takes down only if disruption budgets let it go."""
        return budget.evicts(self.context, self.direction)

    @cached_property
    def brake(self) -> SafetyBrake:
        """The safety brake on deletions that no Update, scale or move explains."""
        context, surplus = self.context, self._surplus & self.context.view.alive
        surplus = safety.unexplained_surplus(context, self.direction, surplus)
        wrong, every = misfit.replaced(context), misfit.misfit(context)
        return SafetyBrake(context, surplus | self._stray_twins | wrong, every)

    @cached_property
    def _stray_twins(self) -> Ids:
        """Ids with a running pod in their other slot that no surge explains."""
        twins = self.context.view.twin.alive if self._consistent else NONE
        return safety.unexplained_twins(self.context, self.direction, twins)

    @cached_property
    def _beside(self) -> Ids:
        """Ids whose new pod exists beside the old one, which still counts as the instance's pod."""
        return self.direction.surging if self.direction else NONE

    def _delete_twins(self) -> Iterator[Action]:
        """Deletes of pods in the other slot that are not, or no longer, part of a surge, and of new
        pods whose deadline passed."""
        if not self._consistent:
            return iter(())
        return self._twins.deletes(self._stray_twins - self.brake.allowed)

    @cached_property
    def _twins(self) -> Twins:
        late = self._overdue & self._beside
        return Twins(self.context, self.direction, self.moves, late, self._unstored)

    @cached_property
    def _consistent(self) -> bool:
        """Whether the status agrees with itself. If not (somebody restored or edited it), no
        surplus pod is deleted."""
        return self.context.status.instances_in_force == len(self.context.intended)

    @cached_property
    def _unstored(self) -> Ids:
        """Ids whose pod shows a failure that is not stored yet: the pod must stay until it is."""
        if self.failures is None:
            return NONE
        return Ids(self.failures.increased) if self.blocked else self.failures.unstored

    @cached_property
    def _infeasible(self) -> Ids:
        """Ids whose pod the kubelet can never resize: the pod is replaced instead."""
        direction = self.direction
        if direction is None or not direction.moving:
            return NONE
        infeasible = self.context.view.infeasible - self._unstored
        return direction.in_flight & direction.arrived & infeasible

    @cached_property
    def _surplus(self) -> Ids:
        """Ids that have a pod and are not, or no longer, instances of the Job."""
        context, view = self.context, self.context.view
        if not self._consistent:
            return NONE
        not_started = self.direction.not_started if self.direction else NONE
        return (view.alive | view.ended) - context.intended - not_started

    @cached_property
    def _overdue(self) -> Ids:
        """Ids whose deadline passed, if that failure is stored and tolerated."""
        if self.failures is None or self.direction is None or not self.direction.moving:
            return NONE
        return self.failures.overdue - self.direction.failed - self._unstored

    def _ended(self) -> Iterator[tuple[int, float]]:
        """Ids whose pod ended, with the moment (epoch seconds) at which it may be created again."""
        context, view = self.context, self.context.view
        for i in view.ended & context.intended - self._unstored:
            # A pod at another revision than the assigned one is deleted without back-off.
            yield i, backoff.remake_at(view.pod(i)) if i in context.at_assigned else 0.0

    def _creates(self) -> Iterator[Action]:
        counts = self.failures.counts if self.failures else {}
        return creation.creates(self.context, self.direction, self.startable, counts)
