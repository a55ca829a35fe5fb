"""People with tokens of the API server and a part of the rights, and the account of the page."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from hack.chart import CHART
from hack.devcluster.cluster import Cluster
from hack.harness.role import RBAC

_NUMBERS: Final = itertools.count(1)
READ: Final = ["get", "list", "watch"]
VIEW: Final[list[dict[str, Any]]] = [
    {"apiGroups": ["echelon.dev"], "resources": ["echelonjobs", "updates"], "verbs": READ},
    {"apiGroups": [""], "resources": ["pods", "pods/log"], "verbs": READ},
    {"apiGroups": ["apps"], "resources": ["controllerrevisions"], "verbs": READ},
    {"apiGroups": ["events.k8s.io"], "resources": ["events"], "verbs": READ},
    {"apiGroups": ["batch"], "resources": ["jobs"], "verbs": READ},
]
PATCH: Final = {"apiGroups": ["echelon.dev"], "resources": ["updates"], "verbs": ["patch"]}
STEER: Final = [*VIEW, PATCH]
NODES: Final = {"apiGroups": [""], "resources": ["nodes"], "verbs": READ}
#: What the page does with its own account; TokenReviews are not behind a proxy.
REVIEWS: Final = [
    {"apiGroups": ["authentication.k8s.io"], "resources": ["tokenreviews"], "verbs": ["create"]},
    {"apiGroups": [""], "resources": ["pods/log"], "verbs": ["get"]},
]


@dataclass
class Person:
    """A ServiceAccount. ``token``: of an hour."""

    cluster: Cluster
    namespace: str
    name: str
    token: str = field(repr=False)

    @property
    def user(self) -> str:
        return f"system:serviceaccount:{self.namespace}:{self.name}"

    def may(self, rules: list[dict[str, Any]], namespace: str | None = None) -> Person:
        """Give the rights, in a namespace or (None) everywhere."""
        kind = "Role" if namespace else "ClusterRole"
        name = f"{self.namespace}-{self.name}"
        meta = {"name": name} | ({"namespace": namespace} if namespace else {})
        subject = {"kind": "ServiceAccount", "name": self.name, "namespace": self.namespace}
        reference = {"apiGroup": RBAC, "kind": kind, "name": name}
        for manifest in (
            {"kind": kind, "rules": rules},
            {"kind": f"{kind}Binding", "roleRef": reference, "subjects": [subject]},
        ):
            whole = {"apiVersion": f"{RBAC}/v1", "metadata": meta, **manifest}
            self.cluster.kubectl("apply", "-f", "-", input=json.dumps(whole))
        return self

    def may_no_longer(self, namespace: str) -> None:
        path = f"/apis/{RBAC}/v1/namespaces/{namespace}/rolebindings"
        self.cluster.api.delete(f"{path}/{self.namespace}-{self.name}")

    def leave(self) -> None:
        """Delete the ServiceAccount: its tokens are worth nothing from then on."""
        self.cluster.api.delete(f"/api/v1/namespaces/{self.namespace}/serviceaccounts/{self.name}")


def person(cluster: Cluster, word: str) -> Person:
    """A new ServiceAccount without rights, in a namespace apart from those of tests."""
    namespace, name = "default", f"{word}-{next(_NUMBERS)}"
    accounts = f"/api/v1/namespaces/{namespace}/serviceaccounts"
    cluster.api.create(accounts, {"metadata": {"name": name}})
    asked = {"spec": {"expirationSeconds": 3600}}
    token = cluster.api.create(f"{accounts}/{name}/token", asked)["status"]["token"]
    return Person(cluster, namespace, name, token)


def page_account(cluster: Cluster, name: str = "echelon-page") -> Path:
    """The kubeconfig of a user with the rights that the chart gives the page."""
    text = (CHART / "templates" / "page" / "_page.tpl").read_text()
    rules: list[dict[str, Any]] = [*REVIEWS]
    for part in ("rules", "clusterRules"):
        start = f'{{{{- define "echelon.page.{part}" -}}}}'
        rules += yaml.safe_load(text.partition(start)[2].partition("{{-")[0])
    subject = {"apiGroup": RBAC, "kind": "User", "name": name}
    reference = {"apiGroup": RBAC, "kind": "ClusterRole", "name": name}
    for manifest in (
        {"kind": "ClusterRole", "rules": rules},
        {"kind": "ClusterRoleBinding", "roleRef": reference, "subjects": [subject]},
    ):
        whole = {"apiVersion": f"{RBAC}/v1", "metadata": {"name": name}, **manifest}
        cluster.kubectl("apply", "-f", "-", input=json.dumps(whole))
    return cluster.client_kubeconfig(name)
