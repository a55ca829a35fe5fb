"""A node is lost, and returns, at a stage of the life of the new pod that runs there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from hack.chaos.lane import Lane
from hack.chaos.scenario import PATIENCE, seen
from hack.harness.manifests import Object, sim
from hack.harness.pods import PodSeen
from hack.harness.space import Space

_NODE: Final = "sim-9"
_PATH: Final = f"/api/v1/nodes/{_NODE}"
_LOST: Final = "sim.echelon.dev/lost"
#: Stage of the new pod of an instance -> whether it has come so far.
STAGES: Final[dict[str, Callable[[PodSeen], bool]]] = {
    "bound": lambda pod: bool(pod.node),
    "running, not Ready": lambda pod: pod.phase == "Running" and not pod.ready,
    "Ready": lambda pod: pod.ready,
}


def template() -> Object:
    """A template whose pods prefer one node, and take a moment to be Ready."""
    prefer = {"key": "metadata.name", "operator": "In", "values": [_NODE]}
    preference = {"weight": 100, "preference": {"matchFields": [prefer]}}
    marks = sim(behaviour="ready-after", ready_after="1s")
    return {
        "metadata": {"annotations": marks},
        "spec": {
            "containers": [{"name": "web", "image": "web:2"}],
            "affinity": {
                "nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [preference]}
            },
        },
    }


def lost(stage: str) -> Callable[[Lane], None]:
    """Lose the node when a new pod there is at this stage, until the control plane has seen it."""

    def disturb(lane: Lane) -> None:
        space = lane.space
        there = STAGES[stage]
        space.until(
            f"a new pod that is {stage}",
            lambda: any(there(p) and p.image == "web:2" and p.node == _NODE for p in seen(space)),
            PATIENCE,
        )
        _mark(space, "true")
        try:
            lane.plane.cluster.wait("the node to be unreachable", lambda: _tainted(space), 60)
        finally:
            _mark(space, None)
        lane.plane.cluster.wait("the node to be well", lambda: not _tainted(space), 60)

    return disturb


def _mark(space: Space, value: str | None) -> None:
    space.api.patch(_PATH, {"metadata": {"annotations": {_LOST: value}}})


def _tainted(space: Space) -> bool:
    found: list[dict[str, Any]] = space.api.get(_PATH)["spec"].get("taints", [])
    return bool(found)
