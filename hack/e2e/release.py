"""The operator as users run it: the chart installed by helm, running as a pod."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from typing import Any

from hack.devcluster.cluster import Cluster
from hack.e2e import operator_image
from hack.e2e.operator_base import ROOT

NAMESPACE = "echelon-system"
NAME = "echelon"
CHART = ROOT / "charts" / "echelon"
_SELECTOR = f"app.kubernetes.io/instance={NAME}"
_PODS = f"/api/v1/namespaces/{NAMESPACE}/pods"


class HelmError(Exception):
    """helm failed. The text is its message."""


class Release:
    """One release of the chart. It sets only the image and the given values."""

    def __init__(self, cluster: Cluster, values: Sequence[str] = ()) -> None:
        self._cluster = cluster
        image = f"image.registry={operator_image.REPOSITORY.partition('/')[0]}"
        name = f"image.repository={operator_image.REPOSITORY.partition('/')[2]}"
        self._values = [image, name, f"image.tag={operator_image.TAG}", *values]

    def install(self) -> None:
        self._apply("install", "--create-namespace")

    def upgrade(self, *values: str) -> None:
        """Set additional values, and wait until all pods have them."""
        self._values += values
        self._apply("upgrade")

    def _apply(self, verb: str, *args: str) -> None:
        sets = [word for value in self._values for word in ("--set", value)]
        self.helm(verb, NAME, str(CHART), *args, *sets)
        self.wait_ready()

    def helm(self, *args: str) -> str:
        folder = self._cluster.dir / "helm"
        kinds = ("CACHE", "CONFIG", "DATA")
        homes = {f"HELM_{kind}_HOME": str(folder / kind.lower()) for kind in kinds}
        own = [f"--kubeconfig={self._cluster.kubeconfig}", f"--namespace={NAMESPACE}"]
        done = subprocess.run(
            [str(self._cluster.binary("helm")), *args, *own],
            env=os.environ | homes,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise HelmError(f"helm {args[0]}: {done.stderr.strip()}")
        return done.stdout

    def wait_ready(self, timeout: float = 90.0) -> None:
        """Wait until all pods are Ready and one of them acts."""
        path = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments?labelSelector={_SELECTOR}"

        def ready() -> bool:
            found = self._cluster.api.get(path)["items"]
            return bool(found) and all(map(_rolled_out, found))

        self._cluster.wait("the operator's pods", ready, timeout)
        self._cluster.wait("a holder of the Lease", self.holder, 30)

    def pods(self) -> list[dict[str, Any]]:
        """The operator's pods that are not being deleted."""
        found = self._cluster.api.get(f"{_PODS}?labelSelector={_SELECTOR}")["items"]
        return [pod for pod in found if "deletionTimestamp" not in pod["metadata"]]

    def holder(self) -> dict[str, Any] | None:
        """The pod that holds the Lease of the Jobs. None if no pod holds it."""
        path = f"/apis/coordination.k8s.io/v1/namespaces/{NAMESPACE}/leases/{NAME}"
        holder = self._cluster.api.get(path)["spec"].get("holderIdentity") or ""
        for pod in self.pods():
            meta = pod["metadata"]
            if meta["name"] in holder or meta["uid"] in holder:
                return pod
        return None

    def delete(self, pod: dict[str, Any]) -> None:
        """Delete a pod as `kubectl delete pod` does."""
        meta = pod["metadata"]
        self._cluster.api.delete(f"{_PODS}/{meta['name']}", {"preconditions": {"uid": meta["uid"]}})

    def users(self) -> set[str]:
        """The user names of the release's ServiceAccounts in the API server."""
        names = {pod["spec"]["serviceAccountName"] for pod in self.pods()}
        return {f"system:serviceaccount:{NAMESPACE}:{name}" for name in names}

    def said(self, lines: int = 40) -> str:
        return self._cluster.kubectl(
            *("-n", NAMESPACE, "logs", f"--selector={_SELECTOR}", f"--tail={lines}", "--prefix"),
            check=False,
        )


def _rolled_out(deployment: dict[str, Any]) -> bool:
    """Whether all pods of a Deployment are Ready and have its present template."""
    status, replicas = deployment["status"], deployment["spec"]["replicas"]
    counts = [status.get(each, 0) for each in ("replicas", "updatedReplicas", "readyReplicas")]
    observed = status.get("observedGeneration") == deployment["metadata"]["generation"]
    return bool(observed and counts == [replicas] * 3)
