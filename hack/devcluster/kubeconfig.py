"""Creates the users of a cluster, who have a client certificate or a token, and their kubeconfigs.

The API server verifies a certificate at each request, which is a tenth of its work; a token it only
looks up. So those who ask most have tokens: the programs of the cluster, the client of the tests
and the users who are known when the cluster starts.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from hack.devcluster.certs import Authority
from hack.devcluster.components import Layout

#: The kubeconfig of the administrator with a token.
ADMIN_TOKEN: Final = "admin-token"
_MASTERS: Final = "system:masters"
#: Members of `system:masters`: name of the kubeconfig -> user.
_PROGRAMS: Final = {
    "kube-controller-manager": "system:kube-controller-manager",
    "kube-scheduler": "system:kube-scheduler",
    "nodesim": "nodesim",
    ADMIN_TOKEN: "admin",
}
_NAME: Final = "devcluster"


def begin(layout: Layout, users: Sequence[str]) -> Authority:
    """Create the certificates and tokens that the API server reads when it starts. ``users`` get a
    token and no rights; the administrator has a certificate, and a token at ``ADMIN_TOKEN``."""
    authority = Authority(layout.certs)
    authority.server("apiserver")
    authority.key_pair("service-accounts")
    certified(authority, layout, "admin", "admin", [_MASTERS])
    layout.tokens.touch(mode=0o600)
    with layout.tokens.open("w") as tokens:
        for name, user in _PROGRAMS.items():
            tokens.write(_with_token(layout, name, user, _MASTERS))
        for user in users:
            tokens.write(_with_token(layout, client(user), user))
    return authority


def certified(
    authority: Authority, layout: Layout, name: str, user: str, groups: Sequence[str] = ()
) -> Path:
    """`name` is the name of the files of the certificate and the kubeconfig, `user` the user."""
    authority.client(name, user, groups)
    credentials = {
        "client-certificate-data": _data(layout, f"{name}.crt"),
        "client-key-data": _data(layout, f"{name}.key"),
    }
    return _write(layout, name, user, credentials)


def client(user: str) -> str:
    """The name of the files of a user who is no part of the cluster."""
    return "client-" + user.replace(":", "-").replace("/", "-")


def token(layout: Layout, name: str) -> str:
    """The token of a user who has one. `name`: of the kubeconfig."""
    users = json.loads(layout.kubeconfig(name).read_text())["users"]
    return str(users[0]["user"]["token"])


def _with_token(layout: Layout, name: str, user: str, *groups: str) -> str:
    """The user's line in the file of tokens."""
    made = secrets.token_hex(16)
    _write(layout, name, user, {"token": made})
    return ",".join((made, user, name, *groups)) + "\n"


def _data(layout: Layout, file: str) -> str:
    return base64.b64encode((layout.certs / file).read_bytes()).decode()


def _write(layout: Layout, name: str, user: str, credentials: dict[str, str]) -> Path:
    cluster = {"server": layout.url, "certificate-authority-data": _data(layout, "ca.crt")}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": _NAME, "cluster": cluster}],
        "users": [{"name": user, "user": credentials}],
        "contexts": [{"name": _NAME, "context": {"cluster": _NAME, "user": user}}],
        "current-context": _NAME,
    }
    path = layout.kubeconfig(name)
    path.touch(mode=0o600)
    path.write_text(json.dumps(config, indent=2) + "\n")  # JSON is YAML
    return path
