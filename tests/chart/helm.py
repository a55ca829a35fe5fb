"""Runs the real helm with its own folders, and returns the rendered objects."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from hack.chart import CHART
from hack.devcluster.cluster import Cluster

Object = dict[str, Any]
RELEASE = NAMESPACE = "echelon"


class HelmError(Exception):
    """Helm failed. The text is its message."""


def helm(
    *args: str, kubeconfig: Path | None = None, values: Mapping[str, Any] | None = None
) -> str:
    """Run helm and return its output. ``values`` are passed as a file, to keep their types. The
    file is JSON, because PyYAML does not quote some strings that helm reads as numbers (1e3)."""
    with tempfile.TemporaryDirectory() as home:
        environ = {k: v for k, v in os.environ.items() if not k.startswith(("HELM_", "KUBE"))}
        environ |= {f"HELM_{name}_HOME": home for name in ("CACHE", "CONFIG", "DATA")}
        environ |= {"HOME": home, "KUBECONFIG": str(kubeconfig or Path(home, "none"))}
        command = [str(Cluster.binary("helm")), *args]
        if values:
            file = Path(home, "values.yaml")
            file.write_text(json.dumps(dict(values)))
            command += ["--values", str(file)]
        done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    if done.returncode:
        raise HelmError(done.stderr.strip())
    return done.stdout


def template(
    values: Mapping[str, Any] | None = None,
    *flags: str,
    chart: Path = CHART,
    release: str = RELEASE,
    namespace: str = NAMESPACE,
) -> str:
    """The rendered release as text."""
    return helm("template", release, str(chart), "--namespace", namespace, *flags, values=values)


def objects(text: str) -> list[Object]:
    return [document for document in yaml.load_all(text, yaml.CSafeLoader) if document]


def render(values: Mapping[str, Any] | None = None, **how: Any) -> list[Object]:
    """The rendered release as objects."""
    return objects(template(values, **how))


def one(rendered: list[Object], kind: str, name: str | None = None) -> Object:
    """The only object of a kind (and a name)."""
    (found,) = [o for o in rendered if o["kind"] == kind and name in (None, o["metadata"]["name"])]
    return found


@cache
def default_objects() -> list[Object]:
    """The release with default values. Do not modify the result."""
    return render()


def nested(flat: Mapping[str, Any]) -> Object:
    """``{"a.b": 1}`` as ``{"a": {"b": 1}}``."""
    made: Object = {}
    for name, value in flat.items():
        *above, last = name.split(".")
        place = made
        for part in above:
            place = place.setdefault(part, {})
        place[last] = value
    return made


def container(rendered: list[Object]) -> Object:
    """The operator's container."""
    found: Object = one(rendered, "Deployment")["spec"]["template"]["spec"]["containers"][0]
    return found
