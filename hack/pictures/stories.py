"""What the films of the command line tell: an update that passes, one that is rolled back, and one
that fails and stays where it is."""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from hack.pictures.files import write
from hack.pictures.svg import Moment, svg
from hack.pictures.terminal import COLUMNS, Terminal
from hack.ui.jobs import SIM, Part
from hack.ui.scene import Scene

Object = dict[str, Any]
FILMS: Final = ("start", "watch-rolled-back", "watch-failed")
_PATIENCE: Final = 60.0
_NAMESPACE: Final = "default"
_SLOW: Final = {"behaviour": "ready-after", "ready-after": "3s"}
_CRASH: Final = {"behaviour": "crash-loop", "exit-code": "3", "reason": "Error", "instances": "4"}


@dataclass(frozen=True)
class Film:
    """``name``: of the file; ``title``: for those who do not see it."""

    name: str
    title: str
    moments: list[Moment]

    def write(self, folder: Path) -> None:
        """Raises TooLargeError."""
        text = svg(self.moments, self.title, COLUMNS)
        write(folder / f"{self.name}.svg", text.encode())


def films(scene: Scene, folder: Path) -> Iterator[Film]:
    """All films, in the order in which they are taken. ``folder``: an empty one for the commands.
    The Job is deleted at the end."""
    job = Part(
        _NAMESPACE,
        "web",
        12,
        {"strategy": {"type": "Batch", "size": 4}},
        min_ready=2,
        before=("1.0", _SLOW),
    ).job()
    # Made by echelon: else it would not change fields that belong to others.
    _write(folder, job)
    environ = os.environ | {"KUBECONFIG": str(scene.cluster.kubeconfig)}
    command = [sys.executable, "-m", "controller.cli", "update", "start", "--yes"]
    subprocess.run([*command, str(folder / "web.yaml")], env=environ, check=True)
    _wait(scene, "echelonjobs", "web", "Ready")
    _write(folder, _changed(job, "1.1", {}))
    with Terminal(folder, scene.cluster.kubeconfig) as terminal:
        moments = terminal.film("echelon update start web.yaml", _said("has rolled forward"), "y")
    yield Film(
        FILMS[0],
        "echelon update start shows the difference and the plan, asks, and follows the update "
        "until all 12 instances run the new version",
        moments,
    )
    yield Film(
        FILMS[1],
        "echelon update watch shows an update whose instance 4 crashes, and how it is undone",
        _watched(scene, folder, _changed(job, "1.2", _CRASH), "has rolled back"),
    )
    stays = _changed(job, "1.3", _CRASH)
    stays["spec"]["update"]["rollbackOnFailure"] = False
    yield Film(
        FILMS[2],
        "echelon update watch shows an update that fails and stays where it is, and says what to "
        "do next",
        _watched(scene, folder, stays, "has failed"),
    )
    scene.cluster.api.delete(scene.path(_NAMESPACE, "echelonjobs", "web"))


def _write(folder: Path, job: Object) -> None:
    (folder / "web.yaml").write_text(json.dumps(job, indent=2) + "\n")


def _watched(scene: Scene, folder: Path, job: Object, end: str) -> list[Moment]:
    """Change the Job, and watch its Update until the terminal says ``end``."""
    before = _active(scene)
    scene.cluster.api.patch(scene.path(_NAMESPACE, "echelonjobs", "web"), {"spec": job["spec"]})
    until = time.monotonic() + _PATIENCE
    while _active(scene) in (None, before):
        assert time.monotonic() < until, "no Update begins"
        time.sleep(0.1)
    with Terminal(folder, scene.cluster.kubeconfig) as terminal:
        return terminal.film("echelon update watch web", _said(end))


def _changed(job: Object, tag: str, steering: Object) -> Object:
    """The Job with another image tag, and with annotations of the simulator."""
    made = copy.deepcopy(job)
    template = made["spec"]["template"]
    notes = {f"{SIM}/{key}": value for key, value in {**_SLOW, **steering}.items()}
    template["metadata"]["annotations"] = notes
    container = template["spec"]["containers"][0]
    container["image"] = f"{container['image'].rpartition(':')[0]}:{tag}"
    return made


def _said(words: str) -> Callable[[str], bool]:
    return lambda text: words in text


def _active(scene: Scene) -> str | None:
    job = scene.cluster.api.get(scene.path(_NAMESPACE, "echelonjobs", "web"))
    found: str | None = (job["status"].get("activeUpdate") or {}).get("uid")
    return found


def _wait(scene: Scene, plural: str, name: str, kind: str) -> None:
    until = time.monotonic() + _PATIENCE
    while not scene.condition(_NAMESPACE, plural, name, kind):
        assert time.monotonic() < until, f"{name} does not become {kind}"
        time.sleep(0.2)
