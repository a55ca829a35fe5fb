"""The request limits of the controllers of Kubernetes: as installed, and raised."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Any

from hack.devcluster.cluster import Cluster

#: Without it a StatefulSet has no `maxUnavailable`: it updates one pod at a time.
GATE = "--feature-gates=MaxUnavailableStatefulSet=true"
_APPS = "/apis/apps/v1/namespaces/default"
_PROBE = "bench-probe"


@dataclass(frozen=True, slots=True)
class Limits:
    """Flags of kube-controller-manager, and whether they are what is installed by default."""

    name: str
    controller_flags: list[str] = field(hash=False)

    def await_controllers(self, cluster: Cluster) -> None:
        """Return when the controllers of Deployments and StatefulSets work."""
        for kind, path in (("Deployment", "deployments"), ("StatefulSet", "statefulsets")):
            made = cluster.api.create(f"{_APPS}/{path}", _probe(kind))
            name = f"{_APPS}/{path}/{made['metadata']['name']}"
            cluster.wait(f"the controller of {path}", partial(_observed, cluster, name), 60)
            cluster.api.delete(name)


DEFAULT = Limits(
    "default limits",
    [
        "--kube-api-qps=20",
        "--kube-api-burst=30",
        "--concurrent-deployment-syncs=5",
        "--concurrent-replicaset-syncs=5",
        "--concurrent-statefulset-syncs=5",
    ],
)
RAISED = Limits(
    "raised limits",
    [
        "--kube-api-qps=2000",
        "--kube-api-burst=4000",
        "--concurrent-deployment-syncs=50",
        "--concurrent-replicaset-syncs=50",
        "--concurrent-statefulset-syncs=50",
        GATE,
    ],
)


def _observed(cluster: Cluster, path: str) -> int | None:
    seen: int | None = cluster.api.get(path).get("status", {}).get("observedGeneration")
    return seen


def _probe(kind: str) -> dict[str, Any]:
    """A workload without pods."""
    labels = {"app": _PROBE}
    template = {
        "metadata": {"labels": labels},
        "spec": {"containers": [{"name": "none", "image": "none"}]},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"generateName": f"{_PROBE}-"},
        "spec": {"replicas": 0, "selector": {"matchLabels": labels}, "template": template},
    }
