"""Gives the operator's user exactly the permissions of the chart's role in all these tests.

The rules come from the chart's template, whose fixed part is plain YAML (`tests/chart` compares it
with the output of helm). Each test has its own Lease, so Leases are not limited to a name here.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

import yaml

from hack.chart import CHART
from hack.devcluster.cluster import Cluster

RBAC: Final = "rbac.authorization.k8s.io"
LEASES: Final = {
    "apiGroups": ["coordination.k8s.io"],
    "resources": ["leases"],
    "verbs": ["create", "get", "patch"],
}


def chart_rules() -> list[dict[str, Any]]:
    """The rules that do not depend on values."""
    text = (CHART / "templates" / "_rules.tpl").read_text()
    rules: list[dict[str, Any]] = []
    for name in ("rules", "clusterRules"):
        start = f'{{{{- define "echelon.{name}" -}}}}'
        rules += yaml.safe_load(text.partition(start)[2].partition("{{-")[0])
    return rules


def maintenance_rules() -> list[dict[str, Any]]:
    """The rules that ``maintenance.enabled`` and ``maintenance.evictOthers`` add."""
    text = (CHART / "templates" / "_rules.tpl").read_text()
    part = text.partition('{{- define "echelon.maintenanceRules" -}}')[2].partition("{{/*")[0]
    rules: list[dict[str, Any]] = yaml.safe_load(re.sub(r"(?m)^\{\{.*\}\}$", "", part))
    return rules


def grant(cluster: Cluster, user: str, rules: list[dict[str, Any]] | None = None) -> None:
    """Give ``user`` these permissions (by default, the operator's of the chart) in all namespaces,
    and those on Leases. What was given before is replaced."""
    role = {
        "apiVersion": f"{RBAC}/v1",
        "kind": "ClusterRole",
        "metadata": {"name": user},
        "rules": [*(chart_rules() if rules is None else rules), LEASES],
    }
    binding = {
        "apiVersion": f"{RBAC}/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": user},
        "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": user},
        "subjects": [{"apiGroup": RBAC, "kind": "User", "name": user}],
    }
    for manifest in (role, binding):
        cluster.kubectl("apply", "-f", "-", input=json.dumps(manifest))
