"""Plays the kubelets: nothing becomes of a pod but what a test says, letter by letter.

    kubelet.play(1, "K,A,S,R,W")

| letter | the pod of the instance | in Aurora |
|---|---|---|
| `P` | a new one is there, on no node | PENDING |
| `A` | it is bound to a node | ASSIGNED |
| `S` | its container runs, it is not Ready | STARTING |
| `R` | it is Ready, since now | RUNNING |
| `W`, `H` | it is so for longer than `minReadySeconds`; for half of it | the clock is advanced |
| `N` | it is not Ready any more | |
| `C` | its container ended with code 1 and was started again | FAILED, seen from inside |
| `Fail` | the pod has ended, phase Failed | FAILED, and rescheduled |
| `K`, `Fin` | it is gone, after the operator deleted it; it ended well first | KILLED, FINISHED |

No letter waits for time to pass: `minReadySeconds` is so long here that nothing becomes good by
itself, and `W` sets the pod's own stamps back. A letter waits only for what must come before it:
`K` for the operator's delete, `P` and `A` for its new pod.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from controller.api.meta import format_time
from hack.harness.manifests import Object
from hack.harness.pods import PodSeen
from hack.harness.space import Space

#: `minReadySeconds` of the Jobs: nothing becomes good by itself.
WATCH = 1000
NODE = "played"


class Kubelet:
    """The kubelets of one namespace."""

    def __init__(self, space: Space, clock: Callable[[], float], job: str = "web") -> None:
        self._space = space
        self._clock = clock
        self._job = job

    def play(self, instance: int, letters: str) -> None:
        """Move the pod of an instance through these states, one after another."""
        for letter in letters.split(","):
            getattr(self, f"_{letter}")(instance)

    def step(self, hold: Collection[int] = ()) -> None:
        """Do for every pod what a kubelet without trouble would do next: remove the deleted, bring
        up the new. To those of the instances in ``hold`` nothing is done."""
        for instance, pod in sorted(self._space.pods(self._job).items()):
            if instance in hold:
                continue
            if pod.deleting:
                self.play(instance, "K")
            elif not pod.node:
                self.play(instance, "A,W")

    # The letters.

    def _P(self, instance: int) -> None:  # noqa: N802
        self._wait(instance, "a new pod", lambda pod: not pod.deleting and not pod.node)

    def _A(self, instance: int) -> None:  # noqa: N802
        self._P(instance)
        target = {"target": {"apiVersion": "v1", "kind": "Node", "name": NODE}}
        path = self._space.path("pods", self._name(instance), "binding")
        self._space.api.create(path, {"metadata": {"name": self._name(instance)}, **target})
        self._wait(instance, "a pod on a node", lambda pod: bool(pod.node))

    def _S(self, instance: int) -> None:  # noqa: N802
        self._tell(instance, "Running", ready=False, running=self._stamp())

    def _R(self, instance: int) -> None:  # noqa: N802
        self._tell(instance, "Running", ready=True, running=self._stamp())

    def _W(self, instance: int) -> None:  # noqa: N802
        self._tell(instance, "Running", ready=True, running=self._stamp(WATCH + 1))

    def _H(self, instance: int) -> None:  # noqa: N802
        self._tell(instance, "Running", ready=True, running=self._stamp(WATCH // 2))

    def _N(self, instance: int) -> None:  # noqa: N802
        self._tell(instance, "Running", ready=False, running=self._stamp(WATCH + 1))

    def _C(self, instance: int) -> None:  # noqa: N802
        self._tell(instance, "Running", ready=True, running=self._stamp(), crashed=True)

    def _Fail(self, instance: int) -> None:  # noqa: N802
        self._tell(instance, "Failed", ready=False, code=1)

    def _K(self, instance: int) -> None:  # noqa: N802
        pod = self._wait(instance, "a pod that is deleted", lambda pod: pod.deleting)
        self._remove(pod)

    def _Fin(self, instance: int) -> None:  # noqa: N802
        pod = self._wait(instance, "a pod that is deleted", lambda pod: pod.deleting)
        self._tell(instance, "Succeeded", ready=False, code=0)
        self._remove(pod)

    # What they are made of.

    def _name(self, instance: int) -> str:
        return f"{self._job}-{instance}"

    def _wait(self, instance: int, what: str, probe: Callable[[PodSeen], bool]) -> PodSeen:
        """The present pod of an instance once ``probe`` is true of it."""

        def check() -> PodSeen | None:
            pod = self._space.pods(self._job).get(instance)
            return pod if pod and probe(pod) else None

        found = self._space.until(f"instance {instance}: {what}", check)
        assert found is not None
        return found

    def _remove(self, pod: PodSeen) -> None:
        """The last act of a kubelet, once the containers of a deleted pod have ended."""
        body = {"gracePeriodSeconds": 0, "preconditions": {"uid": pod.uid}}
        self._space.api.delete(self._space.path("pods", pod.name), body)

        def gone() -> bool:
            return pod.uid not in {p.uid for p in self._space.pods(self._job).values()}

        self._space.until(f"{pod.name} to be gone", gone)

    def _tell(
        self,
        instance: int,
        phase: str,
        *,
        ready: bool,
        running: str = "",
        code: int = 0,
        crashed: bool = False,
    ) -> None:
        """Report a status: running since ``running``, or else ended with ``code``."""
        self._wait(instance, "a pod on a node", lambda pod: bool(pod.node))
        raw: Object = self._space.api.get(self._space.path("pods", self._name(instance)))
        spec = raw["spec"]["containers"][0]
        before = raw.get("status", {}).get("containerStatuses") or [{}]
        container = {
            "name": spec["name"],
            "image": spec["image"],
            "imageID": f"played://{spec['image']}",
            "ready": ready,
            "restartCount": before[0].get("restartCount", 0) + crashed,
            "state": {"running": {"startedAt": running}} if running else self._ended(code),
            "lastState": self._ended(1) if crashed else before[0].get("lastState", {}),
        }
        condition = {
            "type": "Ready",
            "status": str(ready),
            "lastTransitionTime": running if ready else self._stamp(),
            **({} if ready else {"reason": "ContainersNotReady" if running else "PodFailed"}),
        }
        status: Object = {
            "phase": phase,
            "observedGeneration": raw["metadata"].get("generation"),
            "conditions": [condition],
            "containerStatuses": [container],
        }
        self._space.api.patch(
            self._space.path("pods", self._name(instance), "status"), {"status": status}
        )

    def _ended(self, code: int) -> Object:
        reason = "Error" if code else "Completed"
        times = {"startedAt": self._stamp(2), "finishedAt": self._stamp(1)}
        return {"terminated": {"exitCode": code, "reason": reason, **times}}

    def _stamp(self, seconds_ago: int = 0) -> str:
        return format_time(self._clock() - seconds_ago)
