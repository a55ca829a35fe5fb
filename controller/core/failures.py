"""Failures of new pods: what counts, how often, and which instances have failed (contract rule 6).

The count of an instance is ``max(stored, the count its pod was made with + what the pod shows)``:
a pure function of stored state, so that a restart neither forgets nor repeats one. A pod shows one
failure for each restart of a container, one when it ended, and one when its deadline passed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from controller.api.ids import NONE, Ids
from controller.api.pod import Pod, Trouble
from controller.api.update import Failure
from controller.core.oneway import OneWay

MAX_KEPT = 50
MAX_MESSAGE = 256


@dataclass(frozen=True)
class Tally:
    """The failures of one direction of an Update, counted at one moment."""

    way: OneWay

    @property
    def now(self) -> float:
        return self.way.case.now

    @cached_property
    def stored(self) -> dict[int, int]:
        counts = self.way.update.status.failure_counts
        return {i: int(count) for count, ids in counts.items() for i in ids}

    @cached_property
    def grace(self) -> float | None:
        """Seconds a new pod has to become good; None: for ever."""
        timeout = self.way.policy.ready_timeout_seconds
        return timeout + (self.way.update.status.min_ready_seconds or 0) if timeout else None

    @cached_property
    def overdue(self) -> Ids:
        """Instances that are alive and whose deadline has passed."""
        return Ids(i for i, at in self._deadlines() if at <= self.now)

    @cached_property
    def next_deadline(self) -> float | None:
        """When the next one passes if nothing changes."""
        return min((at for _, at in self._deadlines() if at > self.now), default=None)

    @cached_property
    def fresh(self) -> dict[int, int]:
        """Instances whose count is higher than stored, with that count (of those that have failed,
        no further ones)."""
        way, found = self.way, {}
        suspects = (way.flight | way.done) & way.arrived & (way.case.view.hurt | self.overdue)
        for i in suspects:
            pod = way.case.view.pod(i)
            if pod.deleted is None and not pod.disrupted and pod.update == way.update.metadata.uid:
                count = pod.failures + shown(pod) + (i in self.overdue)
                if count > self.stored.get(i, 0):
                    found[i] = count
        for i in self._refused():
            found[i] = self.stored.get(i, 0) + 1
        return found

    @cached_property
    def counts(self) -> dict[int, int]:
        return {**self.stored, **self.fresh}

    @cached_property
    def newly_failed(self) -> Ids:
        limit = self.way.policy.max_failures_per_instance
        return Ids(i for i, count in self.fresh.items() if count > limit) - self.way.failed

    @cached_property
    def failed(self) -> Ids:
        return self.way.failed | self.newly_failed

    @property
    def too_many(self) -> bool:
        return len(self.failed) > self.way.policy.max_failed_instances

    def records(self) -> tuple[Failure, ...]:
        """The Update's failures with the fresh ones first, newest 50."""
        fresh = tuple(self._record(i, count) for i, count in sorted(self.fresh.items()))
        return (fresh + self.way.update.status.failures)[:MAX_KEPT]

    def _record(self, instance: int, attempt: int) -> Failure:
        view, refusal = self.way.case.view, self.way.case.seen.refusals.get(instance)
        if instance not in view.present and refusal:
            trouble, node = Trouble(refusal.reason, refusal.message), ""
        else:
            pod = view.pod(instance)
            trouble, node = self._why(pod), pod.node
        return Failure(
            instance=instance,
            attempt=attempt,
            reason=trouble.reason,
            message=trouble.message[:MAX_MESSAGE],
            node=node or None,
            exit_code=trouble.exit_code,
            time=self.way.case.stamp,
        )

    def _why(self, pod: Pod) -> Trouble:
        if pod.instance not in self.overdue:
            return pod.trouble or Trouble("Restarted", "a container restarted")
        seconds = int(self.grace or 0)
        cause = f"{pod.trouble.reason}: {pod.trouble.message}" if pod.trouble else "not Ready"
        return Trouble(
            pod.trouble.reason if pod.trouble else "ReadyTimeout",
            f"not good {seconds}s after it was made ({cause.rstrip(': ')})",
            pod.trouble.exit_code if pod.trouble else None,
        )

    def _deadlines(self) -> Iterator[tuple[int, float]]:
        """Pods that are alive and not good, each with the moment that makes it a failure."""
        way, view = self.way, self.way.case.view
        if self.grace is None:
            return
        for i in way.flight & way.arrived & view.alive:
            yield i, view.pod(i).created + self.grace
        for i in (way.done - way.kill) & way.arrived & view.alive - view.ready:
            yield i, view.pod(i).ready_since + way.policy.ready_timeout_seconds

    def _refused(self) -> Iterator[int]:
        """Instances whose create is still refused at the deadline, counted from the batch's start
        or from the last failure for the same reason."""
        way, batch = self.way, self.way.update.status.batch
        if self.grace is None or batch is None:
            return
        for i in way.flight & way.asked - way.case.view.present - way.idle:
            refusal = way.case.seen.refusals.get(i)
            if refusal and refusal.counts:
                since = max([batch.started_at, *self._failed_at(i)])
                if since + self.grace <= self.now:
                    yield i

    def _failed_at(self, instance: int) -> Iterator[float]:
        return (f.time for f in self.way.update.status.failures if f.instance == instance)


def shown(pod: Pod) -> int:
    """Failures a pod shows by itself; none when the kubelet refused it before a container ran."""
    return pod.restarts + (1 if pod.ended and pod.ran else 0)


def grouped(counts: Mapping[int, int]) -> dict[str, Ids]:
    """``{4: 1, 7: 1}`` as a status carries it: ``{"1": "4,7"}``."""
    found: dict[str, Ids] = {}
    for i, count in counts.items():
        found[str(count)] = found.get(str(count), NONE) | Ids([i])
    return found
