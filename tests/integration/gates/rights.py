"""Secrets for the headers of webhooks, and the permission to read them."""

from __future__ import annotations

from hack.harness.manifests import Object
from hack.harness.operator import USER
from hack.harness.role import RBAC
from hack.harness.space import Space


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
