"""The Jobs of the benchmarks, and the pods that the floor creates."""

from __future__ import annotations

import json
from typing import Any

from controller.api.labels import API_VERSION, JOB
from controller.core.revisions import revision
from controller.core.revisions.template import Prepared

#: The Job label of the floor's pods: as long as the operator's label, but not watched by it.
FLOOR_JOB = JOB.replace("echelon.dev", "echelon.raw")
#: Stands for the id of an instance in the text of a pod.
ID = "@@"
_UID = "00000000-0000-4000-8000-000000000000"
#: An id that occurs nowhere else in a pod.
_SOME_ID = 987_654_321


def image(version: int) -> str:
    """The image of a version."""
    return f"registry.example.com/team/web:v{version}"


def template(version: int, cpu: str = "10m") -> dict[str, Any]:
    """The template of a web server, which is Ready at once on simulated nodes."""
    probe = {"httpGet": {"path": "/healthz", "port": "http"}, "periodSeconds": 5}
    env = {"LOG_LEVEL": "info", "CACHE": "/var/cache/web", "UPSTREAM": "http://api.default:8080"}
    container = {
        "name": "web",
        "image": image(version),
        "ports": [{"name": "http", "containerPort": 8080}],
        "env": [{"name": name, "value": value} for name, value in env.items()],
        "resources": {"requests": {"cpu": cpu, "memory": "16Mi"}},
        "readinessProbe": probe,
        "livenessProbe": probe,
    }
    labels = {"app": "web", "team": "bench"}
    return {"metadata": {"labels": labels}, "spec": {"containers": [container]}}


def job(name: str, instances: int, size: int, version: int = 1) -> dict[str, Any]:
    """A Job whose updates keep ``size`` instances in flight."""
    return {
        "apiVersion": API_VERSION,
        "kind": "EchelonJob",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {
            "instances": instances,
            "minReadySeconds": 0,
            "template": template(version),
            "update": {
                "strategy": {"type": "Queue", "size": size},
                "readyTimeoutSeconds": 300,
            },
        },
    }


def floor_pod(owner: str, uid: str, given: dict[str, Any]) -> str:
    """The pod that the operator would create for an instance of a Job with the template ``given``,
    as JSON with `ID` in the place of the instance's id, and with label `FLOOR_JOB`.

    ``owner`` and ``uid`` must be an existing Job's, or the garbage collector deletes the pods.
    """
    digest = revision.digest(revision.canonical(given))
    made = Prepared.of(
        job_name=owner,
        namespace="default",
        job_uid=uid,
        revision=revision.revision_name(owner, digest),
        template=given,
    )
    pod = made.pod(instance=_SOME_ID, instances=1, update_uid=_UID)
    text = json.dumps(pod).replace(f'"{JOB}"', f'"{FLOOR_JOB}"')
    return text.replace(str(_SOME_ID), ID)
