"""What a pod's containers are and do, as far as a change of their images depends on it.

The store keeps this of each pod, so that a pod need not be read before its images are changed.
Containers of most pods of a Job are in the same state, so equal values are kept once.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from controller.api.pods.wire import ContainerStatus, PodWire


class Declared(NamedTuple):
    """A container in the spec of a pod. ``restart_policy`` is its own, "" if it has none."""

    name: str
    image: str
    restart_policy: str


class Reported(NamedTuple):
    """A container or sidecar in the status of a pod. ``state``: "running", "waiting", "terminated"
    or "" (none); ``ended``: whether an earlier run of it has ended."""

    name: str
    restarts: int
    state: str
    ended: bool
    is_sidecar: bool


class Containers(NamedTuple):
    """The containers of a pod, and those of them and of its sidecars that have a status."""

    declared: tuple[Declared, ...] = ()
    reported: tuple[Reported, ...] = ()

    def as_raw(self, uid: str, version: int) -> dict[str, Any]:
        """The pod as JSON data, with nothing but its containers, ``uid`` and resourceVersion."""
        by_kind: tuple[list[Any], list[Any]] = [], []
        for each in self.reported:
            by_kind[each.is_sidecar].append(_status(each))
        sidecars = [{"name": s["name"], "restartPolicy": "Always"} for s in by_kind[True]]
        containers = [
            {"name": c.name, "image": c.image, "restartPolicy": c.restart_policy}
            for c in self.declared
        ]
        return {
            "metadata": {"uid": uid, "resourceVersion": str(version)},
            "spec": {"containers": containers, "initContainers": sidecars},
            "status": {
                "containerStatuses": by_kind[False],
                "initContainerStatuses": by_kind[True],
            },
        }


NONE = Containers()


def containers_of(wire: PodWire, running: Sequence[ContainerStatus]) -> Containers:
    """The containers of a pod. ``running``: its `PodWire.running_parts`, sidecars last."""
    spec, main = wire.spec.containers, len(wire.status.container_statuses)
    declared = tuple([Declared(c.name, c.image, c.restart_policy or "") for c in spec])
    reported = tuple([_reported(c, is_sidecar=n >= main) for n, c in enumerate(running)])
    return _once(Containers(declared, reported))


@lru_cache(maxsize=4096)
def _once(containers: Containers) -> Containers:
    return containers


def _reported(status: ContainerStatus, *, is_sidecar: bool) -> Reported:
    state = status.state
    word = "running" if state.running else "waiting" if state.waiting else ""
    if state.terminated:
        word = "terminated"
    ended = status.last_state.terminated is not None
    return Reported(status.name, status.restart_count, word, ended, is_sidecar)


def _status(each: Reported) -> dict[str, Any]:
    return {
        "name": each.name,
        "restartCount": each.restarts,
        "state": {each.state: {}} if each.state else {},
        "lastState": {"terminated": {}} if each.ended else {},
    }
