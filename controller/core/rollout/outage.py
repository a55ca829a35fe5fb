"""Instances whose turn came and that have no pod that could become good: since when, and why.

The API server refuses their pod, the kubelet does, or a drain or eviction takes it away again and
again. ``Update.status.downSince`` keeps since when, so that neither each new pod nor a restart of
the operator begins the time anew; a failure that is counted does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from controller.api.ids import NONE, Ids
from controller.api.meta import format_time, parse_time
from controller.api.pods.pod import Pod, Trouble
from controller.core.model import assigned as asg
from controller.core.model.context import Context
from controller.core.model.observed import Refusal, RefusedAction
from controller.core.model.plan import ChangePod
from controller.core.pods import backoff
from controller.core.pods.backoff import Series
from controller.core.refusals import actions as refused_actions
from controller.core.rollout.direction import Direction


@dataclass(frozen=True)
class Outage:
    """``began``: when this direction did (epoch seconds)."""

    direction: Direction
    began: float

    @cached_property
    def ids(self) -> Ids:
        """In flight or done, without a living pod at the goal, for a reason that holds."""
        direction, view = self.direction, self.direction.context.view
        living = direction.arrived & view.alive | direction.surging & view.twin.alive
        due = (
            direction.in_flight | direction.done
        ) & direction.at_goal - direction.removed - living
        interrupted = Ids(
            i for i in self._ended_here & due if backoff.interrupted(direction.new_pod(i))
        )
        return due & (self.refused | self.unchanged | self._between | interrupted)

    @cached_property
    def returning(self) -> Ids:
        """In flight with a living pod at the goal that was made again, and is not good yet."""
        direction, view = self.direction, self.direction.context.view
        living = direction.arrived & view.alive | direction.surging & view.twin.alive
        back = Ids(self.stored) & direction.in_flight & living
        return Ids(i for i in back if direction.new_pod(i).remade)

    @cached_property
    def refused(self) -> Ids:
        """Those whose create the API server refuses: nothing is there in the pod's place."""
        direction, view = self.direction, self.direction.context.view
        beside = direction.untouched - direction.surging if direction.surges else NONE
        free = direction.in_flight - view.present | beside | direction.done - view.present
        return (
            Ids(self.direction.context.observed.refusals)
            & free
            & direction.at_goal - direction.removed
        )

    @cached_property
    def unchanged(self) -> Ids:
        """Those whose old pod the API server will not change in place to their goal just now."""
        return Ids(self._refused_changes)

    @cached_property
    def _refused_changes(self) -> dict[int, RefusedAction]:
        direction, found = self.direction, {}
        for refused in direction.context.observed.refused_actions.values():
            action = refused.action
            if (
                not isinstance(action, ChangePod)
                or action.instance not in direction.not_started & direction.at_goal
            ):
                continue
            if action.revision == asg.revision_of(direction.goal, action.instance):
                found[action.instance] = refused
        return found

    def refusal(self, instance: int) -> Refusal | None:
        """Why the API server does not make (or change) the pod of an instance; None: it does."""
        change = self._refused_changes.get(instance)
        return change.refusal if change else self.direction.context.observed.refusals.get(instance)

    def in_words(self, instance: int) -> str:
        """What keeps an instance down, in words: the API server's, or those about its last pod."""
        if (change := self._refused_changes.get(instance)) is not None:
            return refused_actions.words(change)
        if instance in self.returning:
            pod = self.direction.new_pod(instance)
            return f"instance {instance}: {_words(pod.trouble, pod.remade + 1)}"
        return f"instance {instance}: {self._why_down(instance)}"

    def _why_down(self, instance: int) -> str:
        direction = self.direction
        if instance in direction.arrived | direction.surging:
            return of_pod(direction.new_pod(instance))
        if refusal := direction.context.observed.refusals.get(instance):
            return refusal.message
        series = series_of(direction.context, instance)
        return of_series(series) if series else "not Ready"

    @cached_property
    def unfit(self) -> Ids:
        """Those whose pod the kubelet refused before a container ran: no node takes it."""
        pods = ((i, self.direction.new_pod(i)) for i in self._ended_here & self.ids)
        return Ids(i for i, pod in pods if pod.ended and not pod.ran and not pod.disrupted)

    @cached_property
    def _ended_here(self) -> Ids:
        direction, view = self.direction, self.direction.context.view
        return (direction.arrived - view.alive) | (direction.surging - view.twin.alive)

    @cached_property
    def _between(self) -> Ids:
        """Those whose last pod is gone and whose next one is not made yet."""
        context, goal = self.direction.context, self.direction.goal
        found = context.observed.remade.items()
        mine = Ids(i for (i, _), s in found if s.revision and i in goal.get(s.revision, NONE))
        return mine - self._ended_here

    @cached_property
    def stored(self) -> dict[int, float]:
        kept = self.direction.update.status.down_since.items()
        return {i: parse_time(at) for at, ids in kept for i in ids}

    @cached_property
    def since(self) -> dict[int, float]:
        """Instance -> since when it is down (epoch seconds)."""
        down = self.ids | self.returning
        return {i: self.stored[i] if i in self.stored else self._begin(i) for i in down}

    def _begin(self, instance: int) -> float:
        direction = self.direction
        if instance in self._ended_here:
            return max(backoff.down_since(direction.new_pod(instance)), self.began)
        if (series := series_of(direction.context, instance)) is not None:
            return max(series.since, self.began)
        return direction.context.stamp

    def kept(self, failed_now: Ids) -> dict[str, Ids]:
        """``status.downSince`` as it should be by now; ``failed_now``: instances of which a failure
        is being counted, so that their time begins anew."""
        direction, found = self.direction, dict[str, Ids]()
        back = direction.done & direction.context.view.ready | direction.removed | direction.failed
        known = {**self.stored, **self.since}
        for i in (direction.in_flight | direction.done) & Ids(known) - back:
            at = format_time(direction.context.stamp if i in failed_now else known[i])
            found[at] = found.get(at, NONE) | Ids([i])
        return found


def series_of(context: Context, instance: int) -> Series | None:
    """What is known of an instance whose pod is gone."""
    remade: Mapping[tuple[int, bool], Series] = context.observed.remade
    return next((remade[s] for s in ((instance, False), (instance, True)) if s in remade), None)


def of_pod(pod: Pod) -> str:
    """What a pod is like, and how often the instance was tried if it was more than once."""
    tries = pod.remade + 1 if backoff.interrupted(pod) else 1
    return _words(pod.trouble, tries)


def of_series(series: Series) -> str:
    """The same of an instance whose pod is gone."""
    return _words(series.why, series.count)


def _words(trouble: Trouble | None, tries: int) -> str:
    words = trouble.words if trouble else "not Ready"
    return f"{words.rstrip('.')}, tried {tries} times" if tries > 1 else words
