"""Jobs, pods, revisions and Updates as the API server gives them."""

from __future__ import annotations

from typing import Any

from controller.api.job import Job
from controller.api.meta import format_time
from controller.api.update import Update

Object = dict[str, Any]
#: The time of all tests here, in epoch seconds.
NOW = 1_700_000_000.0


def ago(seconds: float) -> str:
    """RFC 3339 time so many seconds before `NOW`."""
    return format_time(NOW - seconds)


def template(image: str = "web:1", **container: Any) -> Object:
    return {"spec": {"containers": [{"name": "web", "image": image, **container}]}}


def ranges(**instances: str) -> list[Object]:
    """``a="0-2"``: the ids 0 to 2 at revision web-a."""
    return [{"revision": f"web-{name}", "instances": ids} for name, ids in instances.items()]


def condition(kind: str, reason: str, message: str = "", status: str = "True") -> Object:
    return {"type": kind, "status": status, "reason": reason, "message": message}


def raw_job(instances: int = 3, *conditions: Object, **status: Any) -> Object:
    """The Job web of generation 2."""
    return {
        "apiVersion": "echelon.dev/v1alpha1",
        "kind": "EchelonJob",
        "metadata": {
            "name": "web",
            "namespace": "shop",
            "generation": 2,
            "creationTimestamp": ago(3600),
        },
        "spec": {"instances": instances, "minReadySeconds": 10, "template": template()},
        "status": {
            "observedGeneration": 2,
            "instancesInForce": instances,
            "conditions": list(conditions),
            **status,
        },
    }


def job(instances: int = 3, *conditions: Object, **status: Any) -> Job:
    return Job.model_validate(raw_job(instances, *conditions, **status))


def pod(
    instance: int, revision: str = "a", *, ready_for: float | None = 60.0, **status: Any
) -> Object:
    """A pod of web. ``ready_for``: seconds since it became Ready; None: it is not."""
    ready = "False" if ready_for is None else "True"
    running = {"running": {"startedAt": ago(ready_for or 60.0)}}
    container = {"name": "web", "restartCount": 0, "ready": ready == "True", "state": running}
    return {
        "metadata": {
            "name": f"web-{instance}",
            "namespace": "shop",
            "uid": f"p{instance}",
            "creationTimestamp": ago(300),
            "labels": {
                "echelon.dev/job": "web",
                "echelon.dev/instance": str(instance),
                "echelon.dev/revision": revision,
            },
        },
        "spec": {"nodeName": "n1", "containers": [{"name": "web", "image": "web:1"}]},
        "status": {
            "phase": "Running",
            "podIP": f"10.0.0.{instance}",
            "conditions": [
                {"type": "Ready", "status": ready, "lastTransitionTime": ago(ready_for or 60.0)}
            ],
            "containerStatuses": [container],
            **status,
        },
    }


def crashing(name: str = "web", message: str = "boom") -> Object:
    """The status of a container in CrashLoopBackOff."""
    ended = {"exitCode": 1, "reason": "Error", "message": message, "finishedAt": ago(30)}
    return {
        "name": name,
        "restartCount": 4,
        "ready": False,
        "state": {"waiting": {"reason": "CrashLoopBackOff"}},
        "lastState": {"terminated": ended},
    }


def revision(name: str, number: int, data: Object) -> Object:
    """A ControllerRevision of web."""
    metadata = {"name": f"web-{name}", "creationTimestamp": ago(1000 - number)}
    return {"metadata": metadata, "revision": number, "data": data}


def update(name: str = "web-g2", *, spec: Object | None = None, **status: Any) -> Update:
    """An Update of web."""
    owner = {
        "apiVersion": "echelon.dev/v1alpha1",
        "kind": "EchelonJob",
        "name": "web",
        "uid": "j1",
        "controller": True,
    }
    meta = {"name": name, "namespace": "shop", "creationTimestamp": ago(100)}
    return Update.model_validate(
        {
            "metadata": {**meta, "generation": 1, "ownerReferences": [owner]},
            "spec": {"job": "web", **(spec or {})},
            "status": {"observedGeneration": 1, "startedAt": ago(100), **status},
        }
    )
