"""The story: first creation, an update that passes, two that undo themselves, and the checks."""

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
#: Real services are given ten minutes to come up; nobody wants to watch that.
HURRY = "s/Seconds: 600/Seconds: 3/"
MANIFEST = "web.yaml"
FIRST, GOOD, BAD = "webserver:1.0", "webserver:1.1", "webserver:1.2-never-ready"
#: It comes up as it should, and then most of what it does is wrong.
WRONG = "webserver:1.3"
BATCH = 3
INSTANCES = 12
PATIENCE = 90.0
WAIT = 4.0
_TURN = 0.1


@dataclass
class Story:
    """Play it with `play`; `results` says of each promise whether it was kept."""

    stage: Stage
    screen: Screen
    results: list[tuple[bool, str, float | None]] = field(default_factory=list)
    #: Where commands are run.
    _folder: Path = field(init=False)
    #: The Job's spec as it was stored when it was last applied.
    _applied: Object = field(default_factory=dict)

    @property
    def kept(self) -> bool:
        return bool(self.results) and all(ok for ok, _, _ in self.results)

    def play(self) -> None:
        self._folder = self.stage.copy()
        self._create()
        self._pass()
        self._fail()
        self._gate()
        self._stay()

    # --- acts ---

    def _create(self) -> None:
        self.screen.heading("A Job of 12 instances")
        self.screen.say("A new instance has 3 s to come up, not 600: it is soon over.")
        self.stage.watch(JOB)
        self._run(f"sed '{HURRY}' {EXAMPLE} > {MANIFEST}")
        self._run(f"kubectl apply -f {MANIFEST}")
        taken = self._follow("every instance is good", lambda: _true(self.job, "Ready"), None, "")
        self._promise(
            len(self.pods) == INSTANCES and self._images() == {FIRST},
            f"created: {INSTANCES} instances at {FIRST}",
            taken,
        )

    def _pass(self) -> None:
        self.screen.heading("A new version")
        self.stage.observer.begin(INSTANCES)
        update, taken = self._change(FIRST, GOOD, FIRST)
        phase = update["status"]["phase"]
        self._promise(
            phase == "RolledForward" and self._images() == {GOOD},
            f"{update['metadata']['name']}: {phase}, {INSTANCES // BATCH} batches of {BATCH}",
            taken,
        )

    def _fail(self) -> None:
        self.screen.heading("A version that never gets ready")
        self.screen.say("Instance 4 of it will not come up: the update has to notice, and undo.")
        self._undone(BAD, "all instances")
        most = self.stage.observer.most_out
        self._promise(
            most <= BATCH and not self.stage.observer.twins,
            f"never more than {BATCH} instances out of service (seen: {most}), never two of one",
        )
        self.screen.say("")
        self.screen.output(self._run("kubectl get ejob,eup"))

    def _undone(self, image: str, which: str) -> Object:
        """An update to ``image`` that puts back what it touched, and touches nothing else."""
        before = self._uids()
        update, taken = self._change(FIRST, image, GOOD)
        status, name = update["status"], update["metadata"]["name"]
        self._settled()
        touched = Ids.parse(status["instances"].get("rolledBack", ""))
        after = self._uids()
        same = Ids(i for i in before if before[i] == after.get(i))
        self._promise(
            status["phase"] == "RolledBack" and self._images() == {GOOD},
            f"{name}: {status['phase']}, {which} at {GOOD} again",
            taken,
        )
        untouched = Ids.span(0, INSTANCES) - touched
        self._promise(
            bool(untouched) and same == untouched,
            f"untouched instances kept their pods: {untouched}",
        )
        return update

    def _gate(self) -> None:
        self.screen.heading("A version that comes up, and whose requests fail")
        self.screen.say("A gate asks after each batch. To add one is no new version.")
        dashboard = self.stage.start_dashboard(lambda revision: self._runs(revision, WRONG))
        gate = f'{{"name":"errors","webhook":{{"url":"{dashboard.url}"}}}}'
        patch = f'{{"spec":{{"update":{{"gates":[{gate}]}}}}}}'
        self._run(f"kubectl patch ejob {JOB} --type=merge -p '{patch}'")
        status = self._undone(WRONG, "its first batch")["status"]
        self._promise(
            dashboard.asked == 1 and status["reason"] == "GateFailed",
            f"the gate was asked once: {status['gates'][0]['message']}",
        )

    def _runs(self, revision: str, image: str) -> bool:
        """Whether pods of that revision run that image."""
        with self.stage.world.changed:
            return any(
                image_of(pod) == image and pod["metadata"]["annotations"][REVISION] == revision
                for pod in self.pods.values()
            )

    def _stay(self) -> None:
        """A bad version is not tried again, whatever else happens to the Job."""
        self.screen.heading("And it stays that way")
        updates, uids = set(self.updates), self._uids()
        with self.screen.step(f"waiting {WAIT:.0f} s"):
            time.sleep(WAIT)
        template = self.job["spec"]["template"]
        self._promise(
            image_of(template) == WRONG and self.job["spec"] == self._applied,
            f"Job.spec is untouched: it still says {WRONG}",
        )
        self._promise(
            set(self.updates) == updates and self._uids() == uids,
            "waiting does not try the bad version again",
        )
        more = INSTANCES + 1
        self._run(f"kubectl scale ejob {JOB} --replicas={more}")
        with self.screen.step(f"instance {INSTANCES} comes up"):
            self._wait("the new instance is good", lambda: self._available(more))
        now = self._uids()
        self._promise(
            set(self.updates) == updates
            and {i: now.get(i) for i in uids} == uids
            and self._images() == {GOOD},
            f"nor does scaling: instance {INSTANCES} runs {tag(GOOD)}, the others are left alone",
        )

    # --- what they are made of ---

    def _change(self, old: str, new: str, before: str) -> tuple[Object, float]:
        """Apply the manifest with another image; the Update it led to, when that has ended."""
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
        """Show the Job until `over`; the seconds it took."""
        begun = time.monotonic()

        def look() -> Scene | None:
            with self.stage.world.changed:
                if JOB not in self.stage.world.jobs:
                    return None
                shown = update() if update else None
                return scene(self.job, shown, self.pods.values(), time.time())

        def turn() -> bool:
            return self._turn(what, over, begun)

        self.screen.follow(look, turn, before)
        return time.monotonic() - begun

    def _wait(self, what: str, over: Callable[[], bool]) -> None:
        begun = time.monotonic()
        while not self._turn(what, over, begun):
            pass

    def _turn(self, what: str, over: Callable[[], bool], begun: float) -> bool:
        self.stage.check_operator()
        if time.monotonic() - begun > PATIENCE:
            raise StageError(f"waited {PATIENCE:.0f} s in vain: {what}")
        with self.stage.world.changed:
            if JOB in self.stage.world.jobs and over():
                return True
            self.stage.world.changed.wait(_TURN)
            return False

    def _settled(self) -> None:
        """The Update ends in the same moment as its last pods are good; let the watch see it."""
        self._wait("every instance is available", lambda: self._available(INSTANCES))

    def _available(self, count: int) -> bool:
        status = self.job.get("status", {})
        return status.get("availableInstances") == count and len(self.pods) == count

    def _run(self, command: str) -> str:
        self.screen.command(command)
        return self.stage.shell(command, self._folder)

    def _promise(self, ok: bool, text: str, seconds: float | None = None) -> None:
        self.results.append((ok, text, seconds))
        self.screen.check(ok, text, seconds)

    # --- what the watches have seen ---

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
