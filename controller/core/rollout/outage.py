"""Instances of an Update that are down and cannot come up: since when, and why.

The API server or the kubelet refuses their pod, or a drain or eviction removes it again and again.
``Update.status.downSince`` stores since when, so that neither a new pod nor a restart of the
operator resets the time. Only a counted failure resets it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

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
from controller.lazy import cached_property


@dataclass(frozen=True)
class Outage:
    """The outages in one direction of an Update. ``began``: epoch seconds at which the direction
    began."""

    direction: Direction
    began: float

    @cached_property
    def ids(self) -> Ids:
        """Ids of instances, in flight or done, that are down: they have no living pod at the goal,
        because of a refusal or an interrupted pod."""
        direction, view = self.direction, self.direction.context.view
        living = direction.arrived & view.alive | direction.surging & view.twin.alive
        due = (
            direction.in_flight | direction.done
        ) & direction.at_goal - direction.removed - living
        interrupted = Ids(
            i for i in self._ended_at_goal & due if backoff.interrupted(direction.new_pod(i))
        )
        return due & (self.refused | self.change_refused | self._between_pods | interrupted)

    @cached_property
    def returning(self) -> Ids:
        """Ids of instances in flight that were down and have a new living pod, not good yet."""
        direction, view = self.direction, self.direction.context.view
        living = direction.arrived & view.alive | direction.surging & view.twin.alive
        back = Ids(self.stored) & direction.in_flight & living
        return Ids(i for i in back if direction.new_pod(i).remade)

    @cached_property
    def refused(self) -> Ids:
        """Ids of instances whose new pod the API server refuses to create."""
        direction, view = self.direction, self.direction.context.view
        beside = direction.untouched - direction.surging if direction.surges else NONE
        free = direction.in_flight - view.present | beside | direction.done - view.present
        return (
            Ids(self.direction.context.observed.refusals)
            & free
            & direction.at_goal - direction.removed
        )

    @cached_property
    def change_refused(self) -> Ids:
        """Ids of instances whose old pod the API server refuses to change in place to the goal."""
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
        """The refusal to create (or change) the pod of an instance; None if there is none."""
        change = self._refused_changes.get(instance)
        return change.refusal if change else self.direction.context.observed.refusals.get(instance)

    def in_words(self, instance: int) -> str:
        """What keeps an instance down, for a message: the API server's words, or the trouble of the
        instance's last pod."""
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
    def kubelet_refused(self) -> Ids:
        """Ids of instances whose pod the kubelet refused before a container ran."""
        pods = ((i, self.direction.new_pod(i)) for i in self._ended_at_goal & self.ids)
        return Ids(i for i, pod in pods if pod.ended and not pod.ran and not pod.disrupted)

    @cached_property
    def _ended_at_goal(self) -> Ids:
        direction, view = self.direction, self.direction.context.view
        return (direction.arrived - view.alive) | (direction.surging - view.twin.alive)

    @cached_property
    def _between_pods(self) -> Ids:
        """Ids of instances whose last pod at the goal is gone and whose next pod is not created
        yet."""
        context, goal = self.direction.context, self.direction.goal
        remade = context.observed.remade.items()
        at_goal = Ids(i for (i, _), s in remade if s.revision and i in goal.get(s.revision, NONE))
        return at_goal - self._ended_at_goal

    @cached_property
    def stored(self) -> dict[int, float]:
        kept = self.direction.update.status.down_since.items()
        return {i: parse_time(at) for at, ids in kept for i in ids}

    @cached_property
    def since(self) -> dict[int, float]:
        """Instance -> epoch seconds since which it is down."""
        down = self.ids | self.returning
        return {i: self.stored[i] if i in self.stored else self._down_since(i) for i in down}

    def _down_since(self, instance: int) -> float:
        direction = self.direction
        if instance in self._ended_at_goal:
            return max(backoff.down_since(direction.new_pod(instance)), self.began)
        if (series := series_of(direction.context, instance)) is not None:
            return max(series.since, self.began)
        return direction.context.stamp

    def kept(self, failed_now: Ids) -> dict[str, Ids]:
        """The new value of ``status.downSince``. ``failed_now``: ids of instances whose failure is
        being counted: their time begins anew."""
        direction, found = self.direction, dict[str, Ids]()
        back = direction.done & direction.context.view.ready | direction.removed | direction.failed
        known = {**self.stored, **self.since}
        for i in (direction.in_flight | direction.done) & Ids(known) - back:
            at = format_time(direction.context.stamp if i in failed_now else known[i])
            found[at] = found.get(at, NONE) | Ids([i])
        return found


def series_of(context: Context, instance: int) -> Series | None:
    """The back-off state of an instance whose pod is gone; None if there is none."""
    remade: Mapping[tuple[int, bool], Series] = context.observed.remade
    return next((remade[s] for s in ((instance, False), (instance, True)) if s in remade), None)


def of_pod(pod: Pod) -> str:
    """The trouble of a pod in words, with the number of tries if that is more than one."""
    tries = pod.remade + 1 if backoff.interrupted(pod) else 1
    return _words(pod.trouble, tries)


def of_series(series: Series) -> str:
    """The trouble of the last pod of an instance whose pod is gone, with the number of tries."""
    return _words(series.why, series.count)


def _words(trouble: Trouble | None, tries: int) -> str:
    words = trouble.words if trouble else "not Ready"
    return f"{words.rstrip('.')}, tried {tries} times" if tries > 1 else words
