"""The Jobs of the benchmarks, and the pods that the raw client makes."""

from __future__ import annotations

import json
from typing import Any

from controller.api.labels import API_VERSION, JOB
from controller.core.revisions import revision
from controller.core.revisions.template import Prepared

#: The Job label of the raw client's pods: as long as the operator's label, but not watched by it.
RAW_JOB = JOB.replace("echelon.dev", "echelon.raw")
_UID = "00000000-0000-4000-8000-000000000000"


def template(version: int) -> dict[str, Any]:
    """The template of a web server, which is Ready at once on simulated nodes."""
    probe = {"httpGet": {"path": "/healthz", "port": "http"}, "periodSeconds": 5}
    env = {"LOG_LEVEL": "info", "CACHE": "/var/cache/web", "UPSTREAM": "http://api.default:8080"}
    container = {
        "name": "web",
        "image": f"registry.example.com/team/web:v{version}",
        "ports": [{"name": "http", "containerPort": 8080}],
        "env": [{"name": name, "value": value} for name, value in env.items()],
        "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}},
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


def raw_pods(owner: str, uid: str, instances: int) -> list[bytes]:
    """The pods that the operator would create during an update of a Job, with label `RAW_JOB`.

    ``owner`` must exist, or the garbage collector deletes the pods.
    """
    given = template(1)
    digest = revision.digest(revision.canonical(given))
    made = Prepared.of(
        job_name=owner,
        namespace="default",
        job_uid=uid,
        revision=revision.revision_name(owner, digest),
        template=given,
    )
    found = []
    for i in range(instances):
        text = json.dumps(made.pod(instance=i, instances=instances, update_uid=_UID))
        found.append(text.replace(f'"{JOB}"', f'"{RAW_JOB}"').encode())
    return found
