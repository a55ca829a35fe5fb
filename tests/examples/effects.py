"""The effects of the commands in docs/updates.md, checked after each command."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from controller.api.update import Phase, Update, UpdateStatus
from hack.demo.stage import Stage
from tests.examples.rolling import TIMEOUT, Rolling, is_true

PERSON = "kubectl-patch (field manager)"
#: Seconds, longer than a batch of the example takes: an update that is not held would continue.
WHILE = 5.0


class Effects:
    """The checks. `pods` are the uids by instance at the last check."""

    def __init__(self, stage: Stage, namespace: str) -> None:
        self.stage = stage
        self.job = Rolling(stage, "web", namespace)
        self.updates = f"/apis/echelon.dev/v1alpha1/namespaces/{namespace}/updates"
        self.pods: dict[int, str] = {}

    def after(self) -> dict[str, Callable[[], None]]:
        """The check after each command."""
        return {
            "kubectl wait ejob/web --for=condition=Ready --timeout=2m": self.created,
            "kubectl wait eup/web-g2 --for=condition=Paused": self.paused,
            "kubectl wait eup/web-g2 --for=condition=Complete --timeout=5m": self.went_on,
            wait("web-g3", "RolledBack", "5m"): self.rolled_back,
            wait("web-g4", "Aborted"): self.aborted,
            "kubectl wait ejob/web --for=condition=Stalled": self.mixed,
            "kubectl wait eup/web-g5 --for=condition=Succeeded --timeout=5m": self.tried_again,
            "kubectl wait ejob/web --for=condition=UpdatePending": self.waits,
            wait("plan", "Planned"): self.planned,
            "kubectl wait eup/canary --for=condition=Succeeded --timeout=5m": self.canary,
            "kubectl wait eup/rest --for=condition=Succeeded --timeout=5m": self.rest,
            "kubectl wait eup/stepwise --for=condition=Paused": self.first_step,
            "kubectl wait eup/stepwise --for=condition=Succeeded --timeout=5m": self.last_step,
            "kubectl wait eup/restart --for=condition=Succeeded --timeout=5m": self.restarted,
            "kubectl wait eup/back --for=condition=Succeeded --timeout=5m": self.went_back,
            "kubectl wait eup/coordinated --for=condition=AwaitingPulse": self.without_pulse,
            wait("web-g10", "RolledBack", "5m"): self.failed,
            "kubectl wait eup/again --for=jsonpath='{.status.reason}'=KnownBad": self.known_bad,
            "kubectl wait eup/forced --for=condition=Complete --timeout=5m": self.forced,
        }

    # Present objects.

    def update(self, name: str) -> UpdateStatus:
        return Update.model_validate(self.stage.cluster.api.get(f"{self.updates}/{name}")).status

    def ended(self, name: str, phase: Phase, reason: str) -> UpdateStatus:
        status = self.update(name)
        assert (status.phase, status.reason) == (phase, reason), status
        assert status.history[0].phase is phase
        return status

    def until(self, what: str, probe: Callable[[dict[str, Any]], bool]) -> None:
        """Wait until the probe is true for the Job, whose status may be a second late."""
        self.stage.cluster.wait(what, lambda: probe(self.job.get()), TIMEOUT)

    def condition(self, kind: str, reason: str) -> None:
        def true(job: dict[str, Any]) -> bool:
            found = [(c["type"], c["status"], c["reason"]) for c in job["status"]["conditions"]]
            return (kind, "True", reason) in found

        self.until(f"{kind}, reason {reason}", true)

    def whole(self) -> None:
        def six() -> bool:
            pods = self.job.pods().values()
            gone = any("deletionTimestamp" in pod["metadata"] for pod in pods)
            return len(pods) == 6 and not gone and all(is_true(pod, "Ready") for pod in pods)

        self.stage.cluster.wait("all six are Ready", six, TIMEOUT)

    def runs(self, *tags: str) -> None:
        """Check the image tag of each instance; a single tag is for all of them."""
        expected = tags * 6 if len(tags) == 1 else tags
        assert self.job.images() == [f"web:{tag}" for tag in expected]

    def kept(self) -> set[int]:
        """The instances with the same pod as at the last call."""
        pods = {i: pod["metadata"]["uid"] for i, pod in self.job.pods().items()}
        before, self.pods = self.pods, pods
        return {i for i in pods if pods[i] == before.get(i)}

    def bad_images(self) -> list[str]:
        bad = self.job.get()["status"].get("knownBad", [])
        return [image for each in bad for image in each["images"]]

    # Checks.

    def created(self) -> None:
        self.runs("1.0")
        self.kept()

    def paused(self) -> None:
        self.whole()
        time.sleep(WHILE)
        self.ended("web-g2", Phase.ROLL_FORWARD_PAUSED, "Paused")
        self.runs("1.1", "1.1", "1.0", "1.0", "1.0", "1.0")
        assert self.kept() == {2, 3, 4, 5}

    def went_on(self) -> None:
        self.ended("web-g2", Phase.ROLLED_FORWARD, "Completed")
        self.runs("1.1")
        assert self.kept() == {0, 1}

    def rolled_back(self) -> None:
        status = self.ended("web-g3", Phase.ROLLED_BACK, "RollbackRequested")
        assert [e.by for e in status.history if e.phase is Phase.ROLLING_BACK] == [PERSON]
        self.runs("1.1")
        # The second batch may have started by then.
        touched = set(status.instances.rolled_back)
        assert {0, 1} <= touched <= {0, 1, 2, 3}
        assert self.kept() == set(range(6)) - touched
        self.condition("Stalled", "RolledBack")
        assert self.bad_images() == []
        names = self.job.updates()
        time.sleep(WHILE)
        assert self.job.updates() == names
        assert self.job.get()["spec"]["template"]["spec"]["containers"][0]["image"] == "web:1.2"

    def aborted(self) -> None:
        status = self.ended("web-g4", Phase.ABORTED, "AbortRequested")
        assert status.history[0].by == PERSON

    def mixed(self) -> None:
        self.condition("Stalled", "Aborted")
        self.whole()
        images = self.job.images()
        assert images[:2] == ["web:1.2"] * 2
        assert images[4:] == ["web:1.1"] * 2
        self.kept()

    def tried_again(self) -> None:
        self.ended("web-g5", Phase.ROLLED_FORWARD, "Completed")
        self.runs("1.2")
        kept = self.kept()
        assert {0, 1} <= kept <= {0, 1, 2, 3}, "instances that already ran it"

    def waits(self) -> None:
        self.condition("UpdatePending", "Manual")
        self.condition("Ready", "Ready")
        assert self.kept() == set(range(6))

    def planned(self) -> None:
        self.ended("plan", Phase.PLANNED, "Planned")
        time.sleep(WHILE)
        assert self.kept() == set(range(6))

    def canary(self) -> None:
        self.ended("canary", Phase.ROLLED_FORWARD, "Completed")
        assert self.kept() == {1, 2, 3, 4, 5}
        self.runs("1.3", "1.2", "1.2", "1.2", "1.2", "1.2")
        self.stage.shell(f"kubectl delete pod web-0 --namespace={self.job.namespace}")
        self.whole()
        self.runs("1.3", "1.2", "1.2", "1.2", "1.2", "1.2")
        self.kept()

    def rest(self) -> None:
        self.ended("rest", Phase.ROLLED_FORWARD, "Completed")
        self.runs("1.3")
        assert self.kept() == {0}

    def first_step(self) -> None:
        time.sleep(WHILE)
        self.ended("stepwise", Phase.ROLL_FORWARD_PAUSED, "AutoPaused")
        self.runs("1.4", "1.3", "1.3", "1.3", "1.3", "1.3")
        assert self.kept() == {1, 2, 3, 4, 5}

    def last_step(self) -> None:
        status = self.ended("stepwise", Phase.ROLLED_FORWARD, "Completed")
        assert status.observed_resume_token == "looks good"
        assert [e.by for e in status.history if e.reason == "Resumed"] == [PERSON]
        self.runs("1.4")
        assert self.kept() == {0}

    def restarted(self) -> None:
        self.ended("restart", Phase.ROLLED_FORWARD, "Completed")
        self.runs("1.4")
        assert self.kept() == set()

    def went_back(self) -> None:
        self.ended("back", Phase.ROLLED_FORWARD, "Completed")
        self.runs("1.3")
        self.condition("Ready", "Ready")
        time.sleep(WHILE)
        self.runs("1.3")
        self.kept()

    def without_pulse(self) -> None:
        time.sleep(WHILE)
        self.ended("coordinated", Phase.ROLL_FORWARD_AWAITING_PULSE, "AwaitingPulse")
        assert self.kept() == set(range(6))

    def failed(self) -> None:
        coordinated = self.ended("coordinated", Phase.ROLLED_FORWARD, "Completed")
        assert coordinated.policy is not None
        assert coordinated.policy.pulse_interval_seconds == 5
        assert self.kept() == set(), "the coordinated update replaced all instances"
        self.ended("web-g10", Phase.ROLLED_BACK, "InstancesFailed")
        self.runs("1.4")
        assert self.bad_images() == ["web:1.5-exit"]

    def known_bad(self) -> None:
        self.ended("again", Phase.REJECTED, "KnownBad")
        assert self.kept() == set(range(6))

    def forced(self) -> None:
        status = self.ended("forced", Phase.ROLLED_BACK, "InstancesFailed")
        assert status.history[-1].phase is Phase.ROLLING_FORWARD
        self.runs("1.4")
        assert self.kept() == {2, 3, 4, 5}


def wait(update: str, phase: str, timeout: str = "") -> str:
    """The command that waits until an Update has a phase."""
    command = f"kubectl wait eup/{update} --for=jsonpath='{{.status.phase}}'={phase}"
    return f"{command} --timeout={timeout}" if timeout else command
