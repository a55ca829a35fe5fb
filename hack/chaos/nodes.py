"""A node is lost, and returns, at a stage of the life of a pod that runs there, or is to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Final

from hack.chaos.lane import Lane
from hack.chaos.scenario import PATIENCE, seen
from hack.harness.manifests import Object, sim
from hack.harness.pods import PodSeen
from hack.harness.space import Space

_NODE: Final = "sim-9"
_PATH: Final = f"/api/v1/nodes/{_NODE}"
_LOST: Final = "sim.echelon.dev/lost"
_SCHEDULER: Final = "kube-scheduler"


@dataclass(frozen=True, slots=True)
class Stage:
    """``there``: whether a pod has come so far. ``image``: the pod is of the Update ("web:2"), or
    of the time before it. ``deleted``: a user deletes the pod when it is Ready."""

    name: str
    there: Callable[[PodSeen], bool]
    image: str = "web:2"
    deleted: bool = False

    @property
    def terminates(self) -> bool:
        """Whether the pods must take a while to terminate."""
        return self.deleted or self.image == "web:1"


_UNBOUND: Final = Stage("the new pod is not bound yet", lambda pod: not pod.node)
STAGES: Final = (
    _UNBOUND,
    Stage("the new pod is bound", lambda pod: bool(pod.node) and not pod.deleting),
    Stage(
        "the new pod is running, not Ready",
        lambda pod: pod.phase == "Running" and not pod.ready and not pod.deleting,
    ),
    Stage("the new pod is Ready", lambda pod: pod.ready and not pod.deleting),
    Stage("the old pod terminates", lambda pod: pod.deleting, image="web:1"),
    Stage("the new pod terminates", lambda pod: pod.deleting, deleted=True),
)


def template(image: str, **steering: str) -> Object:
    """A template whose pods prefer one node."""
    prefer = {"key": "metadata.name", "operator": "In", "values": [_NODE]}
    preference = {"weight": 100, "preference": {"matchFields": [prefer]}}
    return {
        "metadata": {"annotations": sim(**steering)},
        "spec": {
            "containers": [{"name": "web", "image": image}],
            "affinity": {
                "nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [preference]}
            },
        },
    }


def before(stage: Stage) -> Object | None:
    """The template with which the Job is made; None: any."""
    return _slow("web:1") if stage.terminates else None


def update(stage: Stage) -> Object:
    """The template that the Update brings."""
    if stage.terminates:
        return _slow("web:2")
    return template("web:2", behaviour="ready-after", ready_after="1s")


def _slow(image: str) -> Object:
    return template(image, behaviour="slow-stop", stop_after="2s")


def lost(stage: Stage) -> Callable[[Lane], None]:
    """Lose the node when a pod there is at this stage, until the control plane has seen it."""

    def disturb(lane: Lane) -> None:
        space, cluster = lane.space, lane.plane.cluster
        with ExitStack() as stack:
            stack.callback(_mark, space, None)
            if stage is _UNBOUND:
                stack.enter_context(_without_scheduler(lane))
            if stage.deleted:
                space.delete_pod(_found(space, stage.image, lambda pod: pod.ready).name)
            _found(space, stage.image, stage.there, "" if stage is _UNBOUND else _NODE)
            _mark(space, "true")
            cluster.wait("the node to be unreachable", lambda: _tainted(space), 60)
        cluster.wait("the node to be well", lambda: not _tainted(space), 60)

    return disturb


def _found(
    space: Space, image: str, there: Callable[[PodSeen], bool], node: str = _NODE
) -> PodSeen:
    """Wait until a pod of this image on this node ("": on none) has come so far."""

    def found() -> PodSeen | None:
        pods: list[PodSeen] = seen(space)
        return next((p for p in pods if (p.image, p.node) == (image, node) and there(p)), None)

    pod = space.until(f"a pod of {image} at the stage", found, PATIENCE)
    assert pod is not None
    return pod


@contextmanager
def _without_scheduler(lane: Lane) -> Iterator[None]:
    """No pod is bound in here; after it all are, and not to a node that is lost."""
    space, cluster = lane.space, lane.plane.cluster
    cluster.end(_SCHEDULER)
    try:
        yield
    finally:
        cluster.begin(_SCHEDULER)
    space.until("all pods to be bound", lambda: all(pod.node for pod in seen(space)), PATIENCE)


def _mark(space: Space, value: str | None) -> None:
    space.api.patch(_PATH, {"metadata": {"annotations": {_LOST: value}}})


def _tainted(space: Space) -> bool:
    found: list[dict[str, Any]] = space.api.get(_PATH)["spec"].get("taints", [])
    return bool(found)
