"""Volumes for claims: a control plane without a cloud has no provisioner."""

from __future__ import annotations

from hack.demo.stage import Stage


def provide_volumes(stage: Stage, namespace: str = "default") -> None:
    """Create a volume for each claim of the namespace without one."""
    api = stage.cluster.api
    volumes = {each["metadata"]["name"] for each in api.get("/api/v1/persistentvolumes")["items"]}
    claims = api.get(f"/api/v1/namespaces/{namespace}/persistentvolumeclaims")["items"]
    for claim in claims:
        name, wanted = claim["metadata"]["name"], claim["spec"]
        volume = name if namespace == "default" else f"{namespace}-{name}"
        if volume in volumes:
            continue
        spec = {
            "capacity": wanted["resources"]["requests"],
            "accessModes": wanted["accessModes"],
            "claimRef": {"namespace": namespace, "name": name},
            "hostPath": {"path": f"/data/{volume}"},
        }
        api.create("/api/v1/persistentvolumes", {"metadata": {"name": volume}, "spec": spec})
