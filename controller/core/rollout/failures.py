"""Failures of new pods: what counts, how often, and which instances have failed (contract rule 6).

The count of an instance is ``max(stored, count in its pod's annotation + failures the pod shows)``.
It depends only on stored state: a restart of the operator neither forgets nor repeats a failure. A
pod shows one failure for each restart of a container, one when it ended, one when its deadline
passed.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from controller.api.ids import NONE, Ids
from controller.api.meta import surely_past
from controller.api.pods.pod import Pod, Trouble
from controller.api.text import shortened
from controller.api.update import Failure
from controller.core.model.limits import REPORT_EVERY
from controller.core.rollout import claims, lost_nodes
from controller.core.rollout.direction import Direction
from controller.core.rollout.outage import Outage, of_pod
from controller.lazy import cached_property

#: Reasons that a pod shows while it starts normally; they explain no failure.
ORDINARY = frozenset({"ContainersNotReady", "ContainersNotInitialized", "PodCompleted"})
#: Reasons of a failed Update.
FAILURE = "InstancesFailed"
GATE_FAILURE = "GateFailed"
MAX_KEPT = 50
NODES_AT_ONCE = 200
MAX_MESSAGE = 256


@dataclass(frozen=True)
class FailureCounts:
    """The failures of one direction of an Update, counted at one moment."""

    direction: Direction

    @property
    def now(self) -> float:
        return self.direction.context.now

    @cached_property
    def stored(self) -> dict[int, int]:
        counts = self.direction.update.status.failure_counts
        return {i: int(count) for count, ids in counts.items() for i in ids}

    @property
    def grace(self) -> float | None:
        """Seconds that a new pod has to become good; None for no limit."""
        return self.direction.grace

    @property
    def timeout(self) -> int:
        return self.direction.policy.ready_timeout_seconds

    @cached_property
    def overdue(self) -> Ids:
        """Ids of living instances whose deadline has passed, unless a lost node excuses them, or
        the Update did not make their pod."""
        late = self._past_deadline - self.direction.moved
        return Ids(i for i in late if self._excused_until(i) <= self.now)

    @cached_property
    def _past_deadline(self) -> Ids:
        """Ids of living instances whose deadline has passed, on a lost node or not."""
        return Ids(self._passed_deadlines)

    @cached_property
    def _passed_deadlines(self) -> dict[int, float]:
        """Instance -> its deadline, where that has passed (epoch seconds)."""
        return {i: at for at, ids in self._deadlines if at <= self.now for i in ids}

    @cached_property
    def on_lost_nodes(self) -> Ids:
        """Ids of instances whose deadline has passed and whose node is lost."""
        return Ids(i for i in self._past_deadline if self._excused_until(i) == math.inf)

    def _excused_until(self, instance: int) -> float:
        pod = self.direction.new_pod(instance)
        node = self.direction.context.observed.nodes.get(pod.node)
        return lost_nodes.excused_until(pod, node, self.grace or 0.0)

    @cached_property
    def unread_nodes(self) -> tuple[str, ...]:
        """Nodes to read before a passed deadline becomes a failure, at most 200 at a time."""
        deciding = (i for i in self._past_deadline if self._node_decides(i))
        names = {
            self.direction.new_pod(i).node for i in deciding if self._recheck_at(i) <= self.now
        }
        if lost_nodes.cluster_read_at(self.direction) <= self.now:
            names.add(lost_nodes.ANY)
        return tuple(sorted(names)[:NODES_AT_ONCE])

    def _node_decides(self, instance: int) -> bool:
        """Whether the state of the pod's node decides if the passed deadline is a failure now."""
        pod = self.direction.new_pod(instance)
        excused = self.now < self._excused_until(instance) < math.inf
        return not lost_nodes.is_lost(pod) and not excused

    def _recheck_at(self, instance: int) -> float:
        """Epoch seconds at which a passed deadline has to be judged again."""
        if not self._node_decides(instance):
            return self._excused_until(instance)
        node = self.direction.context.observed.nodes.get(self.direction.new_pod(instance).node)
        return lost_nodes.read_again(node, self._passed_deadlines[instance])

    @property
    def next_moment(self) -> float | None:
        """Epoch seconds at which the next deadline passes, or new failures have to be stored."""
        moments = chain(
            (at for at, _ in self._deadlines),
            (at for _, at in self._refusal_deadlines()),
            (self._recheck_at(i) for i in self._past_deadline),
            (lost_nodes.cluster_read_at(self.direction),),
        )
        if self.unstored:
            moments = chain(moments, (self.direction.context.stamp + REPORT_EVERY,))
        return min((at for at in moments if self.now < at < math.inf), default=None)

    @cached_property
    def increased(self) -> dict[int, int]:
        """Instance -> its count of failures, if higher than stored; not of failed instances."""
        direction, found = self.direction, {}
        view = direction.context.view
        failed_or_restarted = (
            direction.arrived & view.failed_or_restarted
            | direction.surging & view.twin.failed_or_restarted
        )
        mine = direction.in_flight | direction.done - direction.moved
        for i in mine & (failed_or_restarted | self.overdue):
            pod = direction.new_pod(i)
            if pod.deleted is not None or pod.disrupted:
                continue
            # Of a pod that a superseded Update made, only the deadline counts for this Update.
            ours = pod.update == direction.update.metadata.uid
            # So it is in a rollback with a pod from before the rollback.
            ours = ours and not (direction.backward and pod.since < self.direction.began)
            count = (pod.failures + failures_shown(pod) if ours else 0) + (i in self.overdue)
            if count > self.stored.get(i, 0):
                found[i] = count
        for i, at in self._refusal_deadlines():
            if at <= self.now:
                found[i] = self.stored.get(i, 0) + 1
        return found

    @cached_property
    def counts(self) -> dict[int, int]:
        return {**self.stored, **self.increased}

    @cached_property
    def newly_failed(self) -> Ids:
        limit = self.direction.policy.max_failures_per_instance
        return (
            Ids(i for i, count in self.increased.items() if count > limit) - self.direction.failed
        )

    @cached_property
    def failed(self) -> Ids:
        return self.direction.failed | self.newly_failed

    @cached_property
    def unstored(self) -> Ids:
        """Ids of instances whose new count is stored only in the next second: if thousands fail one
        by one, each must not cost a write. Empty if the new counts make the Update fail."""
        stored = self.direction.update.status.failures
        waits = stored and 0 <= self.direction.context.stamp - stored[0].time < REPORT_EVERY
        fails = self.direction.moving and self.too_many
        return Ids(self.increased) if waits and not fails else NONE

    @property
    def too_many(self) -> bool:
        return len(self.failed) > self.direction.policy.max_failed_instances

    def records(self) -> tuple[Failure, ...]:
        """The newest 50 failures of the Update, the new ones first."""
        # Failures of failed instances come first: they are why the Update ends, and its revision
        # is judged by them.
        order = sorted(self.increased, key=lambda i: (i not in self.newly_failed, i))
        fresh = tuple(self._record(i, self.increased[i]) for i in order[:MAX_KEPT])
        return (fresh + self.direction.update.status.failures)[:MAX_KEPT]

    def _record(self, instance: int, attempt: int) -> Failure:
        view, refusal = self.direction.context.view, self.outage.refusal(instance)
        # If the API server refuses the new pod of a surge or the change of a pod, the refusal is
        # the failure; the old pod has nothing to do with it.
        old = instance in self._awaiting_twin | self.outage.change_refused
        if refusal and (instance not in view.present or old):
            trouble, node = Trouble(refusal.reason, refusal.message), ""
        else:
            pod = self.direction.new_pod(instance)
            trouble, node = self._trouble_of(pod), pod.node
        return Failure(
            instance=instance,
            attempt=attempt,
            reason=trouble.reason,
            message=shortened(trouble.message, MAX_MESSAGE),
            node=node or None,
            exit_code=trouble.exit_code,
            time=self.direction.context.stamp,
        )

    def _trouble_of(self, pod: Pod) -> Trouble:
        if pod.instance in self.outage.kubelet_refused and pod.trouble:
            message = of_pod(pod).removeprefix(f"{pod.trouble.reason}: ")
            return Trouble(pod.trouble.reason, message)
        if pod.instance not in self.overdue:
            return pod.trouble or Trouble("Restarted", "a container restarted")
        words = self._deadline_words(pod)
        if claim := claims.of_pod(self.direction.context, pod):
            return Trouble(claim[0], f"{words}: {claim[1].partition(': ')[2]}")
        if pod.trouble is None or pod.trouble.reason in ORDINARY:
            return Trouble("ReadyTimeout", words)
        message = f"{words}: {pod.trouble.message}".rstrip(": ")
        return Trouble(pod.trouble.reason, message, pod.trouble.exit_code)

    def _deadline_words(self, pod: Pod) -> str:
        """What the pod was like at its deadline, which is told as the spec has it."""
        i, direction = pod.instance, self.direction
        if i in direction.done:
            return f"not Ready for {self.timeout}s"
        view = direction.context.view.twin if i in direction.surging else direction.context.view
        if view.was_ready(i):
            window = direction.update.status.min_ready_seconds
            return f"Ready at times, but never for {window}s in a row within {self.timeout}s"
        return f"not Ready within {self.timeout}s"

    @cached_property
    def _deadlines(self) -> tuple[tuple[float, Ids], ...]:
        """Deadlines (epoch seconds) and the ids of living instances that have them."""
        return () if self.grace is None else tuple(self._compute_deadlines(self.grace))

    def _compute_deadlines(self, grace: float) -> Iterator[tuple[float, Ids]]:
        direction, view = self.direction, self.direction.context.view
        # Grouped by the second of creation, not one by one: 10,000 may be in flight at once.
        for slot, new in (
            (view, direction.in_flight & direction.arrived),
            (view.twin, direction.in_flight & direction.surging),
        ):
            for second, ids in slot.waiting.items() if new else ():
                if waiting := ids & new:
                    yield surely_past(max(float(second), self.direction.began), grace), waiting
        stay = (direction.done - direction.removed) & (direction.arrived | direction.moved)
        for i in stay & view.alive - view.ready:
            yield direction.unready_until(i), Ids([i])

    @cached_property
    def _awaiting_twin(self) -> Ids:
        """Ids of a surge whose new pod does not exist yet."""
        return self.direction.untouched - self.direction.surging if self.direction.surges else NONE

    @cached_property
    def outage(self) -> Outage:
        return Outage(self.direction, self.direction.began)

    def _refusal_deadlines(self) -> Iterator[tuple[int, float]]:
        """Instances whose new pod the API server or the kubelet refuses, each with the deadline
        (epoch seconds) at which the refusal becomes a failure."""
        refusals = {
            i: self.outage.refusal(i) for i in self.outage.refused | self.outage.change_refused
        }
        counting = (
            Ids(i for i, r in refusals.items() if r and r.counts) | self.outage.kubelet_refused
        )
        for i in counting & self.outage.ids - self.direction.moved:
            if (due := self.down_until(i)) is not None:
                yield i, due

    def down_until(self, instance: int) -> float | None:
        """The deadline of an instance that is down (epoch seconds); None if it has none."""
        return self.grace and surely_past(self.outage.since[instance], self.grace)


def cause(failures: Iterable[Failure], failed: Ids) -> str:
    """Why an Update failed: the newest failure of a failed instance, as a sentence."""
    newest = next((f for f in failures if f.instance in failed), None)
    if newest is None:
        return f"{len(failed)} instances failed"
    words = f"instance {newest.instance} failed: {newest.reason}"
    return f"{words}, {newest.message}" if newest.message else words


def failures_shown(pod: Pod) -> int:
    """How many failures the pod itself shows: restarts, and its end if a container ran."""
    return pod.restarts + (1 if pod.ended and pod.ran else 0)
