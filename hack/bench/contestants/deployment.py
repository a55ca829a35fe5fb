"""A Deployment of Kubernetes, which kube-controller-manager updates."""

from __future__ import annotations

from typing import Any, ClassVar

from hack.bench.contestants.base import Workloads, await_replica_sets, replicas_done
from hack.bench.work import Replacement


class Deployment(Workloads):
    """``maxUnavailable`` is the window and ``maxSurge`` 0; for a surge it is the other way."""

    agents = ("/deployment-controller", "/replicaset-controller")
    replacements: ClassVar = frozenset({Replacement.RECREATE, Replacement.SURGE})
    path: ClassVar = "/apis/apps/v1/namespaces/default/deployments"

    def manifest(self, name: str) -> dict[str, Any]:
        window = min(self.work.window, self.work.instances)
        surge = self.work.replacement is Replacement.SURGE
        rolling = {
            "maxSurge": window if surge else 0,
            "maxUnavailable": 0 if surge else window,
        }
        return {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": name},
            "spec": {
                "replicas": self.work.instances,
                "selector": {"matchLabels": {"workload": name}},
                "strategy": {"type": "RollingUpdate", "rollingUpdate": rolling},
                "template": self.template(name, 1),
            },
        }

    def done(self) -> bool:
        return all(replicas_done(each) for each in self.objects())

    def clean(self) -> None:
        super().clean()
        await_replica_sets(self.rig)
