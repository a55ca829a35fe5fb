"""Failures of new pods: what counts, how often, and which instances have failed (contract rule 6).

The count of an instance is ``max(stored, the count its pod was made with + what the pod shows)``:
a pure function of stored state, so that a restart neither forgets nor repeats one. A pod shows one
failure for each restart of a container, one when it ended, and one when its deadline passed.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

from controller.api.ids import NONE, Ids
from controller.api.meta import surely_past
from controller.api.pods.pod import Pod, Trouble
from controller.api.update import Failure
from controller.core.rollout import lost_nodes
from controller.core.rollout.direction import Direction
from controller.core.rollout.outage import Outage, of_pod

#: What a pod says on its ordinary way to Ready: no reason of its own.
ORDINARY = frozenset({"ContainersNotReady", "ContainersNotInitialized", "PodCompleted"})
#: Why an Update failed whose instances did.
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

    @cached_property
    def grace(self) -> float | None:
        """Seconds a new pod has to become good; None: for ever."""
        window = self.direction.update.status.min_ready_seconds or 0
        return self.timeout + window if self.timeout else None

    @property
    def timeout(self) -> int:
        return self.direction.policy.ready_timeout_seconds

    @cached_property
    def overdue(self) -> Ids:
        """Instances that are alive and whose deadline has passed, on a node that is not lost."""
        return Ids(i for i in self._late if self._excused_until(i) <= self.now)

    @cached_property
    def _late(self) -> Ids:
        """Instances whose deadline has passed, be it that their node is lost."""
        return Ids(self._due)

    @cached_property
    def _due(self) -> dict[int, float]:
        """The same with that deadline."""
        return {i: at for at, ids in self._deadlines if at <= self.now for i in ids}

    @cached_property
    def on_lost_nodes(self) -> Ids:
        """Instances that are late because their node is lost."""
        return Ids(i for i in self._late if self._excused_until(i) == math.inf)

    def _excused_until(self, instance: int) -> float:
        pod = self.direction.new_pod(instance)
        node = self.direction.context.observed.nodes.get(pod.node)
        return lost_nodes.excused_until(pod, node, self.grace or 0.0)

    @cached_property
    def unread_nodes(self) -> tuple[str, ...]:
        """Nodes to be read before a deadline makes a failure, a few at a time."""
        deciding = (i for i in self._late if self._node_decides(i))
        names = {self.direction.new_pod(i).node for i in deciding if self._looked_at(i) <= self.now}
        return tuple(sorted(names)[:NODES_AT_ONCE])

    def _node_decides(self, instance: int) -> bool:
        """Whether it is up to the pod's node if its deadline makes a failure now."""
        pod = self.direction.new_pod(instance)
        excused = self.now < self._excused_until(instance) < math.inf
        return bool(pod.node) and not lost_nodes.is_lost(pod) and not excused

    def _looked_at(self, instance: int) -> float:
        """When what is said of a deadline that has passed may change by time alone."""
        if not self._node_decides(instance):
            return self._excused_until(instance)
        node = self.direction.context.observed.nodes.get(self.direction.new_pod(instance).node)
        return lost_nodes.read_again(node, self._due[instance])

    @property
    def next_moment(self) -> float | None:
        """When the next deadline passes if nothing changes, or fresh failures are to be stored."""
        moments = chain((at for at, _ in self._deadlines), (at for _, at in self._refused()))
        moments = chain(moments, (self._looked_at(i) for i in self._late))
        if self.unstored:
            moments = chain(moments, (self.direction.context.stamp + 1,))
        return min((at for at in moments if self.now < at < math.inf), default=None)

    @cached_property
    def increased(self) -> dict[int, int]:
        """Instances whose count is higher than stored, with that count (of those that have failed,
        no further ones)."""
        direction, found = self.direction, {}
        view = direction.context.view
        failed_or_restarted = (
            direction.arrived & view.failed_or_restarted
            | direction.surging & view.twin.failed_or_restarted
        )
        for i in (direction.in_flight | direction.done) & (failed_or_restarted | self.overdue):
            pod = direction.new_pod(i)
            if pod.deleted is not None or pod.disrupted:
                continue
            # A pod that a superseded Update made counts from now on: only its deadline is ours.
            ours = pod.update == direction.update.metadata.uid
            # On the way back, one that was there before counts by its deadline alone.
            ours = ours and not (direction.backward and pod.since < self._began)
            count = (pod.failures + shown(pod) if ours else 0) + (i in self.overdue)
            if count > self.stored.get(i, 0):
                found[i] = count
        for i, at in self._refused():
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
        """Instances whose fresh count waits for the next second: thousands that fail one by one
        must not cost a write each. It does not wait if the update fails with it."""
        stored = self.direction.update.status.failures
        waits = stored and stored[0].time == self.direction.context.stamp
        return (
            Ids(self.increased) if waits and not (self.direction.moving and self.too_many) else NONE
        )

    @property
    def too_many(self) -> bool:
        return len(self.failed) > self.direction.policy.max_failed_instances

    def records(self) -> tuple[Failure, ...]:
        """The Update's failures with the fresh ones first, newest 50."""
        # Those that have failed first: they are why an Update ends, and what its revision is
        # judged by. No more are worked out than are kept.
        order = sorted(self.increased, key=lambda i: (i not in self.newly_failed, i))
        fresh = tuple(self._record(i, self.increased[i]) for i in order[:MAX_KEPT])
        return (fresh + self.direction.update.status.failures)[:MAX_KEPT]

    def _record(self, instance: int, attempt: int) -> Failure:
        view, refusal = self.direction.context.view, self.outage.refusal(instance)
        # Of a surge that cannot make its new pod, that is what failed, not the old pod; and so of
        # a pod that cannot be changed.
        old = instance in self._beside | self.outage.unchanged
        if refusal and (instance not in view.present or old):
            trouble, node = Trouble(refusal.reason, refusal.message), ""
        else:
            pod = self.direction.new_pod(instance)
            trouble, node = self._why(pod), pod.node
        return Failure(
            instance=instance,
            attempt=attempt,
            reason=trouble.reason,
            message=trouble.message[:MAX_MESSAGE],
            node=node or None,
            exit_code=trouble.exit_code,
            time=self.direction.context.stamp,
        )

    def _why(self, pod: Pod) -> Trouble:
        if pod.instance in self.outage.unfit and pod.trouble:
            said = of_pod(pod).removeprefix(f"{pod.trouble.reason}: ")
            return Trouble(pod.trouble.reason, said)
        if pod.instance not in self.overdue:
            return pod.trouble or Trouble("Restarted", "a container restarted")
        late = self._said_late(pod)
        if pod.trouble is None or pod.trouble.reason in ORDINARY:
            return Trouble("ReadyTimeout", late)
        said = f"{late}: {pod.trouble.message}".rstrip(": ")
        return Trouble(pod.trouble.reason, said, pod.trouble.exit_code)

    def _said_late(self, pod: Pod) -> str:
        """What a deadline found: one that was good, one that never was for long enough, or never
        was Ready at all."""
        i, direction, grace = pod.instance, self.direction, int(self.grace or 0)
        if i in direction.done:
            return f"not Ready for {self.timeout}s"
        view = direction.context.view.twin if i in direction.surging else direction.context.view
        if view.was_ready(i):
            window = direction.update.status.min_ready_seconds
            return f"Ready, but never for {window} s, until {grace}s after it was made"
        return f"not Ready {grace}s after it was made"

    @cached_property
    def _deadlines(self) -> tuple[tuple[float, Ids], ...]:
        """Moments, and the instances that become a failure then if they are not good by then."""
        return () if self.grace is None else tuple(self._waited_for(self.grace))

    def _waited_for(self, grace: float) -> Iterator[tuple[float, Ids]]:
        direction, view = self.direction, self.direction.context.view
        # By the second in which they were made, not one by one: 10,000 may be under way at once.
        for slot, mine in (
            (view, direction.in_flight & direction.arrived),
            (view.twin, direction.in_flight & direction.surging),
        ):
            for second, ids in slot.waiting.items() if mine else ():
                if late := ids & mine:
                    yield surely_past(max(float(second), self._began), grace), late
        for i in (direction.done - direction.removed) & direction.arrived & view.alive - view.ready:
            pod = view.pod(i)
            # A pod made anew was never Ready: its stretch began when it was made.
            since = max(pod.since, self._began)
            stretch = surely_past(pod.ready_since, self.timeout)
            yield max(surely_past(since, grace), stretch), Ids([i])

    @cached_property
    def _began(self) -> float:
        """When this direction did: a pod from before has its whole time from then."""
        status = self.direction.update.status
        if not self.direction.backward:
            return status.started_at or 0.0
        return status.turn.time if status.turn else 0.0

    @cached_property
    def _beside(self) -> Ids:
        """Ids of a surge whose new pod is to come up beside the old one, and has not."""
        return self.direction.untouched - self.direction.surging if self.direction.surges else NONE

    @cached_property
    def outage(self) -> Outage:
        return Outage(self.direction, self._began)

    def _refused(self) -> Iterator[tuple[int, float]]:
        """Instances whose pod is refused, by the API server or by the kubelet, each with the moment
        that makes it a failure."""
        refusals = {i: self.outage.refusal(i) for i in self.outage.refused | self.outage.unchanged}
        counting = Ids(i for i, r in refusals.items() if r and r.counts) | self.outage.unfit
        for i in counting & self.outage.ids:
            if (due := self.down_until(i)) is not None:
                yield i, due

    def down_until(self, instance: int) -> float | None:
        """The deadline of an instance that is down (epoch seconds); None: it has none."""
        return self.grace and surely_past(self.outage.since[instance], self.grace)


def cause(failures: Iterable[Failure], failed: Ids) -> str:
    """Why an Update failed: the newest failure of an instance that has failed, as a sentence."""
    found = next((f for f in failures if f.instance in failed), None)
    if found is None:
        return f"{len(failed)} instances failed"
    words = f"instance {found.instance} failed: {found.reason}"
    return f"{words}, {found.message}" if found.message else words


def shown(pod: Pod) -> int:
    """Failures a pod shows by itself; none when the kubelet refused it before a container ran."""
    return pod.restarts + (1 if pod.ended and pod.ran else 0)


def grouped(counts: Mapping[int, int]) -> dict[str, Ids]:
    """``{4: 1, 7: 1}`` as a status carries it: ``{"1": "4,7"}``."""
    found: dict[str, Ids] = {}
    for i, count in counts.items():
        found[str(count)] = found.get(str(count), NONE) | Ids([i])
    return found
