"""A StatefulSet of Kubernetes with `podManagementPolicy: Parallel`."""

from __future__ import annotations

from typing import Any, ClassVar

from hack.bench.contestants.base import Workloads, replicas_done
from hack.bench.work import Replacement


class StatefulSet(Workloads):
    """``maxUnavailable`` is the window. With default limits the feature gate for it is off, as
    installed: the StatefulSet then updates one pod at a time."""

    agents = ("/statefulset-controller",)
    replacements: ClassVar = frozenset({Replacement.RECREATE})
    path: ClassVar = "/apis/apps/v1/namespaces/default/statefulsets"

    def manifest(self, name: str) -> dict[str, Any]:
        window = min(self.work.window, self.work.instances)
        return {
            "apiVersion": "apps/v1",
            "kind": "StatefulSet",
            "metadata": {"name": name},
            "spec": {
                "replicas": self.work.instances,
                "serviceName": name,
                "podManagementPolicy": "Parallel",
                "selector": {"matchLabels": {"workload": name}},
                "updateStrategy": {
                    "type": "RollingUpdate",
                    "rollingUpdate": {"maxUnavailable": window},
                },
                "template": self.template(name, 1),
            },
        }

    def done(self) -> bool:
        return all(replicas_done(each) for each in self.objects())
