"""The state of a Job at one moment, as the demo shows it: a pure function of API objects."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from controller.api.ids import Ids
from controller.api.labels import INSTANCE
from controller.api.meta import parse_time
from controller.api.update import BACKWARD, TERMINAL, Phase
from hack.demo.observer import is_ready

Object = dict[str, Any]


class State(StrEnum):
    """The state of an instance, in a word that fits a tile."""

    GOOD = "good"
    READY = "ready"
    STARTING = "starting"
    STOPPING = "stopping"
    ABSENT = "gone"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Tile:
    """One instance. `version` is its image's tag, "" if it has no pod. `has_failures`: the shown
    Update has counted failures of the instance."""

    instance: int
    version: str
    state: State
    has_failures: bool = False


@dataclass(frozen=True, slots=True)
class Scene:
    """`done` of `total` instances are in state `counted` ("good", "updated"); `batch` is a range
    string."""

    job: str
    image: str
    tiles: tuple[Tile, ...]
    update: str
    phase: str
    backward: bool
    done: int
    total: int
    counted: str
    batch_number: int
    batch: str
    message: str

    @property
    def ended(self) -> bool:
        return self.phase in {str(phase) for phase in TERMINAL}


def image_of(template_or_pod: Object) -> str:
    """The image of the first container."""
    image: str = template_or_pod["spec"]["containers"][0]["image"]
    return image


def tag(image: str) -> str:
    """The tag of an image."""
    return image.rpartition(":")[2]


def scene(job: Object, update: Object | None, pods: Iterable[Object], now: float) -> Scene:
    """The scene of a Job and of the Update that is to be shown. ``now`` is in epoch seconds."""
    status = (update or {}).get("status", {})
    sets = status.get("instances", {})
    failed = Ids.parse(sets.get("failed", "")) | Ids.parse(sets.get("rollbackFailed", ""))
    with_failures = Ids(each["instance"] for each in status.get("failures", []))
    tiles = tuple(
        replace(tile, has_failures=tile.instance in with_failures)
        for tile in _tiles(job, pods, failed, now)
    )
    name, image = job["metadata"]["name"], image_of(job["spec"]["template"])
    if update is None:
        ready = _condition(job, "Ready")
        return Scene(
            job=name,
            image=image,
            tiles=tiles,
            update="",
            phase=ready.get("reason", "Pending"),
            backward=False,
            done=job.get("status", {}).get("availableInstances", 0),
            total=job["spec"]["instances"],
            counted="good",
            batch_number=0,
            batch="",
            message=ready.get("message", ""),
        )
    phase, counts = Phase(status.get("phase", "Pending")), status.get("counts", {})
    batch = status.get("batch") or {}
    return Scene(
        job=name,
        image=image,
        tiles=tiles,
        update=update["metadata"]["name"],
        phase=str(phase),
        backward=phase in BACKWARD or phase is Phase.ROLLED_BACK,
        done=counts.get("updated", 0),
        total=counts.get("total", 0),
        counted="updated",
        batch_number=batch.get("index", -1) + 1,
        batch=batch.get("instances", ""),
        message=status.get("message", ""),
    )


def _tiles(job: Object, pods: Iterable[Object], failed: Ids, now: float) -> tuple[Tile, ...]:
    by_instance = {int(pod["metadata"]["labels"][INSTANCE]): pod for pod in pods}
    wanted = set(range(job["spec"]["instances"]))
    seconds = job["spec"].get("minReadySeconds", 10)
    return tuple(
        _tile(i, by_instance.get(i), i in failed, seconds, now)
        for i in sorted(wanted | set(by_instance))
    )


def _tile(instance: int, pod: Object | None, failed: bool, seconds: int, now: float) -> Tile:
    if pod is None:
        return Tile(instance, "", State.ABSENT)
    version = tag(image_of(pod))
    if "deletionTimestamp" in pod["metadata"]:
        return Tile(instance, version, State.STOPPING)
    if is_ready(pod):
        since = parse_time(_condition(pod, "Ready")["lastTransitionTime"])
        return Tile(instance, version, State.GOOD if now - since >= seconds else State.READY)
    return Tile(instance, version, State.FAILED if failed else State.STARTING)


def _condition(item: Object, kind: str) -> Object:
    conditions: list[Object] = item.get("status", {}).get("conditions", [])
    return next((each for each in conditions if each["type"] == kind), {})
