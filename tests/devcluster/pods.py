"""Creates, changes and waits for pods of one namespace."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from hack.devcluster.api import ApiError
from hack.devcluster.cluster import Cluster

Pod = dict[str, Any]


class Pods:
    """A new namespace, named after the test, and its pods."""

    def __init__(self, cluster: Cluster, test: str) -> None:
        self.cluster = cluster
        name = re.sub(r"[^a-z0-9]+", "-", test.lower()).strip("-")[:60]
        cluster.api.create("/api/v1/namespaces", {"metadata": {"name": name}})
        self.namespace = name
        self.path = f"/api/v1/namespaces/{name}/pods"
        account = f"/api/v1/namespaces/{name}/serviceaccounts/default"
        cluster.wait("the ServiceAccount", lambda: cluster.api.get(account))

    def create(
        self,
        name: str = "p",
        *,
        image: str = "app:1",
        labels: dict[str, str] | None = None,
        spec: dict[str, Any] | None = None,
        extra: dict[str, Any] | None = None,
        **steering: str,
    ) -> Pod:
        """Create a pod. `steering`: annotations, with `_` for `-`: `ready_after="2s"`."""
        body = {
            "metadata": {"name": name, "labels": labels or {}, "annotations": _annotate(steering)},
            "spec": {"containers": [{"name": "app", "image": image, **(extra or {})}]}
            | (spec or {}),
        }
        made: Pod = self.cluster.api.create(self.path, body)
        return made

    def get(self, name: str = "p") -> Pod:
        found: Pod = self.cluster.api.get(f"{self.path}/{name}")
        return found

    def steer(self, name: str = "p", **steering: str) -> None:
        body = {"metadata": {"annotations": _annotate(steering)}}
        self.cluster.api.patch(f"{self.path}/{name}", body)

    def set_image(self, image: str, name: str = "p") -> None:
        body = {"spec": {"containers": [{"name": "app", "image": image}]}}
        self.cluster.api.patch(f"{self.path}/{name}", body, "strategic-merge-patch")

    def resize(self, cpu: str, name: str = "p") -> None:
        resources = {"requests": {"cpu": cpu}}
        body = {"spec": {"containers": [{"name": "app", "resources": resources}]}}
        self.cluster.api.patch(f"{self.path}/{name}/resize", body, "strategic-merge-patch")

    def delete(self, name: str = "p", grace: int | None = None) -> None:
        self.cluster.api.delete(
            f"{self.path}/{name}", None if grace is None else {"gracePeriodSeconds": grace}
        )

    def wait(self, what: str, test: Callable[[Pod], bool], name: str = "p") -> Pod:
        """Wait for the first state of the pod that passes the test, and return it."""

        def probe() -> Pod | None:
            pod = self.get(name)
            return pod if test(pod) else None

        found = self.cluster.wait(what, probe)
        assert found is not None
        return found

    def wait_gone(self, name: str = "p") -> None:
        self.cluster.wait(f"the end of pod {name}", lambda: self.exists(name) is False)

    def exists(self, name: str = "p") -> bool:
        try:
            self.get(name)
        except ApiError as error:
            if error.code == 404:
                return False
            raise
        return True

    def audit(self, agent: str = "nodesim") -> list[tuple[str, str, str]]:
        """The writes of a program to pods of this namespace: (verb, subresource, pod)."""
        writes = []
        for line in self.cluster.audit_log.read_text().splitlines():
            event = json.loads(line)
            what = event.get("objectRef", {})
            if (
                event["userAgent"].startswith(agent)
                and what.get("namespace") == self.namespace
                and what.get("resource") == "pods"
                and event["verb"] in ("create", "update", "patch", "delete")
            ):
                writes.append((event["verb"], what.get("subresource", ""), what["name"]))
        return writes

    def remove(self) -> None:
        body = {"gracePeriodSeconds": 0}
        self.cluster.api.delete(self.path, body)
        self.cluster.api.delete(f"/api/v1/namespaces/{self.namespace}")


def _annotate(steering: dict[str, str]) -> dict[str, str]:
    return {f"sim.echelon.dev/{key.replace('_', '-')}": value for key, value in steering.items()}


def condition(pod: Pod, kind: str) -> dict[str, Any]:
    """A condition of the pod. Empty if it is absent."""
    found = [each for each in pod["status"].get("conditions", []) if each["type"] == kind]
    return found[0] if found else {}


def is_ready(pod: Pod) -> bool:
    return condition(pod, "Ready").get("status") == "True"


def app(pod: Pod) -> dict[str, Any]:
    """The status of the pod's first container."""
    status: dict[str, Any] = pod["status"].get("containerStatuses", [{}])[0]
    return status


def restarts(pod: Pod) -> int:
    return int(app(pod).get("restartCount", 0))
