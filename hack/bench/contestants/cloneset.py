"""A CloneSet of OpenKruise, if its manager, CRDs and webhooks are given.

``KRUISE_MANAGER_BIN``: the manager; ``KRUISE_CRDS``: the folder `config/crd/bases`;
``KRUISE_WEBHOOKS``: the file `config/webhook/manifests.yaml` with the names
`kruise-mutating-webhook-configuration` and `kruise-validating-webhook-configuration`, all of the
same version. Its webhook for pods is off, which is in its favour.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from hack.bench.contestants.base import Workloads, given_path, replicas_done
from hack.bench.limits import DEFAULT
from hack.bench.work import Replacement
from hack.devcluster import ports
from hack.devcluster.process import Child

_RAISED = ("--rest-config-qps=2000", "--rest-config-burst=4000", "--cloneset-workers=20")
_NAMESPACE = "kruise-system"


class CloneSet(Workloads):
    replacements: ClassVar = frozenset(Replacement) - {Replacement.RESIZE}
    needs: ClassVar = ("KRUISE_MANAGER_BIN", "KRUISE_CRDS", "KRUISE_WEBHOOKS")
    path: ClassVar = "/apis/apps.kruise.io/v1alpha1/namespaces/default/clonesets"

    def launch(self) -> Child:
        cluster = self.rig.cluster
        program = given_path("KRUISE_MANAGER_BIN")
        self.agents = (f"{Path(program).name}/",)
        crds = f"--filename={given_path('KRUISE_CRDS')}"
        cluster.kubectl("apply", "--server-side", "--recursive", crds)
        cluster.kubectl("wait", "--for=condition=Established", "crd", "--all")
        cluster.kubectl("create", "namespace", _NAMESPACE, check=False)
        cluster.kubectl("apply", f"--filename={given_path('KRUISE_WEBHOOKS')}")
        webhook, metrics, health, profile = ports.free(4)
        certs = cluster.dir / "kruise-certs"
        certs.mkdir(exist_ok=True)
        command = [
            program,
            "--enable-leader-election=false",
            "--feature-gates=PodWebhook=false,KruiseDaemon=false",
            f"--metrics-addr=127.0.0.1:{metrics}",
            f"--health-probe-addr=127.0.0.1:{health}",
            f"--pprof-addr=127.0.0.1:{profile}",
            *(() if self.limits is DEFAULT else _RAISED),
        ]
        variables = {
            "POD_NAMESPACE": _NAMESPACE,
            "WEBHOOK_HOST": "127.0.0.1",
            "WEBHOOK_PORT": str(webhook),
            "WEBHOOK_CERT_DIR": str(certs),
        }
        child = self.rig.program("kruise", command, variables)
        self.rig.wait("OpenKruise", lambda: ports.answers(webhook), 120, 0.1)
        return child

    def stop(self) -> None:
        """End the manager and remove its webhooks: they would refuse all changes."""
        super().stop()
        webhooks = f"--filename={given_path('KRUISE_WEBHOOKS')}"
        self.rig.cluster.kubectl("delete", "--ignore-not-found", webhooks)

    def manifest(self, name: str) -> dict[str, Any]:
        window = min(self.work.window, self.work.instances)
        surge = self.work.replacement is Replacement.SURGE
        in_place = self.work.replacement is Replacement.IN_PLACE
        return {
            "apiVersion": "apps.kruise.io/v1alpha1",
            "kind": "CloneSet",
            "metadata": {"name": name},
            "spec": {
                "replicas": self.work.instances,
                "selector": {"matchLabels": {"workload": name}},
                "updateStrategy": {
                    "type": "InPlaceOnly" if in_place else "ReCreate",
                    "maxSurge": window if surge else 0,
                    "maxUnavailable": 0 if surge else window,
                },
                "template": self.template(name, 1),
            },
        }

    def done(self) -> bool:
        return all(replicas_done(each) for each in self.objects())
