"""Builds pods as the API server returns them."""

from __future__ import annotations

from typing import Any

from controller.api.pods.pod import Pod
from controller.api.pods.slim import slim as slim_pod
from controller.api.pods.wire import PodWire

Object = dict[str, Any]
STARTED = "2026-01-01T00:00:10Z"


def container(name: str = "web", **fields: Any) -> Object:
    return {"name": name, "image": "web:1", **fields}


def running(name: str = "web", **fields: Any) -> Object:
    """The status of a container that runs."""
    state = {"running": {"startedAt": STARTED}}
    return {"name": name, "restartCount": 0, "ready": True, "state": state, **fields}


def waiting(reason: str, message: str = "", name: str = "web", **fields: Any) -> Object:
    state = {"waiting": {"reason": reason, "message": message}}
    return {"name": name, "restartCount": 0, "ready": False, "state": state, **fields}


def ended(code: int, reason: str = "Error", message: str = "") -> Object:
    """A ``state`` or ``lastState``."""
    at = "2026-01-01T00:00:20Z"
    found = {"exitCode": code, "reason": reason, "finishedAt": at, "message": message}
    return {"terminated": {key: value for key, value in found.items() if value != ""}}


def condition(type: str, value: bool, reason: str = "", message: str = "") -> Object:
    found = {"type": type, "status": str(value), "reason": reason, "message": message}
    return {**found, "lastTransitionTime": STARTED}


def raw(
    *statuses: Object,
    conditions: tuple[Object, ...] | None = None,
    containers: tuple[Object, ...] = (container(),),
    init_containers: tuple[Object, ...] = (),
    metadata: Object | None = None,
    **status: Any,
) -> Object:
    """Pod web-3 of the Job web; Ready unless ``conditions`` say otherwise."""
    owner = {"apiVersion": "echelon.dev/v1alpha1", "kind": "EchelonJob", "name": "web", "uid": "j1"}
    meta = {
        "name": "web-3",
        "namespace": "ns",
        "uid": "p1",
        "resourceVersion": "7",
        "generation": 1,
        "creationTimestamp": "2026-01-01T00:00:00Z",
        "ownerReferences": [{**owner, "controller": True}],
    }
    spec = {"nodeName": "n1", "containers": containers, "initContainers": init_containers}
    return {
        "metadata": {**meta, **(metadata or {})},
        "spec": spec,
        "status": {
            "phase": "Running",
            "observedGeneration": 1,
            "containerStatuses": statuses,
            "conditions": conditions or (condition("Ready", True),),
            **status,
        },
    }


def slim(pod: Object) -> Pod:
    """The slim Pod of a raw pod."""
    found = slim_pod(PodWire.of(pod))
    assert found is not None
    return found
