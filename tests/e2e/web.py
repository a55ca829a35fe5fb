"""The Job of a web server and its Service, as users would write them."""

from __future__ import annotations

from typing import Any

from hack.e2e.webserver import PORT, image

Object = dict[str, Any]


def template(tag: str, *, drain: int = 2, **pod: Any) -> Object:
    """A pod template. The server continues for ``drain`` seconds before SIGTERM, because clients
    learn late about its end. ``pod``: additional fields of the pod's spec."""
    probe = {"httpGet": {"path": "/healthz", "port": PORT}, "periodSeconds": 1}
    container: Object = {
        "name": "web",
        "image": image(tag),
        "imagePullPolicy": "IfNotPresent",
        "ports": [{"containerPort": PORT}],
        "readinessProbe": {**probe, "failureThreshold": 2},
    }
    if drain:
        container["lifecycle"] = {"preStop": {"sleep": {"seconds": drain}}}
    spec = {"terminationGracePeriodSeconds": 15, "containers": [container], **pod}
    return {"metadata": {"labels": {"app": "web"}}, "spec": spec}


def job(
    tag: str = "1",
    instances: int = 3,
    *,
    update: Object | None = None,
    pod: Object | None = None,
    **spec: Any,
) -> Object:
    """A Job. ``update``: additional fields of the policy; ``pod``: of the pod template; ``spec``:
    of the Job's spec."""
    return {
        "apiVersion": "echelon.dev/v1alpha1",
        "kind": "EchelonJob",
        "metadata": {"name": "web"},
        "spec": {
            "instances": instances,
            "minReadySeconds": 1,
            "update": {"readyTimeoutSeconds": 20, "maxFailuresPerInstance": 0, **(update or {})},
            "template": pod or template(tag),
            **spec,
        },
    }


def service() -> Object:
    return {
        "kind": "Service",
        "metadata": {"name": "web"},
        "spec": {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": PORT}]},
    }
