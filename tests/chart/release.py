"""A release of the chart in a cluster, and the operator as a process with the pod's settings.

The nodes are simulated, so no container runs. The test starts a process instead, with the flags of
the container and the token of the release's ServiceAccount: it has exactly the chart's permissions.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hack.chart import CHART
from hack.devcluster.cluster import Cluster
from hack.harness.manifests import job, phase, template
from hack.harness.operator import Operator
from hack.harness.patience import patient
from tests.chart.helm import Object, helm, nested

GROUP = "/apis/echelon.dev/v1alpha1"


class Release:
    """A release, installed with ``values`` (flat). Namespaces are created if needed."""

    def __init__(
        self, cluster: Cluster, name: str, namespace: str, values: Mapping[str, Any] | None = None
    ) -> None:
        self.cluster = cluster
        self.name = name
        self.namespace = namespace
        self.values = dict(values or {})
        self.chart = CHART

    @property
    def user(self) -> str:
        return f"system:serviceaccount:{self.namespace}:{self.name}"

    def helm(self, *args: str, values: Mapping[str, Any] | None = None) -> str:
        """Run a helm command for this release."""
        flags = ("--namespace", self.namespace)
        return helm(*args, *flags, kubeconfig=self.cluster.kubeconfig, values=values)

    def install(self, *flags: str) -> str:
        """Install the release. Returns helm's output when the operator's pods are Ready."""
        waiting = ("--wait", "--timeout", "60s", *flags)
        return self.helm("install", self.name, str(self.chart), *waiting, values=self._nested())

    def upgrade(self, **values: Any) -> str:
        self.values |= {name.replace("__", "."): value for name, value in values.items()}
        waiting = ("--wait", "--timeout", "60s")
        return self.helm("upgrade", self.name, str(self.chart), *waiting, values=self._nested())

    def uninstall(self) -> str:
        return self.helm("uninstall", self.name, "--wait", "--timeout", "60s")

    def _nested(self) -> Object:
        return nested(self.values)

    @property
    def args(self) -> list[str]:
        """The flags of the operator's container, from the cluster."""
        return self.args_of(self.name)

    def args_of(self, deployment_name: str) -> list[str]:
        """The flags of the first container of a Deployment."""
        path = f"/apis/apps/v1/namespaces/{self.namespace}/deployments/{deployment_name}"
        deployment = self.cluster.api.get(path)
        args: list[str] = deployment["spec"]["template"]["spec"]["containers"][0]["args"]
        return args

    @contextmanager
    def operator(self) -> Iterator[Operator]:
        """Run the operator with the chart's roles. Returns when it acts."""
        operator = Operator(
            self.cluster, self.name, args=self.args, kubeconfig=self.kubeconfig(self.name)
        )
        operator.start()
        try:
            yield operator
        finally:
            operator.close()

    def kubeconfig(self, account: str) -> Path:
        """A kubeconfig with the token of a ServiceAccount of the release, as in a pod."""
        token = self.cluster.kubectl(
            "create", "token", account, "--namespace", self.namespace
        ).strip()
        authority = str(self.cluster.layout.certs / "ca.crt")
        cluster = {"server": self.cluster.url, "certificate-authority": authority}
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "it", "cluster": cluster}],
            "users": [{"name": "it", "user": {"token": token}}],
            "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it"}}],
            "current-context": "it",
        }
        path = self.cluster.dir / f"{self.namespace}-{account}.kubeconfig"
        path.touch(mode=0o600)
        path.write_text(json.dumps(config))
        return path


class Jobs:
    """Jobs of one namespace, as a user would use them."""

    def __init__(self, cluster: Cluster, namespace: str) -> None:
        self.cluster = cluster
        self.namespace = namespace
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}
        cluster.kubectl("apply", "-f", "-", input=json.dumps(body))

    def path(self, plural: str, name: str = "") -> str:
        root = "/api/v1" if plural in ("pods", "persistentvolumeclaims") else GROUP
        root = "/apis/apps/v1" if plural == "controllerrevisions" else root
        return f"{root}/namespaces/{self.namespace}/{plural}/{name}".rstrip("/")

    def make(self, name: str = "web", **spec: Any) -> None:
        """Create a Job of three instances. Returns when all are available."""
        self.cluster.api.create(self.path("echelonjobs"), job(name, **spec))
        self.wait(f"{name} available", lambda: self._available(name) == 3)

    def roll(self, image: str, *phases: str, name: str = "web", **container: Any) -> Object:
        """Change the image, or other fields of the container, and wait until its Update has ended
        in one of these phases."""
        before = {update["metadata"]["uid"] for update in self.all("updates")}
        made = template(image)
        made["spec"]["containers"][0] |= container
        self.cluster.api.patch(self.path("echelonjobs", name), {"spec": {"template": made}})

        def ended() -> Object | None:
            new = [u for u in self.all("updates") if u["metadata"]["uid"] not in before]
            return next((u for u in new if phase(u) in phases), None)

        found: Object = self.wait(f"{image} to be {' or '.join(phases)}", ended)
        return found

    def all(self, plural: str) -> list[Object]:
        """Every object of a kind. Retries while the API server loads a changed definition."""
        found: Object = self.wait(plural, lambda: self.cluster.api.get(self.path(plural)))
        return list(found["items"])

    def images(self) -> set[str]:
        return {pod["spec"]["containers"][0]["image"] for pod in self.all("pods")}

    def uids(self) -> dict[str, str]:
        """The uids of all Jobs and their objects."""
        plurals = ("echelonjobs", "updates", "pods", "controllerrevisions")
        return {
            f"{plural}/{o['metadata']['name']}": o["metadata"]["uid"]
            for plural in plurals
            for o in self.all(plural)
        }

    def wait(self, what: str, probe: Callable[[], Any], timeout: float = 40.0) -> Any:
        return self.cluster.wait(what, probe, patient(timeout))

    def _available(self, name: str) -> int:
        status = self.cluster.api.get(self.path("echelonjobs", name)).get("status", {})
        return int(status.get("availableInstances") or 0)
