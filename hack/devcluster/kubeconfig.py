"""Creates a user of a cluster: a client certificate, and a kubeconfig that contains it."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from pathlib import Path

from hack.devcluster.certs import Authority
from hack.devcluster.components import Layout

_NAME = "devcluster"


def issue(
    authority: Authority, layout: Layout, name: str, user: str, groups: Sequence[str] = ()
) -> Path:
    """`name` is the name of the files of the certificate and the kubeconfig, `user` the user."""
    authority.client(name, user, groups)

    def data(file: str) -> str:
        return base64.b64encode((layout.certs / file).read_bytes()).decode()

    cluster = {"server": layout.url, "certificate-authority-data": data("ca.crt")}
    credentials = {
        "client-certificate-data": data(f"{name}.crt"),
        "client-key-data": data(f"{name}.key"),
    }
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
