"""The operator as a process of its own, and the address of ``echelon ui``."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from hack.devcluster.cluster import Cluster
from hack.devcluster.process import Child, Guard

CRDS: Final = Path(__file__).resolve().parents[2] / "crds"


def start_operator(stack: ExitStack, cluster: Cluster) -> Child:
    """Apply the CRDs and start the operator, which ends with the stack."""
    cluster.kubectl("apply", "-f", str(CRDS))
    cluster.kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=20s")
    guard = Guard()
    stack.callback(guard.close)
    # ECHELON_ variables of the user's shell are not meant for this operator.
    unset = [f"--unset={name}" for name in os.environ if name.startswith("ECHELON_")]
    command = ["env", *unset, f"KUBECONFIG={cluster.kubeconfig}", sys.executable, "-m"]
    command += ["controller", "--gate-allow-loopback", "true"]
    command += ["--metrics-address=127.0.0.1:0", "--health-address=127.0.0.1:0"]
    operator = Child("operator", command, cluster.log_dir, guard)
    stack.callback(operator.end)
    operator.start()
    return operator


@contextmanager
def page(kubeconfig: Path) -> Iterator[tuple[str, int]]:
    """The address of ``echelon ui``, and its process id. It ends with the block."""
    command = [sys.executable, "-m", "controller.cli", "ui", "--no-browser", "--port", "0"]
    environ = os.environ | {"KUBECONFIG": str(kubeconfig)}
    started = subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True)
    try:
        assert started.stdout is not None
        address = started.stdout.readline().strip().rstrip("/")
        if not address:
            raise ChildProcessError(f"echelon ui has ended with {started.wait()}")
        yield address, started.pid
    finally:
        started.terminate()
        started.wait()
