"""The cluster and the operator of the demo. Leaving the `with` block ends both."""

from __future__ import annotations

import os
import ssl
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any

from hack.demo.dashboard import Dashboard
from hack.demo.observer import Observer
from hack.demo.watch import Server, Watch, World
from hack.devcluster.cluster import Cluster
from hack.devcluster.process import Child, Guard

ROOT = Path(__file__).resolve().parents[2]


class StageError(Exception):
    """Something that the demo needs failed. The text is shown to the user."""


class Stage:
    """`start_cluster` starts the cluster, `start_operator` the operator as a process of its own."""

    def __init__(self, nodes: int = 6) -> None:
        self.nodes = nodes
        self.world = World()
        self.observer = Observer(self.world.pods)
        self._stack = ExitStack()
        self._cluster: Cluster | None = None
        self._operator: Child | None = None

    def __enter__(self) -> Stage:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    @property
    def cluster(self) -> Cluster:
        assert self._cluster is not None
        return self._cluster

    @property
    def operator(self) -> Child:
        assert self._operator is not None
        return self._operator

    def start_cluster(self, *admission_plugins: str) -> None:
        """Start a control plane with these admission plugins in addition to the default ones."""
        flags = [f"--enable-admission-plugins={name}" for name in admission_plugins]
        self._cluster = self._stack.enter_context(Cluster(self.nodes, api_args=flags))

    def apply_crds(self) -> None:
        """Apply the CRDs and wait until they are served. (`kubectl wait` fails if it asks before
        a CRD has any condition.)"""
        self.shell("kubectl apply -f crds/")
        path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
        self.cluster.wait(
            "the CRDs", lambda: all(map(_established, self.cluster.api.get(path)["items"])), 60
        )

    def start_operator(self, kubeconfig: Path | None = None) -> None:
        """Start the operator. It logs to the cluster's log folder and acts as administrator by
        default."""
        guard = Guard()
        self._stack.callback(guard.close)
        # ECHELON_ variables of the user's shell are not meant for this operator.
        unset = [f"--unset={name}" for name in os.environ if name.startswith("ECHELON_")]
        command = [
            "env",
            *unset,
            f"KUBECONFIG={kubeconfig or self.cluster.kubeconfig}",
            sys.executable,
            "-m",
            "controller",
            "--metrics-address=127.0.0.1:0",
            "--health-address=127.0.0.1:0",
        ]
        self._operator = Child("operator", command, self.cluster.log_dir, guard)
        self._stack.callback(self._operator.end)
        self._operator.start()

    def start_dashboard(self, is_bad: Callable[[str], bool]) -> Dashboard:
        """Start the service that the gate asks. It runs as long as the operator."""
        return self._stack.enter_context(Dashboard(is_bad))

    def watch(self, job: str) -> None:
        """Start watches that keep the Job, its Updates and its pods in `world`."""
        layout = self.cluster.layout
        tls = ssl.create_default_context(cafile=str(layout.certs / "ca.crt"))
        tls.load_cert_chain(layout.certs / "admin.crt", layout.certs / "admin.key")
        server = Server(int(self.cluster.url.rpartition(":")[2]), tls)
        world, ours = self.world, "/apis/echelon.dev/v1alpha1/namespaces/default"
        pods = f"/api/v1/namespaces/default/pods?labelSelector=echelon.dev/job%3D{job}"
        Watch(server, f"{ours}/echelonjobs", world.jobs, world.changed).start()
        Watch(server, f"{ours}/updates", world.updates, world.changed).start()
        Watch(server, pods, world.pods, world.changed, self.observer.record).start()

    def job(self, name: str) -> dict[str, Any]:
        """Read the Job from the API server."""
        path = f"/apis/echelon.dev/v1alpha1/namespaces/default/echelonjobs/{name}"
        found: dict[str, Any] = self.cluster.api.get(path)
        return found

    def copy(self) -> Path:
        """Create a folder that contains ``examples``. It is deleted with the cluster."""
        folder = self.cluster.dir / "copy"
        folder.mkdir()
        (folder / "examples").symlink_to(ROOT / "examples")
        return folder

    def shell(self, command: str, folder: Path = ROOT) -> str:
        """Run a command line in ``folder``, with kubectl and echelon on the PATH. Returns its
        output.

        Raises StageError if the command fails.
        """
        environment = os.environ | {
            "KUBECONFIG": str(self.cluster.kubeconfig),
            "PATH": os.pathsep.join([self.programs, os.environ.get("PATH", os.defpath)]),
        }
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", command],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise StageError(f"{command}\n{(done.stderr or done.stdout).strip()}")
        return done.stdout

    @property
    def programs(self) -> str:
        """The folders of kubectl and of echelon, as in PATH."""
        folders = (self.cluster.binary("kubectl").parent, Path(sys.executable).parent)
        return os.pathsep.join(map(str, folders))

    def check_operator(self) -> None:
        """Raise StageError if the operator has exited."""
        if self._operator is not None and self._operator.died:
            raise StageError("the operator has exited")

    def operator_log(self, lines: int = 25) -> str:
        return self._operator.said(lines) if self._operator else ""


def _established(crd: dict[str, Any]) -> bool:
    conditions = crd.get("status", {}).get("conditions") or ()
    return any(each["type"] == "Established" and each["status"] == "True" for each in conditions)
