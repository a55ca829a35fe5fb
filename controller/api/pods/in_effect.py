"""Whether a change in place has taken effect: read from the pod's status (contract rule 16).

The kubelet restarts a container once for a changed image, and for a changed resource when its
``resizePolicy`` says so; a restart base counts that restart in. So a container that has reached its
base runs what the spec says. The name of the image in a status says less: a runtime names any tag
of what runs (containerd the first it knows), and ``web:1.4.0`` may be the very image that was
``web:1.4.0-rc1``. So another name counts only where no image id stands beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from controller.api import labels
from controller.api.pods import quantity
from controller.api.pods.restart_base import RestartBase
from controller.api.pods.wire import ContainerStatus, PodCondition, PodWire

PENDING: Final = "PodResizePending"
IN_PROGRESS: Final = "PodResizeInProgress"
RESIZE: Final = frozenset({PENDING, IN_PROGRESS})
#: What can be changed while a container runs.
RESIZABLE: Final = ("cpu", "memory")


def in_effect(
    pod: PodWire,
    containers: Iterable[ContainerStatus],
    conditions: Mapping[str, PodCondition],
    base: RestartBase,
) -> bool:
    """``containers``: what should run all the time. ``conditions`` by type, those of a resize only
    if it is ours."""
    status = pod.status
    # A kubelet older than 1.34 does not tell the generation: the other signs have to do.
    if status.observed_generation and status.observed_generation < pod.metadata.generation:
        return False
    if any(is_true(conditions.get(kind)) for kind in (PENDING, IN_PROGRESS)):
        return False
    if any(c.restart_count < base.of(c.name) for c in containers):
        return False
    images = {c.name: c.image for c in pod.spec.containers}
    if any(_runs_another(c, images.get(c.name, "")) for c in status.container_statuses):
        return False
    if not is_resized_by_us(pod.metadata.annotations, pod.metadata.generation):
        return True
    wanted = {c.name: c.resources for c in pod.spec.containers}
    return all(
        c.resources == wanted.get(c.name) or same_resources(c.resources, wanted.get(c.name))
        for c in status.container_statuses
    )


def _runs_another(status: ContainerStatus, image: str) -> bool:
    """Whether the status names, without an id, another image than the spec."""
    named = bool(status.image and image and not status.image_id)
    return named and _full(status.image) != _full(image)


def _full(image: str) -> str:
    """The image's name with what a short one leaves out."""
    name = image.removeprefix("docker.io/").removeprefix("library/")
    return name if ":" in name.rpartition("/")[2] else f"{name}:latest"


def is_resized_by_us(annotations: Mapping[str, str], generation: int) -> bool:
    """Whether the last change of the pod's spec is a resize of ours (or came with one that was not
    through): what others have resized since, in whatever state it is, is their matter."""
    ours = annotations.get(labels.RESIZED, "")
    return ours.isdecimal() and generation <= int(ours)


def is_infeasible(conditions: Mapping[str, PodCondition]) -> bool:
    """The kubelet says that its node can never do the resize."""
    pending = conditions.get(PENDING)
    return pending is not None and is_true(pending) and pending.reason == "Infeasible"


def is_true(condition: PodCondition | None) -> bool:
    return condition is not None and condition.status == "True"


def same_resources(one: Any, other: Any) -> bool:
    """Whether requests and limits of cpu and memory are the same, as far as both name them."""
    if not (isinstance(one, dict) and isinstance(other, dict)):
        return True
    for kind in ("requests", "limits"):
        mine, theirs = one.get(kind) or {}, other.get(kind) or {}
        for name in RESIZABLE:
            if name in mine and name in theirs and not quantity.same(mine[name], theirs[name]):
                return False
    return True
