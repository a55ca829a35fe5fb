"""Users with a part of the rights, for `echelon ui`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from hack.harness.role import RBAC
from hack.harness.space import Space

READ: Final = ["get", "list", "watch"]


def user_of(space: Space, word: str, *, steer: bool = False) -> tuple[str, Path]:
    """A new user who may look at Jobs, Updates and pods of the namespace, and with ``steer`` act on
    Updates. Returns the name and a kubeconfig."""
    user = f"{word}-of-{space.name[:30]}"
    verbs = [*READ, "patch"] if steer else READ
    rules = [
        {"apiGroups": ["echelon.dev"], "resources": ["echelonjobs"], "verbs": READ},
        {"apiGroups": ["echelon.dev"], "resources": ["updates"], "verbs": verbs},
        {"apiGroups": [""], "resources": ["pods"], "verbs": READ},
    ]
    meta = {"name": word, "namespace": space.name}
    subject = {"apiGroup": RBAC, "kind": "User", "name": user}
    reference = {"apiGroup": RBAC, "kind": "Role", "name": word}
    role = {"apiVersion": f"{RBAC}/v1", "kind": "Role", "metadata": meta, "rules": rules}
    binding = {
        "apiVersion": f"{RBAC}/v1",
        "kind": "RoleBinding",
        "metadata": meta,
        "roleRef": reference,
        "subjects": [subject],
    }
    for manifest in (role, binding):
        space.cluster.kubectl("apply", "-f", "-", input=json.dumps(manifest))
    return user, space.cluster.client_kubeconfig(user)
