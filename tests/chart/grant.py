"""Gives a user exactly the roles of the chart, for tests that start the operator themselves."""

from __future__ import annotations

import json
from collections.abc import Sequence

from hack.devcluster.cluster import Cluster
from tests.chart.helm import nested, render


def grant(
    cluster: Cluster, user: str, leases: Sequence[str], lease_namespace: str = "kube-system"
) -> None:
    """Grant the roles cluster-wide; the user may hold each of ``leases``."""
    found = []
    for lease in leases:
        values = {
            "fullnameOverride": f"{user}-{lease}",
            "crds.install": False,
            "rbac.aggregateRoles": False,
            "leaderElection.leaseName": lease,
            "leaderElection.leaseNamespace": lease_namespace,
        }
        found += [o for o in render(nested(values)) if "Role" in o["kind"]]
    subject = {"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": user}
    for role in found:
        if "subjects" in role:
            role["subjects"] = [subject]
    everything = {"apiVersion": "v1", "kind": "List", "items": found}
    cluster.kubectl("apply", "-f", "-", input=json.dumps(everything))
