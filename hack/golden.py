"""``python -m hack.golden`` records golden objects of the present version.

It writes the folder tests/golden/<version>/, and the CRDs of the version to ``crds`` in it. Run it
once for each release, when its version is set, and commit the folder; never change or delete the
folders of earlier releases.

A real operator runs on a real control plane with simulated nodes. At each moment of `SCENES` it is
stopped (SIGSTOP), and the Job, its Updates, its ControllerRevisions and its pods are written to one
file as JSON. `tests/unit/core/test_golden.py` shows that the present version reads them without
loss and carries each Update on.
"""

from __future__ import annotations

import json
import signal
import sys
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from controller.api.crds import all_crds
from hack.demo.stage import Stage
from hack.devcluster.cluster import Cluster

Object = dict[str, Any]

ROOT: Final = Path(__file__).resolve().parent.parent
FOLDER: Final = ROOT / "tests" / "golden"
VERSION: Final[str] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
GROUP: Final = "/apis/echelon.dev/v1alpha1"
#: Longest wait for a moment, in seconds.
PATIENCE: Final = 120.0
_SIM: Final = "sim.echelon.dev"
_SLOW: Final = {"behaviour": "ready-after", "ready-after": "2s"}
_NEVER: Final = {"behaviour": "never-ready", "instances": "1"}
_FAILING: Final = {"readyTimeoutSeconds": 4, "maxFailuresPerInstance": 0}


@dataclass(frozen=True)
class Scene:
    """One moment. ``phase`` and ``updated``: the recorded Update is in this phase and has updated
    so many instances or more; ``update``: the Job's policy; ``steering``: annotations of the new
    pods, None: no new template; ``verbs``: changes of the Update's spec, each made when the Update
    is in the phase before it; ``explicit``: the spec of an Update made by a user."""

    phase: str = ""
    updated: int = 0
    update: Object = field(default_factory=dict)
    steering: dict[str, str] | None = None
    verbs: tuple[tuple[str, Object], ...] = ()
    explicit: Object | None = None


SCENES: Final[dict[str, Scene]] = {
    "created": Scene(),
    "rolling-forward": Scene(
        "RollingForward", 1, {"gates": [{"name": "restarts", "builtin": {}}]}, _SLOW
    ),
    "surging": Scene("RollingForward", 1, {"replacement": "Surge"}, _SLOW),
    "in-place": Scene("RollingForward", 1, {"replacement": "InPlace"}, {}),
    "paused": Scene("RollForwardPaused", 1, {}, _SLOW, (("RollingForward", {"paused": True}),)),
    "awaiting-pulse": Scene("RollForwardAwaitingPulse", 0, {"pulseIntervalSeconds": 1}, _SLOW),
    "rolling-back": Scene("RollingBack", 0, _FAILING, _NEVER),
    "roll-back-paused": Scene(
        "RollBackPaused", 0, _FAILING, _NEVER, (("RollingBack", {"paused": True}),)
    ),
    "rolled-forward": Scene("RolledForward", 3, {}, {}),
    "rolled-back": Scene("RolledBack", 0, _FAILING, _NEVER),
    "failed": Scene("Failed", 0, {**_FAILING, "rollbackOnFailure": False}, _NEVER),
    "aborted": Scene("Aborted", 1, {}, _SLOW, (("RollingForward", {"action": "Abort"}),)),
    "planned": Scene("Planned", 0, {"mode": "Manual"}, {}, (), {"dryRun": True}),
    "rejected": Scene("Rejected", 0, {"mode": "Manual"}, {}, (), {"instances": "9"}),
}


def main() -> int:
    """Record all scenes."""
    folder = FOLDER / VERSION
    record_crds(folder)
    with Stage() as stage:
        stage.start_cluster()
        cluster = stage.cluster
        cluster.kubectl("apply", "-f", str(ROOT / "crds"))
        cluster.kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=60s")
        stage.start_operator()
        for name, scene in SCENES.items():
            _Recording(stage, name, scene).write(folder / f"{name}.json")
            print(f"{name}: recorded", file=sys.stderr, flush=True)
    return 0


def record_crds(folder: Path) -> None:
    """Write the CRDs of the present version to ``crds`` in a folder of golden objects."""
    (folder / "crds").mkdir(parents=True, exist_ok=True)
    for crd in all_crds():
        path = folder / "crds" / f"{crd['spec']['names']['plural']}.json"
        path.write_text(json.dumps(crd, indent=1, sort_keys=True) + "\n", encoding="utf-8")


class _Recording:
    """One scene, in a namespace of its own."""

    def __init__(self, stage: Stage, name: str, scene: Scene) -> None:
        self._stage, self._scene, self._namespace = stage, scene, f"golden-{name}"

    @property
    def _cluster(self) -> Cluster:
        return self._stage.cluster

    def write(self, path: Path) -> None:
        scene, api = self._scene, self._cluster.api
        api.create("/api/v1/namespaces", {"metadata": {"name": self._namespace}})
        account = f"/api/v1/namespaces/{self._namespace}/serviceaccounts/default"
        self._cluster.wait("the ServiceAccount", lambda: api.get(account), PATIENCE)
        self._create(GROUP, "echelonjobs", _job(scene))
        self._wait("the Job", self._is_ready)
        if scene.steering is not None:
            change = {"spec": {"template": _template("web:2", scene.steering)}}
            api.patch(self._path(GROUP, "echelonjobs", "web"), change)
        if scene.explicit is not None:
            spec = {"job": "web", **scene.explicit}
            body = {"kind": "Update", "metadata": {"name": "mine"}, "spec": spec}
            self._create(GROUP, "updates", {"apiVersion": "echelon.dev/v1alpha1", **body})
        for phase, spec in scene.verbs:
            self._wait(phase, lambda phase=phase: self._is_in(phase))  # type: ignore[misc]
            name = self._updates()[-1]["metadata"]["name"]
            api.patch(self._path(GROUP, "updates", name), {"spec": spec})
        if scene.phase:
            self._wait(scene.phase, lambda: self._is_in(scene.phase))
        self._stage.operator.send(signal.SIGSTOP)
        try:
            text = json.dumps(self._everything(), indent=1, sort_keys=True)
        finally:
            self._stage.operator.send(signal.SIGCONT)
        path.write_text(text + "\n", encoding="utf-8")
        api.delete(self._path(GROUP, "echelonjobs", "web"))

    def _everything(self) -> Object:
        revisions = self._list("/apis/apps/v1", "controllerrevisions")
        found = [
            *self._list(GROUP, "echelonjobs"),
            *self._updates(),
            *(r for r in revisions if r["metadata"]["name"].startswith("web-")),
            *self._list("/api/v1", "pods"),
        ]
        for each in found:
            if each["kind"] != "Update":  # From an Update's the operator learns who set a verb.
                each["metadata"].pop("managedFields", None)
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        return {"version": VERSION, "recordedAt": now, "items": found}

    def _is_ready(self) -> bool:
        (job,) = self._list(GROUP, "echelonjobs")
        conditions = job.get("status", {}).get("conditions", [])
        return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)

    def _is_in(self, phase: str) -> bool:
        status = (self._updates() or [{}])[-1].get("status", {})
        enough = phase != self._scene.phase and not self._scene.verbs
        updated = status.get("counts", {}).get("updated", 0)
        return status.get("phase") == phase and (enough or updated >= self._scene.updated)

    def _updates(self) -> list[Object]:
        return self._list(GROUP, "updates")

    def _list(self, group: str, plural: str) -> list[Object]:
        found = self._cluster.api.get(self._path(group, plural))
        kind = found["kind"].removesuffix("List")
        # The items of a list of the core have no kind.
        return [{"apiVersion": found["apiVersion"], "kind": kind, **i} for i in found["items"]]

    def _create(self, group: str, plural: str, obj: Object) -> None:
        self._cluster.api.create(self._path(group, plural), obj)

    def _path(self, group: str, plural: str, *name: str) -> str:
        return "/".join([group, "namespaces", self._namespace, plural, *name])

    def _wait(self, what: str, probe: Callable[[], bool]) -> None:
        self._cluster.wait(f"{self._namespace}: {what}", probe, PATIENCE)


def _job(scene: Scene) -> Object:
    return {
        "apiVersion": "echelon.dev/v1alpha1",
        "kind": "EchelonJob",
        "metadata": {"name": "web"},
        "spec": {
            "instances": 3,
            "minReadySeconds": 1,
            "update": scene.update,
            "template": _template("web:1", _SLOW if scene.phase.startswith("RollingB") else {}),
        },
    }


def _template(image: str, steering: dict[str, str]) -> Object:
    annotations = {f"{_SIM}/{key}": value for key, value in steering.items()}
    containers = [{"name": "web", "image": image}]
    return {"metadata": {"annotations": annotations}, "spec": {"containers": containers}}


if __name__ == "__main__":
    sys.exit(main())
