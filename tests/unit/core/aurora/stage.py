"""A test's Job, Update and pods in the words of Aurora's tests, so that a test reads like its row.

    stage.begin(3)                      # 0-2 run OLD
    stage.start()                       # the template becomes NEW
    stage.expect("RF", {0: "U"})
    stage.play(0, "K,A,S,R,W")
    stage.expect("RF", {0: "U D", 1: "U"})

``{0: "U D"}`` are the sets of ``Update.status.instances`` that an instance was in, in this order:
updating (U), updated (D), failed (UF), rolling back (RB), rolled back (RD), rollback failed (RF!).
Instances that are not named were in none. A status is reported once a second, so that an instance
may be seen updated without having been seen updating: then it has been all the same.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Collection
from typing import Any

from controller.api.meta import format_time
from hack.harness.manifests import (
    Object,
    batch,
    ids,
    job,
    phase,
    queue,
    update,
)
from hack.harness.space import Space
from tests.unit.core.aurora.kubelet import WATCH, Kubelet
from tests.unit.core.aurora.record import Record
from tests.unit.core.aurora.replay import PlayedObserver

OLD, NEW, OTHER = "web:old", "web:new", "web:other"

PHASES = {
    "RF": "RollingForward",
    "RFP": "RollForwardPaused",
    "RFA": "RollForwardAwaitingPulse",
    "RBK": "RollingBack",
    "RBP": "RollBackPaused",
    "RBA": "RollBackAwaitingPulse",
    "DONE": "RolledForward",
    "UNDONE": "RolledBack",
    "ABORTED": "Aborted",
    "FAILED": "Failed",
    "ERROR": "Error",
    "SUPERSEDED": "Superseded",
    "REJECTED": "Rejected",
}
#: As Aurora's fixture: one at a time, no failure is tolerated, no deadline.
FIXTURE: Object = {
    "strategy": queue(1),
    "maxFailuresPerInstance": 0,
    "maxFailedInstances": 0,
    "readyTimeoutSeconds": 0,
}


class Stage:
    """One Job ``web`` and the Update that is looked at (``name``)."""

    def __init__(self, space: Space, clock: Callable[[], float] = time.time) -> None:
        self.space = space
        self._clock = clock
        space.observer = PlayedObserver(space.sightings, space.name)
        self.record = Record(space.observer)
        self.kubelet = Kubelet(space, clock)
        self.play = self.kubelet.play
        self.name = ""
        self._numbers = itertools.count()
        #: Pods that the operator had deleted when the Update was started.
        self._killed_before: set[str] = set()

    # What users do.

    def begin(self, instances: int, image: str = OLD, **policy: Any) -> Object:
        """A Job all of whose instances are good; that its status says so is not waited for."""
        wish = job(instances=instances, image=image, min_ready=WATCH)
        wish["spec"]["update"] = FIXTURE | policy
        self.space.create(wish)
        self.run(lambda: self.good() == set(range(instances)))
        return self.space.job()

    def mix(
        self, instances: int, images: dict[str, str], mode: str = "Automatic", **policy: Any
    ) -> None:
        """A Job that runs OLD but for these ids (range strings), by canaries that went well."""
        self.begin(instances, mode="Manual", **policy)
        for n, (chosen, image) in enumerate(images.items()):
            self.edit(image)
            self.make(f"canary-{n}", instances=chosen, policy={"strategy": batch(instances)})
            self.run(lambda: self._phase() == "RolledForward")
        self.edit(OLD)
        # So that the template that was tried last is the present one again.
        untouched = set(range(instances)).difference(*map(ids, images))
        self.make("nothing-to-do", instances=f"{min(untouched)}")
        self.expect("DONE")
        self.edit(OLD, mode=mode)

    def edit(
        self, image: str, instances: int | None = None, pod: Object | None = None, **policy: Any
    ) -> Object:
        """Patch the Job: another image (and pod spec), count or policy."""
        containers = [{"name": "web", "image": image}]
        template = {"spec": {"containers": containers, **(pod or {})}}
        spec: Object = {"template": template, "update": policy}
        if instances is not None:
            spec["instances"] = instances
        return self.space.patch_job(**spec)

    def start(
        self,
        image: str = NEW,
        instances: int | None = None,
        pod: Object | None = None,
        **policy: Any,
    ) -> None:
        """Change the Job, so that the operator makes an Update: Aurora's startJobUpdate."""
        self._killed_before = self.record.killed()
        edited = self.edit(image, instances, pod, **policy)
        self.name = f"web-g{edited['metadata']['generation']}"

    def make(self, name: str = "mine", **spec: Any) -> None:
        """Make an Update by hand, and look at it."""
        self._killed_before = self.record.killed()
        self.name = name
        self.space.create(update(name, **spec))

    def say(self, **spec: Any) -> Object:
        """Patch the spec of the Update: what verbs are made of."""
        path = self.space.path("updates", self.name)
        done: Object = self.space.api.patch(path, {"spec": spec})
        return done

    def pause(self) -> None:
        self.say(paused=True)

    def resume(self) -> None:
        self.say(paused=False)

    def rollback(self) -> None:
        self.say(action="Rollback")

    def abort(self) -> None:
        self.say(action="Abort")

    def pulse(self) -> None:
        """All is well."""
        self._pulsed_at(format_time(self._clock()))

    def silence(self) -> None:
        """No pulse that counts, as if the interval had passed."""
        self._pulsed_at(None)

    def _pulsed_at(self, stamp: str | None) -> None:
        body = {"metadata": {"annotations": {"echelon.dev/pulsed-at": stamp}}}
        self.space.api.patch(self.space.path("updates", self.name), body)

    def lose(self, instance: int) -> None:
        """Somebody else deletes the pod."""
        before = self.space.pods()[instance]
        self.space.delete_pod(before.name)

        def going() -> bool:
            pod = self.space.pods().get(instance)
            return pod is None or pod.uid != before.uid or pod.deleting

        self.space.until(f"{before.name} to go", going)

    # What there is to see.

    def update(self) -> Object:
        """The Update that is looked at."""
        return self.space.update(self.name)

    def pods(self) -> dict[int, str]:
        """Instance -> uid of its pod, unless that is being deleted."""
        return {i: pod.uid for i, pod in self.space.pods().items() if not pod.deleting}

    def good(self) -> set[int]:
        """Instances that are Ready and not being deleted."""
        return {i for i, pod in self.space.pods().items() if pod.ready and not pod.deleting}

    def images(self) -> dict[int, str]:
        return {i: pod.image for i, pod in sorted(self.space.pods().items())}

    def trail(self) -> dict[int, str]:
        """Instance -> the sets it was in, one after another."""
        return self.record.trail(self.name)

    def kills(self) -> int:
        """How many pods the operator had its kubelet end since the Update was started."""
        return len(self.record.killed() - self._killed_before)

    def touched(self, back: bool = False) -> list[int]:
        """Instances in the order in which their pods were deleted or created on the Update's way
        forward or back."""
        return self.record.touched(self.name, PHASES["RBK" if back else "RF"])

    def groups(self, back: bool = False) -> list[set[int]]:
        """The groups that the Update was about, one after another, on its way forward or back."""
        return self.record.groups(self.name, PHASES["RBK" if back else "RF"])

    # Waiting.

    def expect(
        self,
        state: str,
        trail: dict[int, str] | None = None,
        *,
        failures: dict[str, str] | None = None,
        says: str = "",
    ) -> Object:
        """Wait until the Update is in this state, with exactly these results and counts of failures
        so far, and these words in its message."""

        def check() -> Object | None:
            found: Object | None = self.space.sightings.get(self.space.name, "Update", self.name)
            if found is None or phase(found) != PHASES[state]:
                return None
            status = found["status"]
            as_told = (
                (trail is None or trail == self.trail())
                and (failures is None or failures == status.get("failureCounts", {}))
                and says in status.get("message", "")
            )
            return found if as_told else None

        self.space.explain = lambda: f"{self.name} is in {self._phase()}, trail {self.trail()}"
        what = f"{self.name}: {state} {trail} {failures or ''} {says}"
        found = self.space.until(what, check)
        assert found is not None
        return found

    def run(self, until: Callable[[], Any], hold: Collection[int] = ()) -> None:
        """Kubelets without trouble, until ``until()`` is true; to the pods of the instances in
        ``hold`` nothing happens."""
        deadline = time.monotonic() + 30
        while not until():
            assert time.monotonic() < deadline, f"in vain\n{self.space.describe()}"
            self.kubelet.step(hold)
            self.space.sightings.wait(lambda: False, 0.02)

    def run_to(self, state: str) -> Object:
        """Kubelets without trouble, until the Update is in this state."""
        self.run(lambda: self._phase() == PHASES[state])
        return self.expect(state)

    def run_up_to(self, instance: int) -> None:
        """Kubelets without trouble, until it is the turn of this instance."""
        self.run(lambda: "U" in self.trail().get(instance, ""), hold={instance})

    def barrier(self) -> None:
        """Return when the operator has decided on all that was done before: it has answered a
        question that came later, and one that came after that answer."""
        for _ in range(2):
            name = f"question-{next(self._numbers)}"
            self.space.create(update(name, instances="9999"))
            self.space.wait_update("Rejected", name=name)

    def _phase(self) -> str:
        return phase(self.space.sightings.get(self.space.name, "Update", self.name))
