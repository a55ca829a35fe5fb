"""The nodes: pods start, become Ready, crash, end and go, as their image and instance say."""

from __future__ import annotations

import heapq
from dataclasses import dataclass

from controller.api.pods.pod import Pod, Trouble
from controller.core.model.claims import BOUND
from controller.core.revisions.claims import mounted
from tests.unit.core.sim.cluster import Cluster
from tests.values import replace


@dataclass(frozen=True)
class Behaviour:
    """Seconds after the container was started, after it last became Ready (``crash``), after the
    pod was changed (``enact``) or deleted (``stop``); None: never."""

    ready: float | None = 2.0
    crash: float | None = None
    crashes: int = 1
    end: float | None = None
    stop: float | None = 1.0
    ran: bool = True
    #: Why it ends, and whether somebody else's act ends it (an eviction).
    reason: str = "Error"
    disrupted: bool = False
    enact: float | None = 1.0
    infeasible: bool = False


@dataclass
class Life:
    """What the kubelet knows of a pod. ``run``: which start of its container this is; what was due
    for an earlier one is void. ``revision``: what runs, which a change in place leaves behind."""

    revision: str
    run: int = 0
    crashes: int = 0
    going: bool = False
    change: tuple[float, str, str] | None = None


class Kubelet:
    """``steering`` by (image, instance), (image, None) or (None, instance); first found counts."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.steering: dict[tuple[str | None, int | None], Behaviour] = {}
        self._due: list[tuple[float, int, str, str, int]] = []
        self._lives: dict[str, Life] = {}
        self._count = 0
        #: Seconds by which the clocks of the nodes are ahead.
        self.ahead = 0.0

    @property
    def stamp(self) -> float:
        """What a node writes of this moment."""
        return self.cluster.stamp + self.ahead

    def behaviour(self, pod: Pod, revision: str | None = None) -> Behaviour:
        image = self.cluster.image(revision or pod.revision)
        keys = ((image, pod.instance), (image, None), (None, pod.instance))
        return next((self.steering[k] for k in keys if k in self.steering), Behaviour())

    def look(self) -> None:
        """Take up what was made, was changed or is to go."""
        for pod in list(self.cluster.pods.values()):
            life = self._lives.get(pod.uid)
            if life is None and self._waits(pod) and pod.deleted is None:
                if pod.trouble is None:
                    trouble = Trouble("Unschedulable", "pod has unbound PersistentVolumeClaims")
                    self.cluster.set_pod(replace(pod, trouble=trouble))
                continue
            if life is None:
                life = self._lives[pod.uid] = Life(pod.revision)
                if pod.deleted is None and not pod.ended:
                    self._start(pod, life)
            if pod.deleted is not None and not life.going:
                life.going = True
                self._at(self.behaviour(pod, life.revision).stop, pod, "gone", 0)
            change = (pod.changed, pod.revision, pod.update)
            if not pod.in_effect and not pod.ended and life.change != change:
                life.change = change
                how = self.behaviour(pod)
                self._at(how.enact, pod, "infeasible" if how.infeasible else "enacted", life.run)

    def _waits(self, pod: Pod) -> bool:
        """Whether a claim of the pod is not there, or not bound. Strangers' pods have none."""
        if pod.revision not in self.cluster.templates:
            return False
        names = mounted(self.cluster.canonical(pod.revision))
        claims = (self.cluster.claims.get(f"{name}-web-{pod.instance}") for name in names)
        return any(claim is None or claim.phase != BOUND for claim in claims)

    def state(self) -> tuple[object, ...]:
        """All that decides what happens next."""
        return sorted(self._due), {uid: replace(life) for uid, life in self._lives.items()}

    def next_due(self) -> float | None:
        self.look()
        return self._due[0][0] if self._due else None

    def work(self) -> None:
        """Do what is due by now."""
        self.look()
        while self._due and self._due[0][0] <= self.cluster.now:
            _, _, uid, what, run = heapq.heappop(self._due)
            pod = next((p for p in self.cluster.pods.values() if p.uid == uid), None)
            if pod is not None:
                self._do(pod, what, run)

    def release(self, pod: Pod) -> None:
        """A pod that does not end ends after all."""
        self.cluster.remove_pod(pod)

    def _do(self, pod: Pod, what: str, run: int) -> None:
        life = self._lives[pod.uid]
        if what == "gone":
            self.cluster.remove_pod(pod)
            return
        change = (pod.changed, pod.revision, pod.update)
        pending = not pod.in_effect and life.change == change
        if pod.deleted is not None or pod.ended or run != life.run:
            return
        if what in ("enacted", "infeasible") and not pending:
            return
        if what == "crash" and pending:
            # The container starts anew, and with what it was changed to.
            what = "enacted"
        getattr(self, f"_{what}")(pod, life)

    def _ready(self, pod: Pod, life: Life) -> None:
        now, how = self.stamp, self.behaviour(pod, life.revision)
        self.cluster.set_pod(
            replace(pod, phase="Running", ran=True, ready=True, ready_since=now, trouble=None)
        )
        if life.crashes < how.crashes:
            self._at(how.crash, pod, "crash", life.run)

    def _enacted(self, pod: Pod, life: Life) -> None:
        """A new image restarts the container; other resources do not."""
        image = self.cluster.image
        restarts = image(life.revision) != image(pod.revision)
        life.revision = pod.revision
        enacted = replace(pod, in_effect=True, infeasible=False)
        if restarts:
            enacted = replace(enacted, ready=False, ready_since=self.stamp)
        self.cluster.set_pod(enacted)
        if restarts:
            life.crashes = 0
            self._start(pod, life)

    def _infeasible(self, pod: Pod, life: Life) -> None:
        del life
        self.cluster.set_pod(replace(pod, infeasible=True))

    def _crash(self, pod: Pod, life: Life) -> None:
        now = self.stamp
        life.crashes += 1
        trouble = Trouble("Error", "container app exited with code 1", 1, now)
        crashed = replace(pod, restarts=pod.restarts + 1, ran=True, trouble=trouble)
        self.cluster.set_pod(replace(crashed, ready=False, ready_since=now))
        self._start(pod, life)

    def _end(self, pod: Pod, life: Life) -> None:
        how = self.behaviour(pod, life.revision)
        trouble = Trouble(how.reason, "container app exited with code 3", 3, self.stamp)
        if how.reason != "Error":
            trouble = Trouble(how.reason, "the node has no room")
        ended = replace(pod, phase="Failed", ran=pod.ran or how.ran, ready=False, trouble=trouble)
        self.cluster.set_pod(replace(ended, disrupted=how.disrupted))

    def _start(self, pod: Pod, life: Life) -> None:
        life.run += 1
        how = self.behaviour(pod, life.revision)
        self._at(how.ready, pod, "ready", life.run)
        self._at(how.end, pod, "end", life.run)

    def _at(self, after: float | None, pod: Pod, what: str, run: int) -> None:
        if after is not None:
            self._count += 1
            due = (self.cluster.now + after, self._count, pod.uid, what, run)
            heapq.heappush(self._due, due)
