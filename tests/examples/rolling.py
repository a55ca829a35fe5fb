"""A Job of an example, with the waits and reads that its tests need."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hack.demo.stage import Stage

TIMEOUT = 120.0
_GROUP = "/apis/echelon.dev/v1alpha1"


@dataclass(frozen=True)
class Rolling:
    stage: Stage
    name: str
    namespace: str = "default"

    def get(self) -> dict[str, Any]:
        path = f"{_GROUP}/namespaces/{self.namespace}/echelonjobs/{self.name}"
        found: dict[str, Any] = self.stage.cluster.api.get(path)
        return found

    def wait_ready(self, instances: int) -> None:
        def ready() -> bool:
            job = self.get()
            return is_true(job, "Ready") and job["status"]["availableInstances"] == instances

        self.stage.cluster.wait(f"{instances} instances of {self.name}", ready, TIMEOUT)

    def wait_outcome(self, outcome: str, generation: int) -> dict[str, Any]:
        """Wait until the Update of this generation has ended, and return the Job."""

        def ended() -> dict[str, Any] | None:
            job = self.get()
            last = job["status"]["lastAttempt"]
            mine = last.get("update") == f"{self.name}-g{generation}"
            return job if mine and last.get("outcome") is not None else None

        job = self.stage.cluster.wait(f"the update of {self.name}", ended, TIMEOUT)
        assert job is not None
        assert job["status"]["lastAttempt"]["outcome"] == outcome
        return job

    def update(self) -> dict[str, Any]:
        """The newest Update."""
        name = self.get()["status"]["lastAttempt"]["update"]
        path = f"{_GROUP}/namespaces/{self.namespace}/updates/{name}"
        found: dict[str, Any] = self.stage.cluster.api.get(path)
        return found

    def updates(self) -> list[str]:
        found = self.stage.cluster.api.get(f"{_GROUP}/namespaces/{self.namespace}/updates")
        return [each["metadata"]["name"] for each in found["items"]]

    def pods(self) -> dict[int, dict[str, Any]]:
        """The pods by instance."""
        query = f"labelSelector=echelon.dev/job%3D{self.name}"
        path = f"/api/v1/namespaces/{self.namespace}/pods?{query}"
        found = self.stage.cluster.api.get(path)["items"]
        return {int(pod["metadata"]["labels"]["echelon.dev/instance"]): pod for pod in found}

    def images(self) -> list[str]:
        """The images of the instances, in order."""
        pods = sorted(self.pods().items())
        return [pod["spec"]["containers"][0]["image"] for _, pod in pods]

    def delete(self) -> None:
        self.stage.shell(f"kubectl delete ejob {self.name} -n {self.namespace}")
        self.stage.cluster.wait("its pods are gone", lambda: not self.pods(), TIMEOUT)


def is_true(item: dict[str, Any], condition: str) -> bool:
    conditions = item.get("status", {}).get("conditions", [])
    return any(each["type"] == condition and each["status"] == "True" for each in conditions)
