"""The nodes: pods start, become Ready, crash, end and go, as their image and instance say."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, replace

from controller.api.pod import Pod, Trouble
from tests.unit.core.sim.cluster import Cluster


@dataclass(frozen=True)
class Behaviour:
    """Seconds after the pod was made, or after it last became Ready; None: never."""

    ready: float | None = 2.0
    crash: float | None = None
    crashes: int = 1
    end: float | None = None
    stop: float | None = 1.0
    ran: bool = True
    infeasible: bool = False


class Kubelet:
    """``steering`` by (image, instance), (image, None) or (None, instance); first found counts."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.steering: dict[tuple[str | None, int | None], Behaviour] = {}
        self._due: list[tuple[float, int, str, str]] = []
        self._known: dict[str, bool] = {}
        self._changed: set[tuple[str, float]] = set()
        self._count = 0

    def behaviour(self, pod: Pod) -> Behaviour:
        image = self.cluster.image(pod.revision)
        keys = ((image, pod.instance), (image, None), (None, pod.instance))
        return next((self.steering[k] for k in keys if k in self.steering), Behaviour())

    def look(self) -> None:
        """Take up what was made or is to go."""
        for pod in list(self.cluster.pods.values()):
            known, how = self._known.get(pod.uid), self.behaviour(pod)
            if pod.deleted is not None and known is not True:
                self._known[pod.uid] = True
                self._at(how.stop, pod, "gone")
            elif not pod.in_effect and (pod.uid, pod.changed) not in self._changed:
                self._changed.add((pod.uid, pod.changed))
                self._at(how.ready, pod, "enacted")
            elif known is None and pod.deleted is None and not pod.ended:
                self._known[pod.uid] = False
                self._at(how.ready, pod, "ready")
                self._at(how.end, pod, "end")

    def next_due(self) -> float | None:
        self.look()
        return self._due[0][0] if self._due else None

    def work(self) -> None:
        """Do what is due by now."""
        self.look()
        while self._due and self._due[0][0] <= self.cluster.now:
            _, _, uid, what = heapq.heappop(self._due)
            pod = next((p for p in self.cluster.pods.values() if p.uid == uid), None)
            if pod is not None:
                self._do(pod, what)

    def release(self, pod: Pod) -> None:
        """A pod that does not end ends after all."""
        self.cluster.remove_pod(pod)

    def _do(self, pod: Pod, what: str) -> None:
        now, how, put = float(int(self.cluster.now)), self.behaviour(pod), self.cluster.set_pod
        if what == "gone":
            self.cluster.remove_pod(pod)
        elif pod.deleted is not None or pod.ended:
            return
        elif what == "ready":
            put(replace(pod, phase="Running", ran=True, ready=True, ready_since=now, trouble=None))
            if pod.restarts < how.crashes:
                self._at(how.crash, pod, "crash")
        elif what == "enacted":
            enacted = replace(pod, in_effect=not how.infeasible, infeasible=how.infeasible)
            put(replace(enacted, ready=True, ready_since=now, ran=True, phase="Running"))
            self._at(how.crash, pod, "crash")
        elif what == "crash":
            trouble = Trouble("Error", "container app exited with code 1", 1, now)
            crashed = replace(
                pod, restarts=pod.restarts + 1, ready=False, ready_since=now, trouble=trouble
            )
            put(crashed)
            self._at(how.ready, crashed, "ready")
        elif what == "end":
            trouble = Trouble("Error", "container app exited with code 3", 3, now)
            put(replace(pod, phase="Failed", ran=how.ran, ready=False, trouble=trouble))

    def _at(self, after: float | None, pod: Pod, what: str) -> None:
        if after is not None:
            self._count += 1
            heapq.heappush(self._due, (self.cluster.now + after, self._count, pod.uid, what))
