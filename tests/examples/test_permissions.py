"""The permissions in the documents are sufficient for an operator that has no others."""

from __future__ import annotations

import re
from typing import Any

import yaml

from hack.demo.stage import ROOT, Stage
from hack.harness.patience import patient

USER = "echelon-operator"
BINDING = {
    "apiVersion": "rbac.authorization.k8s.io/v1",
    "kind": "ClusterRoleBinding",
    "metadata": {"name": "echelon"},
    "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "echelon"},
    "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": USER}],
}
HISTORY = {"revisionHistoryLimit": 0, "updateHistoryLimit": 0}


def documented_role() -> dict[str, Any]:
    text = (ROOT / "docs" / "operating.md").read_text()
    blocks = re.findall(r"^```yaml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    role: dict[str, Any] = next(each for each in map(yaml.safe_load, blocks) if "rules" in each)
    return role


def test_the_documented_role_is_enough() -> None:
    """The operator creates, updates, prunes, scales, and replaces a lost pod: all of its writes."""
    with Stage(nodes=2) as stage:
        stage.start_cluster("OwnerReferencesPermissionEnforcement")
        stage.apply_crds()
        for manifest in (documented_role(), BINDING):
            stage.cluster.kubectl("apply", "-f", "-", input=yaml.safe_dump(manifest))
        stage.start_operator(stage.cluster.client_kubeconfig(USER))
        manifest = yaml.safe_load((ROOT / "examples" / "minimal.yaml").read_text())
        manifest["spec"] |= HISTORY
        apply(stage, manifest)
        stage.cluster.wait("the Job is Ready", lambda: available(stage, 3), patient(60))

        containers = manifest["spec"]["template"]["spec"]["containers"]
        for tag in ("1.1", "1.2"):
            containers[0]["image"] = f"app:{tag}"
            apply(stage, manifest)
            stage.cluster.wait("it is updated", lambda t=tag: runs(stage, f"app:{t}"), patient(60))  # type: ignore[misc]
        stage.cluster.wait("old objects are pruned", lambda: pruned(stage), 30)
        stage.shell("kubectl scale ejob small --replicas=2")
        stage.cluster.wait("one goes", lambda: available(stage, 2), patient(60))
        stage.shell("kubectl delete pod small-0 --wait=false")
        stage.cluster.wait("it is made again", lambda: available(stage, 2), patient(60))
        stage.cluster.wait("Events are written", lambda: "UpdateStarted" in events(stage), 30)
        log = stage.operator_log(10_000)
        assert "forbidden" not in log.lower()
        assert "lease kube-system/echelon acquired" in log


def apply(stage: Stage, manifest: dict[str, Any]) -> None:
    stage.cluster.kubectl("apply", "-f", "-", input=yaml.safe_dump(manifest))


def available(stage: Stage, count: int) -> bool:
    job = stage.job("small")
    status = job.get("status", {})
    return bool(status.get("availableInstances") == status.get("instances") == count)


def runs(stage: Stage, image: str) -> bool:
    listed = stage.cluster.kubectl("get", "pods", "-o", "jsonpath={..spec.containers[0].image}")
    ended: str | None = stage.job("small")["status"]["lastAttempt"].get("outcome")
    return listed.split() == [image] * 3 and ended == "RolledForward"


def pruned(stage: Stage) -> bool:
    names = stage.cluster.kubectl("get", "eup,controllerrevisions", "-o", "name").split()
    return len(names) == 1


def events(stage: Stage) -> str:
    return stage.cluster.kubectl("get", "events", "-o", "jsonpath={..reason}")
