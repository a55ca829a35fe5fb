"""``python -m hack.ui``: see ``--help``. It ends with Ctrl-C."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from types import FrameType
from typing import Final

from hack.devcluster.api import ApiError
from hack.devcluster.build import BuildError
from hack.devcluster.cluster import Cluster, ClusterError
from hack.devcluster.process import Child, Guard
from hack.ui.jobs import Part, parts, template
from hack.ui.metrics import Metrics

CRDS: Final = Path(__file__).resolve().parents[2] / "crds"
GROUP: Final = "/apis/echelon.dev/v1alpha1"


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="hack.ui",
        description="Opens the web page on a local control plane with simulated nodes, with Jobs "
        "in every state.",
    )
    parser.add_argument("--instances", type=int, default=400, help="of the largest Job (400)")
    parser.add_argument("--port", type=int, help="port of the page (8765)")
    parser.add_argument("--no-browser", action="store_true", help="do not open a browser")
    options = parser.parse_args()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _end)
    try:
        with ExitStack() as stack:
            _run(stack, options)
    except (BuildError, ClusterError) as error:
        sys.exit(f"ui: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


def _end(number: int, _: FrameType | None) -> None:
    raise SystemExit(128 + number)


def _run(stack: ExitStack, options: argparse.Namespace) -> None:
    cluster = stack.enter_context(Cluster(nodes=14))
    cluster.kubectl("apply", "-f", str(CRDS))
    cluster.kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=20s")
    metrics = stack.enter_context(Metrics())
    _operator(stack, cluster)
    made = parts(metrics.address, options.instances)
    _create(cluster, made)
    print(f"export KUBECONFIG={cluster.kubeconfig}", flush=True)
    command = [sys.executable, "-m", "controller.cli", "ui"]
    command += ["--port", str(options.port)] if options.port is not None else []
    command += ["--no-browser"] if options.no_browser else []
    environ = os.environ | {"KUBECONFIG": str(cluster.kubeconfig)}
    page = subprocess.Popen(command, env=environ)
    stack.callback(page.wait)
    stack.callback(page.terminate)
    _change(cluster, made)
    page.wait()


def _operator(stack: ExitStack, cluster: Cluster) -> None:
    guard = Guard()
    stack.callback(guard.close)
    unset = [f"--unset={name}" for name in os.environ if name.startswith("ECHELON_")]
    command = ["env", *unset, f"KUBECONFIG={cluster.kubeconfig}", sys.executable, "-m"]
    command += ["controller", "--gate-allow-loopback", "true"]
    command += ["--metrics-address=127.0.0.1:0", "--health-address=127.0.0.1:0"]
    operator = Child("operator", command, cluster.log_dir, guard)
    stack.callback(operator.end)
    operator.start()


def _create(cluster: Cluster, made: list[Part]) -> None:
    for namespace in sorted({part.namespace for part in made}):
        cluster.api.create("/api/v1/namespaces", {"metadata": {"name": namespace}})
    for part in made:
        cluster.api.create(f"{GROUP}/namespaces/{part.namespace}/echelonjobs", part.job())


def _change(cluster: Cluster, made: list[Part]) -> None:
    """Make the changes, each when its Job is ready for it."""
    waiting = [part for part in made if part.after]
    while waiting:
        for part in [part for part in waiting if _is_ready(cluster, part)]:
            waiting.remove(part)
            assert part.after is not None
            path = f"{GROUP}/namespaces/{part.namespace}"
            wanted = {"op": "replace", "path": "/spec/template"}
            change = [{**wanted, "value": template(part.name, *part.after)}]
            kind = "application/json-patch+json"
            cluster.api.request("PATCH", f"{path}/echelonjobs/{part.name}", change, kind)
            if part.update is not None:
                update = {
                    "apiVersion": "echelon.dev/v1alpha1",
                    "kind": "Update",
                    "metadata": {"name": f"{part.name}-plan"},
                    "spec": {"job": part.name, **part.update},
                }
                cluster.api.create(f"{path}/updates", update)
        time.sleep(0.5)


def _is_ready(cluster: Cluster, part: Part) -> bool:
    path = f"{GROUP}/namespaces/{part.namespace}/echelonjobs/{part.name}"
    try:
        status = cluster.api.get(path).get("status") or {}
    except ApiError:
        return False
    found = {each["type"]: each["status"] for each in status.get("conditions") or ()}
    return found.get("Ready") == "True"


if __name__ == "__main__":
    main()
