"""The story: the creation of a Job, an update that succeeds, two that roll back, and the checks."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from controller.api.ids import Ids
from controller.api.labels import INSTANCE, REVISION
from hack.demo.scene import Scene, image_of, scene, tag
from hack.demo.screen import Screen
from hack.demo.stage import Stage, StageError

Object = dict[str, Any]

JOB = "web"
EXAMPLE = "examples/webserver.yaml"
#: The sed script that shortens the time a new pod has to become ready: the demo should be short.
SHORTER_TIMEOUT = "s/Seconds: 600/Seconds: 3/"
MANIFEST = "web.yaml"
FIRST, GOOD, BAD = "webserver:1.0", "webserver:1.1", "webserver:1.2-never-ready"
#: Its pods become ready, but many of their requests fail.
WRONG = "webserver:1.3"
BATCH = 3
INSTANCES = 12
#: Seconds.
TIMEOUT = 90.0
WAIT = 4.0
_POLL = 0.1


@dataclass
class Story:
    """`play` plays the story; `results` holds a row per check: passed, text, seconds it took."""

    stage: Stage
    screen: Screen
    results: list[tuple[bool, str, float | None]] = field(default_factory=list)
    #: The folder in which commands run.
    _folder: Path = field(init=False)
    #: The Job's spec as the API server stored it after the last apply.
    _applied: Object = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        return bool(self.results) and all(ok for ok, _, _ in self.results)

    def play(self) -> None:
        self._folder = self.stage.copy()
        self._create()
        self._succeed()
        self._fail()
        self._fail_gate()
        self._check_no_retry()

    # --- acts ---

    def _create(self) -> None:
        self.screen.heading("A Job of 12 instances")
        self.screen.say(
            "A new pod has 3 s to become ready instead of 600, so that the demo is short."
        )
        self.stage.watch(JOB)
        self._run(f"sed '{SHORTER_TIMEOUT}' {EXAMPLE} > {MANIFEST}")
        self._run(f"kubectl apply -f {MANIFEST}")
        taken = self._follow("every instance is good", lambda: _true(self.job, "Ready"), None, "")
        self._check(
            len(self.pods) == INSTANCES and self._images() == {FIRST},
            f"created: {INSTANCES} instances at {FIRST}",
            taken,
        )

    def _succeed(self) -> None:
        self.screen.heading("A new version")
        self.stage.observer.begin(INSTANCES)
        update, taken = self._change(FIRST, GOOD, FIRST)
        phase = update["status"]["phase"]
        self._check(
            phase == "RolledForward" and self._images() == {GOOD},
            f"{update['metadata']['name']}: {phase}, {INSTANCES // BATCH} batches of {BATCH}",
            taken,
        )

    def _fail(self) -> None:
        self.screen.heading("A version that never gets ready")
        self.screen.say(
            "Instance 4 does not become ready: the update must notice this and roll back."
        )
        self._roll_back(BAD, "all instances")
        most = self.stage.observer.most_not_ready
        self._check(
            most <= BATCH and not self.stage.observer.duplicates,
            f"never more than {BATCH} instances not ready (observed: {most}), "
            "never two pods of one",
        )
        self.screen.say("")
        self.screen.output(self._run("kubectl get ejob,eup"))

    def _roll_back(self, image: str, which: str) -> Object:
        """Update to ``image`` and check that the update restores the instances it replaced, and
        replaces no others."""
        before = self._uids()
        update, taken = self._change(FIRST, image, GOOD)
        status, name = update["status"], update["metadata"]["name"]
        self._wait_until_available()
        touched = Ids.parse(status["instances"].get("rolledBack", ""))
        after = self._uids()
        same = Ids(i for i in before if before[i] == after.get(i))
        self._check(
            status["phase"] == "RolledBack" and self._images() == {GOOD},
            f"{name}: {status['phase']}, {which} at {GOOD} again",
            taken,
        )
        untouched = Ids.span(0, INSTANCES) - touched
        self._check(
            bool(untouched) and same == untouched,
            f"untouched instances kept their pods: {untouched}",
        )
        return update

    def _fail_gate(self) -> None:
        self.screen.heading("A version that becomes ready, but whose requests fail")
        self.screen.say("The gate runs after each batch. Adding a gate starts no update.")
        dashboard = self.stage.start_dashboard(lambda revision: self._runs(revision, WRONG))
        gate = f'{{"name":"errors","webhook":{{"url":"{dashboard.url}"}}}}'
        patch = f'{{"spec":{{"update":{{"gates":[{gate}]}}}}}}'
        self._run(f"kubectl patch ejob {JOB} --type=merge -p '{patch}'")
        status = self._roll_back(WRONG, "its first batch")["status"]
        self._check(
            dashboard.requests == 1 and status["reason"] == "GateFailed",
            f"the gate ran once: {status['gates'][0]['message']}",
        )

    def _runs(self, revision: str, image: str) -> bool:
        """Whether a pod of ``revision`` runs ``image``."""
        with self.stage.world.changed:
            return any(
                image_of(pod) == image and pod["metadata"]["annotations"][REVISION] == revision
                for pod in self.pods.values()
            )

    def _check_no_retry(self) -> None:
        """Check that the operator does not try the bad version again by itself."""
        self.screen.heading("The bad version is not tried again")
        updates, uids = set(self.updates), self._uids()
        with self.screen.step(f"waiting {WAIT:.0f} s"):
            time.sleep(WAIT)
        template = self.job["spec"]["template"]
        self._check(
            image_of(template) == WRONG and self.job["spec"] == self._applied,
            f"Job.spec is unchanged: its image is still {WRONG}",
        )
        self._check(
            set(self.updates) == updates and self._uids() == uids,
            "no update starts while nothing changes",
        )
        more = INSTANCES + 1
        self._run(f"kubectl scale ejob {JOB} --replicas={more}")
        with self.screen.step(f"instance {INSTANCES} comes up"):
            self._wait("the new instance is good", lambda: self._available(more))
        now = self._uids()
        self._check(
            set(self.updates) == updates
            and {i: now.get(i) for i in uids} == uids
            and self._images() == {GOOD},
            f"no update starts when the Job is scaled: instance {INSTANCES} runs {tag(GOOD)}, "
            "other pods stay",
        )

    # --- steps of the acts ---

    def _change(self, old: str, new: str, before: str) -> tuple[Object, float]:
        """Apply the manifest with another image and wait for the end of its Update.

        Returns the Update and the seconds it took.
        """
        known = set(self.updates)
        self._run(f"sed s/:{tag(old)}/:{tag(new)}/ {MANIFEST} | kubectl apply -f -")
        self._applied = self.stage.job(JOB)["spec"]

        def made() -> Object | None:
            new = sorted(set(self.updates) - known)
            return self.updates[new[0]] if new else None

        def ended() -> bool:
            update = made()
            return update is not None and _true(update, "Complete")

        taken = self._follow(f"the update to {new} ends", ended, made, before)
        update = made()
        assert update is not None
        return update, taken

    def _follow(
        self, what: str, over: Callable[[], bool], update: Callable[[], Object | None] | None,
        before: str,
    ) -> float:  # fmt: skip
        """Show the Job until ``over`` returns True. Returns the seconds that took."""
        begun = time.monotonic()

        def look() -> Scene | None:
            with self.stage.world.changed:
                if JOB not in self.stage.world.jobs:
                    return None
                shown = update() if update else None
                return scene(self.job, shown, self.pods.values(), time.time())

        def step() -> bool:
            return self._step(what, over, begun)

        self.screen.follow(look, step, before)
        return time.monotonic() - begun

    def _wait(self, what: str, over: Callable[[], bool]) -> None:
        begun = time.monotonic()
        while not self._step(what, over, begun):
            pass

    def _step(self, what: str, over: Callable[[], bool], begun: float) -> bool:
        self.stage.check_operator()
        if time.monotonic() - begun > TIMEOUT:
            raise StageError(f"timed out after {TIMEOUT:.0f} s: {what}")
        with self.stage.world.changed:
            if JOB in self.stage.world.jobs and over():
                return True
            self.stage.world.changed.wait(_POLL)
            return False

    def _wait_until_available(self) -> None:
        """The watch may deliver the end of the Update before the last change of a pod."""
        self._wait("every instance is available", lambda: self._available(INSTANCES))

    def _available(self, count: int) -> bool:
        status = self.job.get("status", {})
        return status.get("availableInstances") == count and len(self.pods) == count

    def _run(self, command: str) -> str:
        self.screen.command(command)
        return self.stage.shell(command, self._folder)

    def _check(self, ok: bool, text: str, seconds: float | None = None) -> None:
        self.results.append((ok, text, seconds))
        self.screen.check(ok, text, seconds)

    # --- objects, as the watches delivered them ---

    @property
    def job(self) -> Object:
        return self.stage.world.jobs[JOB]

    @property
    def updates(self) -> dict[str, Object]:
        return self.stage.world.updates

    @property
    def pods(self) -> dict[str, Object]:
        return self.stage.world.pods

    def _uids(self) -> dict[int, str]:
        with self.stage.world.changed:
            return {
                int(pod["metadata"]["labels"][INSTANCE]): pod["metadata"]["uid"]
                for pod in self.pods.values()
            }

    def _images(self) -> set[str]:
        with self.stage.world.changed:
            return {image_of(pod) for pod in self.pods.values()}


def _true(item: Object, condition: str) -> bool:
    status = item.get("status", {})
    if status.get("observedGeneration") != item["metadata"]["generation"]:
        return False
    return any(
        each["type"] == condition and each["status"] == "True"
        for each in status.get("conditions", [])
    )
