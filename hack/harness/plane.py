"""What a control plane needs before the operator can serve it."""

from __future__ import annotations

from typing import Any

from hack.crds import FOLDER
from hack.devcluster.cluster import Cluster


def install(cluster: Cluster) -> None:
    """Apply the CRDs and wait until they are served."""
    cluster.kubectl("apply", "-f", str(FOLDER))
    cluster.kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=180s")
    for plural in ("echelonjobs", "updates", "maintenances"):
        cluster.wait(plural, lambda p=plural: cluster.api.get(f"/apis/echelon.dev/v1alpha1/{p}"))  # type: ignore[misc]


def audit_policy(*quiet: str) -> dict[str, Any]:
    """An audit policy that logs nothing of these users, and of all others what they sent."""
    return {
        "apiVersion": "audit.k8s.io/v1",
        "kind": "Policy",
        "omitStages": ["RequestReceived"],
        "rules": [
            {"level": "None", "users": list(quiet)},
            {"level": "Request", "verbs": ["delete", "patch"]},
            {"level": "Request", "resources": [{"group": "", "resources": ["pods/eviction"]}]},
            {"level": "Metadata"},
        ],
    }
