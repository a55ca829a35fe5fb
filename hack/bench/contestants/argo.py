"""Argo Rollouts, if its controller and its CRDs are given.

``ARGO_ROLLOUTS_BIN``: the program `rollouts-controller`; ``ARGO_ROLLOUTS_CRDS``: the folder
`manifests/crds` of the same version.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from hack.bench.contestants.base import Workloads, await_replica_sets, given_path
from hack.bench.limits import DEFAULT
from hack.bench.work import Replacement
from hack.devcluster import ports
from hack.devcluster.process import Child

_RAISED = ("--qps=2000", "--burst=4000", "--rollout-threads=50")


class Argo(Workloads):
    """A canary strategy without steps is a rolling update. ReplicaSets are the work of
    kube-controller-manager; CPU and memory are those of Argo's own process."""

    replacements: ClassVar = frozenset({Replacement.RECREATE, Replacement.SURGE})
    needs: ClassVar = ("ARGO_ROLLOUTS_BIN", "ARGO_ROLLOUTS_CRDS")
    path: ClassVar = "/apis/argoproj.io/v1alpha1/namespaces/default/rollouts"

    def launch(self) -> Child:
        cluster = self.rig.cluster
        program = given_path("ARGO_ROLLOUTS_BIN")
        self.agents = (f"{Path(program).name}/", "/replicaset-controller")
        cluster.kubectl("apply", "--server-side", "-k", given_path("ARGO_ROLLOUTS_CRDS"))
        cluster.kubectl("wait", "--for=condition=Established", "crd", "--all")
        cluster.kubectl("create", "namespace", "argo-rollouts", check=False)
        metrics, health = ports.free(2)
        command = [
            program,
            f"--kubeconfig={cluster.kubeconfig}",
            "--leader-elect=false",
            "--loglevel=warn",
            f"--metricsPort={metrics}",
            f"--healthzPort={health}",
            *(() if self.limits is DEFAULT else _RAISED),
        ]
        child = self.rig.program("argo", command, {"POD_NAMESPACE": "argo-rollouts"})
        self.rig.wait("Argo Rollouts", lambda: ports.answers(metrics), 60, 0.1)
        return child

    def manifest(self, name: str) -> dict[str, Any]:
        window = min(self.work.window, self.work.instances)
        surge = self.work.replacement is Replacement.SURGE
        canary = {"maxSurge": window if surge else 0, "maxUnavailable": 0 if surge else window}
        return {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Rollout",
            "metadata": {"name": name},
            "spec": {
                "replicas": self.work.instances,
                "selector": {"matchLabels": {"workload": name}},
                "strategy": {"canary": canary},
                "template": self.template(name, 1),
            },
        }

    def done(self) -> bool:
        return all(each.get("status", {}).get("phase") == "Healthy" for each in self.objects())

    def clean(self) -> None:
        super().clean()
        await_replica_sets(self.rig)
