"""Secrets for the headers of webhooks, and the permission to read them."""

from __future__ import annotations

from tests.integration.harness.manifests import Object
from tests.integration.harness.operator import USER
from tests.integration.harness.role import RBAC
from tests.integration.harness.space import Space


def secret(name: str, data: dict[str, str]) -> Object:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": data}


def may_read(space: Space, name: str) -> None:
    """Grant the chart's permission for ``rbac.secrets: [name]``, in one namespace."""
    base = f"/apis/{RBAC}/v1/namespaces/{space.name}"
    meta = {"name": f"read-{name}"}
    rule = {"apiGroups": [""], "resources": ["secrets"], "resourceNames": [name], "verbs": ["get"]}
    space.api.create(f"{base}/roles", {"metadata": meta, "rules": [rule]})
    binding = {
        "metadata": meta,
        "roleRef": {"apiGroup": RBAC, "kind": "Role", "name": meta["name"]},
        "subjects": [{"apiGroup": RBAC, "kind": "User", "name": USER}],
    }
    space.api.create(f"{base}/rolebindings", binding)
