"""Jobs, Updates and pods as the API server gives them, for pages without a cluster."""

from __future__ import annotations

from typing import Any

from controller.api.job import Job
from controller.api.meta import format_time
from controller.api.pods.wire import PodWire
from controller.api.update import Update
from controller.ui.decode import Item
from controller.ui.store import Store
from controller.view.instances import seen

Object = dict[str, Any]
NOW = 1_800_000_000.0


def condition(kind: str, status: str = "True", reason: str = "Reason", message: str = "") -> Object:
    return {
        "type": kind,
        "status": status,
        "reason": reason,
        "message": message,
        "lastTransitionTime": format_time(NOW - 60),
    }


def meta(name: str, namespace: str = "shop", **more: Any) -> Object:
    return {
        "name": name,
        "namespace": namespace,
        "uid": f"uid-{namespace}-{name}",
        "generation": 1,
        "resourceVersion": "1",
        "creationTimestamp": format_time(NOW - 3600),
        **more,
    }


def job(name: str = "web", namespace: str = "shop", instances: int = 3, **status: Any) -> Object:
    """A Job that is Ready; ``status``: fields that replace those of its status."""
    revision = f"{name}-aaaa"
    ids = f"0-{instances - 1}" if instances else ""
    whole = {
        "observedGeneration": 1,
        "instances": instances,
        "readyInstances": instances,
        "availableInstances": instances,
        "updatedInstances": instances,
        "instancesInForce": instances,
        "currentRevision": revision,
        "updateRevision": revision,
        "assigned": [{"revision": revision, "instances": ids}],
        "revisions": [{"revision": revision, "instances": ids}],
        "conditions": [condition("Ready")],
        **status,
    }
    return {
        "apiVersion": "echelon.dev/v1alpha1",
        "kind": "EchelonJob",
        "metadata": meta(name, namespace),
        "spec": {"instances": instances, "minReadySeconds": 0, "template": {"spec": {}}},
        "status": whole,
    }


def update(
    name: str = "web-g2",
    job: str = "web",
    namespace: str = "shop",
    phase: str = "RollingForward",
    spec: Object | None = None,
    **status: Any,
) -> Object:
    """An Update of four instances of which two are updated."""
    whole = {
        "phase": phase,
        "observedGeneration": 1,
        "startedAt": format_time(NOW - 120),
        "policy": {"strategy": {"type": "Queue", "size": 1}},
        "from": [{"revision": f"{job}-aaaa", "instances": "0-3"}],
        "to": {"revision": f"{job}-bbbb", "instances": "0-3"},
        "counts": {"total": 4, "updated": 2, "updating": 1, "pending": 1},
        "instances": {"updated": "0-1", "updating": "2"},
        "message": "2 of 4 instances updated",
        **status,
    }
    return {
        "apiVersion": "echelon.dev/v1alpha1",
        "kind": "Update",
        "metadata": meta(name, namespace),
        "spec": {"job": job, **(spec or {})},
        "status": whole,
    }


def pod(
    instance: int,
    job: str = "web",
    namespace: str = "shop",
    *,
    node: str = "n1",
    ready: bool = True,
    uid: str = "",
    waiting: str = "",
) -> Object:
    name = f"{job}-{instance}"
    state: Object = {"running": {"startedAt": format_time(NOW - 50)}}
    if waiting:
        state = {"waiting": {"reason": waiting, "message": "back-off 10s"}}
    stamps = {"PodScheduled": NOW - 58, "Ready": NOW - 45}
    conditions = [
        {
            "type": kind,
            "status": "True" if ready or kind != "Ready" else "False",
            "lastTransitionTime": format_time(at),
        }
        for kind, at in stamps.items()
    ]
    return {
        "metadata": meta(
            name,
            namespace,
            uid=uid or f"uid-{namespace}-{name}",
            creationTimestamp=format_time(NOW - 60),
            labels={
                "echelon.dev/job": job,
                "echelon.dev/instance": str(instance),
                "echelon.dev/revision": "aaaa",
                "app.kubernetes.io/managed-by": "echelon",
            },
            ownerReferences=[
                {
                    "apiVersion": "echelon.dev/v1alpha1",
                    "kind": "EchelonJob",
                    "name": job,
                    "uid": f"uid-{namespace}-{job}",
                    "controller": True,
                }
            ],
        ),
        "spec": {"nodeName": node, "containers": [{"name": "main", "image": "web:1"}]},
        "status": {
            "phase": "Running",
            "startTime": format_time(NOW - 55),
            "conditions": conditions,
            "containerStatuses": [
                {"name": "main", "ready": ready, "restartCount": 0, "state": state}
            ],
        },
    }


def put(store: Store, *objects: Object) -> None:
    """Put objects into a store as the watches do."""
    for raw in objects:
        found = raw["metadata"]
        identity = (found["namespace"], found["name"], found["uid"], found["resourceVersion"])
        if raw.get("kind") == "EchelonJob":
            store.put_job(Item(*identity, Job.model_validate(raw)))
        elif raw.get("kind") == "Update":
            store.put_update(Item(*identity, Update.model_validate(raw)))
        else:
            store.put_pod(Item(*identity, seen(PodWire.of(raw))))
