"""Creates a user of a cluster, who has a client certificate or a token, and a kubeconfig with it.

The API server verifies a certificate at each request, which is a tenth of its work; a token it only
looks up. So its own programs have tokens.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path

from hack.devcluster.certs import Authority
from hack.devcluster.components import Layout

_NAME = "devcluster"


def issue(
    authority: Authority, layout: Layout, name: str, user: str, groups: Sequence[str] = ()
) -> Path:
    """`name` is the name of the files of the certificate and the kubeconfig, `user` the user."""
    authority.client(name, user, groups)
    credentials = {
        "client-certificate-data": _data(layout, f"{name}.crt"),
        "client-key-data": _data(layout, f"{name}.key"),
    }
    return _write(layout, name, user, credentials)


def issue_tokens(layout: Layout, users: Mapping[str, str], group: str) -> None:
    """For `users`, who are members of `group`; keys: as `name` of `issue`. The API server reads the
    tokens when it starts."""
    tokens = {name: secrets.token_hex(16) for name in users}
    layout.tokens.touch(mode=0o600)
    layout.tokens.write_text(
        "".join(f"{tokens[name]},{user},{name},{group}\n" for name, user in users.items())
    )
    for name, user in users.items():
        _write(layout, name, user, {"token": tokens[name]})


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
