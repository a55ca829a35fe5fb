"""Two replicas of the operator for one namespace: one leads, the other stands by."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final

from hack.chaos.plane import REPLICAS, Plane
from hack.chaos.traffic import Traffic
from hack.harness.audit import Audit, Request
from hack.harness.judge import judge
from hack.harness.operator import Operator
from hack.harness.proxy import Proxy
from hack.harness.space import Space
from hack.stacked import Stacked

_NUMBERS: Final = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Times:
    """The times of the Lease, in seconds."""

    lease: float = 15.0
    renew: float = 10.0
    retry: float = 2.0

    @property
    def earliest(self) -> float:
        """Seconds before which no standby takes over from a leader that has renewed in time."""
        return self.lease - self.renew

    @property
    def args(self) -> tuple[str, ...]:
        return (
            f"--lease-duration-seconds={self.lease:g}",
            f"--lease-renew-deadline-seconds={self.renew:g}",
            f"--lease-retry-seconds={self.retry:g}",
        )


#: For many tries in a short time.
FAST: Final = Times(3.0, 2.0, 0.5)


class Replica:
    """One process of the pair, behind a proxy of its own; its ``user`` is in the audit log.
    ``forked``: see `Operator`."""

    def __init__(
        self, plane: Plane, space: str, number: int, args: Sequence[str], forked: bool
    ) -> None:
        self._forked = forked
        self.user = REPLICAS[number]
        self.proxy = Proxy(plane.cluster, self.user)
        self._plane, self._space, self._args, self._number = plane, space, args, number

    def start(self, stack: ExitStack) -> None:
        stack.enter_context(self.proxy)
        self.operator = Operator(
            self._plane.cluster,
            self._space,
            identity=f"replica-{self._number}",
            args=("--namespace", self._space, *self._args),
            kubeconfig=self.proxy.kubeconfig,
            forked=self._forked,
        )
        stack.callback(self._close)
        self.operator.start(timeout=90)

    def _close(self) -> None:
        if self.operator.running:
            self.operator.thaw()
        self.operator.close()

    @property
    def leads(self) -> bool | None:
        """Whether it leads, by its metrics. None: it does not say."""
        if not self.operator.running:
            return None
        shown = self.operator.metrics()
        return True if "echelon_leader 1.0" in shown else False if shown else None


class Pair(Stacked):
    """``space``: their namespace, with Jobs that are updated all the time."""

    def __init__(self, plane: Plane, times: Times, jobs: int = 3, *, forked: bool = False) -> None:
        super().__init__()
        self._forked = forked
        self.plane = plane
        self._times = times
        self._jobs = jobs

    def _start(self) -> None:
        plane, name = self.plane, f"pair-{next(_NUMBERS)}"
        self.space = Space(plane.cluster, plane.sightings, name)
        self.space.begin()
        self._stack.callback(self.space.end)
        self.audit = Audit(plane.cluster.audit_log)
        #: What was asked since the last call of `mark`.
        self.recent = Audit(plane.cluster.audit_log)
        self.replicas = [
            Replica(plane, name, number, self._times.args, self._forked)
            for number in range(len(REPLICAS))
        ]
        for replica in self.replicas:
            replica.start(self._stack)
        self.leader()
        self.traffic = self._stack.enter_context(Traffic(self.space, self._jobs))

    def mend(self) -> None:
        """Let both replicas run, with a network."""
        for replica in self.replicas:
            replica.proxy.reach = "open"
            if replica.operator.running:
                replica.operator.thaw()
            else:
                replica.operator.start(ready=False)

    def leader(self, timeout: float = 120.0) -> tuple[Replica, Replica]:
        """The replica that leads, and the other one; both run and are ready."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            for one, other in (self.replicas, self.replicas[::-1]):
                if one.leads is not True or other.leads is not False:
                    continue
                if other.operator.probe("readyz") and one.leads is True:
                    return one, other
            time.sleep(0.1)
        logs = "\n".join(each.operator.log_tail(15) for each in self.replicas)
        raise AssertionError(f"no replica leads while the other is ready\n{logs}")

    def mark(self) -> float:
        """Look only at writes from now on. Returns the Unix time."""
        self.recent.mark()
        return time.time()

    def writes(self, *replicas: Replica, since: float) -> list[Request]:
        """The successful writes of these replicas since the mark that the API server received after
        a Unix time, in their order."""
        good = self._successful(self.recent, *(replicas or self.replicas))
        return sorted((r for r in good if r.at.timestamp() > since), key=lambda r: r.at)

    def last_write(self, replica: Replica, before: float) -> float:
        """The Unix time of the last successful write of a replica; 0 if there is none."""
        times = (r.at.timestamp() for r in self._successful(self.audit, replica))
        return max((at for at in times if at < before), default=0.0)

    def _successful(self, audit: Audit, *replicas: Replica) -> Iterator[Request]:
        """The successful writes of these replicas."""
        for each in replicas:
            for request in audit.requests(user=each.user, namespace=self.space.name):
                if request.writes and not request.dry_run and request.code < 300:
                    yield request

    def next_write(self, *replicas: Replica, since: float, timeout: float) -> float | None:
        """Seconds from a Unix time to the next write of these replicas. None: there was none."""
        deadline = since + timeout
        while time.time() < deadline:
            time.sleep(0.1)
            if found := self.writes(*replicas, since=since):
                return found[0].at.timestamp() - since
        return None

    def judged(self) -> list[str]:
        """End the traffic; what must never happen and did."""
        self.traffic.settle()
        logs = {each.operator: 0 for each in self.replicas}
        users = [each.user for each in self.replicas]
        return judge(self.space, self.audit, logs, only=True, users=users)
