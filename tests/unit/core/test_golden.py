"""Objects that released versions stored, recorded by `hack.golden`: the present version reads them
without loss, and carries each Update on from where it was."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from pydantic import BaseModel

from controller.api import engine
from controller.api.job import Job
from controller.api.labels import INSTANCE, REVISION
from controller.api.meta import parse_time, wire
from controller.api.pods.slim import slim
from controller.api.pods.wire import PodWire
from controller.api.update import ACTIVE, TERMINAL, Action, Phase, Update
from controller.core.model.observed import Revision
from controller.core.revisions.revision import canonical, digest, revision_name
from hack.golden import FOLDER, SCENES, VERSION
from tests.unit.core.sim import World

Object = dict[str, Any]

FILES = sorted(FOLDER.glob("*/*.json"))
#: Where an Update ends that was recorded in a phase: after what a person does, if it waits for one.
ENDS = {
    Phase.ROLLING_FORWARD: Phase.ROLLED_FORWARD,
    Phase.ROLL_FORWARD_PAUSED: Phase.ROLLED_FORWARD,
    Phase.ROLL_FORWARD_AWAITING_PULSE: Phase.ABORTED,
    Phase.ROLLING_BACK: Phase.ROLLED_BACK,
    Phase.ROLL_BACK_PAUSED: Phase.ROLLED_BACK,
}


def recorded(path: Path) -> Object:
    # The simulated cluster has one namespace.
    text = path.read_text(encoding="utf-8").replace(f'"golden-{path.stem}"', '"default"')
    found: Object = json.loads(text)
    return found


def of_kind(found: Object, kind: str) -> list[Object]:
    return [each for each in found["items"] if each["kind"] == kind]


def lost(raw: Any, read: Any, path: str = "") -> Iterator[str]:
    """Paths of what ``raw`` has and ``read`` has not. An empty or false value may be left out."""
    if isinstance(raw, dict) and isinstance(read, dict):
        for key, value in raw.items():
            if key in read:
                yield from lost(value, read[key], f"{path}.{key}")
            elif value:
                yield f"{path}.{key}"
    elif isinstance(raw, list) and isinstance(read, list) and len(raw) == len(read):
        for index, (one, other) in enumerate(zip(raw, read, strict=True)):
            yield from lost(one, other, f"{path}[{index}]")
    elif raw != read:
        yield f"{path}: {raw!r} became {read!r}"


def test_this_version_has_golden_objects_of_each_scene() -> None:
    assert {p.stem for p in FILES if p.parent.name == VERSION} == set(SCENES), (
        "run `make golden` and commit the folder"
    )


@pytest.mark.parametrize("path", FILES, ids=lambda p: f"{p.parent.name}-{p.stem}")
class TestEach:
    def test_it_is_read_without_loss(self, path: Path) -> None:
        found, models = recorded(path), dict[str, type[BaseModel]](EchelonJob=Job, Update=Update)
        for kind, model in models.items():
            for raw in of_kind(found, kind):
                read = wire(model.model_validate(raw))  # type: ignore[arg-type]
                for part in ("spec", "status"):
                    assert list(lost(raw[part], read[part], part)) == []

    def test_a_revision_keeps_its_name(self, path: Path) -> None:
        found = recorded(path)
        assert of_kind(found, "ControllerRevision")
        for raw in of_kind(found, "ControllerRevision"):
            named = revision_name("web", digest(canonical(raw["data"])))
            assert named == raw["metadata"]["name"], "else every instance would be replaced"

    def test_a_pod_is_recognized(self, path: Path) -> None:
        found = recorded(path)
        (job,) = of_kind(found, "EchelonJob")
        for raw in of_kind(found, "Pod"):
            pod = slim(msgspec.convert(raw, PodWire))
            assert pod is not None
            assert str(pod.instance) == raw["metadata"]["labels"][INSTANCE]
            assert pod.revision == raw["metadata"]["annotations"][REVISION]
            assert (pod.labelled, pod.owner) == (True, job["metadata"]["uid"])

    def test_its_engine_is_not_newer(self, path: Path) -> None:
        for raw in of_kind(recorded(path), "Update"):
            assert not engine.is_newer(raw["status"].get("engineVersion"))

    def test_it_is_carried_on(self, path: Path) -> None:
        world = restored(recorded(path))
        updates = world.cluster.updates
        phase = world.update.status.phase if updates else None
        if phase is None or phase in TERMINAL:
            stays(world)
            return
        assert phase in ACTIVE
        name = world.update.metadata.name
        if phase in (Phase.ROLL_FORWARD_PAUSED, Phase.ROLL_BACK_PAUSED):
            stays(world)
            world.cluster.user_edit_update(name, paused=False)
        if phase is Phase.ROLL_FORWARD_AWAITING_PULSE:
            stays(world)
            world.cluster.user_edit_update(name, action=Action.ABORT)
        world.until_ended()
        assert world.phase is ENDS[phase]
        if world.phase is not Phase.ABORTED:
            back = world.phase is Phase.ROLLED_BACK
            assert set(world.images().values()) == {"web:1" if back else "web:2"}


def restored(found: Object) -> World:
    """A simulated cluster with the recorded objects, in which an operator starts."""
    (raw,) = of_kind(found, "EchelonJob")
    job = Job.model_validate(raw)
    world = World(job)
    cluster = world.cluster
    cluster._version = itertools.count(1_000_000)
    cluster.now = parse_time(found["recordedAt"])
    cluster.job = job
    cluster.templates = {
        r["metadata"]["name"]: r["data"] for r in of_kind(found, "ControllerRevision")
    }
    cluster.templates[cluster.revision] = job.spec.template
    cluster.revisions = {
        r["metadata"]["name"]: Revision(r["metadata"]["name"], r["metadata"]["uid"], r["revision"])
        for r in of_kind(found, "ControllerRevision")
    }
    cluster.updates = {
        u["metadata"]["name"]: Update.model_validate(u) for u in of_kind(found, "Update")
    }
    for each in of_kind(found, "Pod"):
        pod = slim(msgspec.convert(each, PodWire))
        assert pod is not None
        cluster.pods[pod.name] = pod
    world.kubelet.look()
    world.restart()
    return world


def stays(world: World) -> None:
    """Nothing becomes of it by itself: no pod is touched, and no phase changes."""
    world.run(10)
    pods = world.uids()
    phases = [u.status.phase for u in world.cluster.updates.values()]
    world.run(120)
    assert world.uids() == pods
    assert [u.status.phase for u in world.cluster.updates.values()] == phases
