"""Whether a change in place has taken effect, read from the pod's status (contract rule 16).

The kubelet restarts a container once for a changed image, and for a changed resource if its
``resizePolicy`` says so. The restart base includes that restart, so a container whose restart count
has reached its base runs what the spec says. The image name in the status is weaker evidence: the
runtime reports any tag of the running image (containerd the first one it knows), and ``web:1.4.0``
may be the same image as ``web:1.4.0-rc1``. So a different name counts only if the status has no
image id.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from controller.api import labels
from controller.api.meta import is_count
from controller.api.pods.resources import agree
from controller.api.pods.restart_base import RestartBase
from controller.api.pods.wire import ContainerStatus, PodCondition, PodWire

PENDING: Final = "PodResizePending"
IN_PROGRESS: Final = "PodResizeInProgress"
RESIZE: Final = frozenset({PENDING, IN_PROGRESS})


def in_effect(
    pod: PodWire,
    containers: Iterable[ContainerStatus],
    conditions: Mapping[str, PodCondition],
    base: RestartBase,
) -> bool:
    """Whether the last change in place of ``pod`` has taken effect.

    ``containers`` are the statuses of containers and sidecars. ``conditions`` are the pod's
    conditions by type; those of a resize are included only if the operator made the resize.
    """
    status = pod.status
    # A kubelet older than 1.34 does not report the generation; then only the other signs are used.
    if status.observed_generation and status.observed_generation < pod.metadata.generation:
        return False
    if any(is_true(conditions.get(kind)) for kind in (PENDING, IN_PROGRESS)):
        return False
    if any(c.restart_count < base.due(c) for c in containers):
        return False
    images = {c.name: c.image for c in pod.spec.containers}
    if any(_runs_another(c, images.get(c.name, "")) for c in status.container_statuses):
        return False
    if not is_resized_by_us(pod.metadata.annotations, pod.metadata.generation):
        return True
    wanted = {c.name: c.resources for c in pod.spec.containers}
    return all(
        c.resources == wanted.get(c.name) or agree(c.resources, wanted.get(c.name))
        for c in status.container_statuses
    )


def _runs_another(status: ContainerStatus, image: str) -> bool:
    """Whether the status has no image id and another image name than the spec."""
    named = bool(status.image and image and not status.image_id)
    return named and _full(status.image) != _full(image)


def _full(image: str) -> str:
    """The image name in a comparable form: without the default registry, with the default tag."""
    name = image.removeprefix("docker.io/").removeprefix("library/")
    return name if ":" in name.rpartition("/")[2] else f"{name}:latest"


def is_resized_by_us(annotations: Mapping[str, str], generation: int) -> bool:
    """Whether the operator made the last change of the pod's spec, by a resize.

    If someone else has resized the pod since, the state of that resize does not count.
    """
    ours = annotations.get(labels.RESIZED, "")
    return is_count(ours) and generation <= int(ours)


def is_infeasible(conditions: Mapping[str, PodCondition]) -> bool:
    """Whether the kubelet reports that the node can never carry out the resize."""
    pending = conditions.get(PENDING)
    return pending is not None and is_true(pending) and pending.reason == "Infeasible"


def is_true(condition: PodCondition | None) -> bool:
    return condition is not None and condition.status == "True"
