"""A real Kubernetes control plane on this machine with simulated nodes, as a context manager.

    with Cluster(nodes=10) as cluster:
        cluster.kubectl("apply", "-f", "-", input=manifest)

etcd, kube-apiserver, kube-controller-manager and kube-scheduler are the real programs, built on
first use. `nodesim` simulates the kubelets. Several clusters can run at the same time: each has its
own ports on 127.0.0.1, certificates and folder. Its processes and files are removed at any end.
"""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn, TypeVar

from hack.devcluster import build, components, kubeconfig, ports
from hack.devcluster.api import Api, ApiError
from hack.devcluster.certs import Authority
from hack.devcluster.components import Layout
from hack.devcluster.process import Child, Guard

T = TypeVar("T")


class ClusterError(Exception):
    """The cluster did not start, or a component exited. The message ends with its log."""


class Cluster:
    """One control plane. Call `start` and `stop`, or use it as a context manager.

    `nodes`: number of simulated nodes (0: no simulator). `dir`: folder for all files, which is
    kept; by default it is a temporary folder, removed unless `keep`. `audit`: log every request to
    `audit_log`. `controllers`, `scheduler`: False leaves them out. `…_args`: additional flags.
    `users`: users with a token, which costs the API server less than a certificate.
    """

    def __init__(
        self,
        nodes: int = 10,
        dir: Path | str | None = None,
        *,
        audit: bool = False,
        watch_cache: bool = True,
        scheduler: bool = True,
        controllers: bool = True,
        api_args: Sequence[str] = (),
        controller_args: Sequence[str] = (),
        scheduler_args: Sequence[str] = (),
        users: Sequence[str] = (),
        keep: bool = False,
    ) -> None:
        self.nodes = nodes
        self.audit = audit
        self.watch_cache = watch_cache
        self._parts = {"kube-controller-manager": controllers, "kube-scheduler": scheduler}
        self._args = {
            "kube-apiserver": api_args,
            "kube-controller-manager": controller_args,
            "kube-scheduler": scheduler_args,
        }
        self._users = users
        self._given_dir = Path(dir).absolute() if dir else None
        self._keep = keep or dir is not None
        self._children: dict[str, Child] = {}
        self._guard: Guard | None = None
        self._layout: Layout | None = None
        self._authority: Authority | None = None
        self._api: Api | None = None

    @property
    def layout(self) -> Layout:
        if self._layout is None:
            raise ClusterError("the cluster has not been started")
        return self._layout

    @property
    def dir(self) -> Path:
        return self.layout.dir

    @property
    def log_dir(self) -> Path:
        return self.dir / "logs"

    @property
    def audit_log(self) -> Path:
        """The audit log (`audit=True`): a JSON object per line, without heartbeats of nodes."""
        return self.layout.audit_log

    @property
    def url(self) -> str:
        return self.layout.url

    @property
    def kubeconfig(self) -> Path:
        """The kubeconfig of a member of `system:masters`."""
        return self.layout.kubeconfig("admin")

    @property
    def api(self) -> Api:
        """A client for requests as the administrator. It is cheaper than kubectl."""
        if self._api is None:
            self._api = self._client(kubeconfig.ADMIN_TOKEN)
        return self._api

    def api_as(self, user: str) -> Api:
        """A client for requests as one of `users`."""
        return self._client(kubeconfig.client(user))

    def _client(self, name: str) -> Api:
        token = kubeconfig.token(self.layout, name)
        return Api(self.layout.api_port, self.layout.certs / "ca.crt", token)

    @staticmethod
    def binary(name: str) -> Path:
        """The path of `kubectl`, `kubelet`, `helm`, … (built on first use)."""
        return build.binary(name)

    def pid(self, name: str) -> int | None:
        """The process id of a component. None if it does not run."""
        return self._child(name).pid

    def kubectl(self, *args: str, input: str | None = None, check: bool = True) -> str:
        """The output of kubectl. If it fails: ClusterError, or without `check` also its stderr."""
        own = [f"--kubeconfig={self.kubeconfig}", f"--cache-dir={self.dir / 'kubectl'}"]
        command = [str(self.binary("kubectl")), *own, *args]
        done = subprocess.run(command, input=input, capture_output=True, text=True, check=False)
        if check and done.returncode:
            raise ClusterError(f"kubectl {' '.join(args)}: {done.stderr.strip()}")
        return done.stdout if check else done.stdout + done.stderr

    def client_kubeconfig(self, user: str, groups: Sequence[str] = ()) -> Path:
        """The kubeconfig of another user, who has no rights without an RBAC binding."""
        assert self._authority is not None
        name = kubeconfig.client(user)
        if user in self._users:
            return self.layout.kubeconfig(name)
        return kubeconfig.certified(self._authority, self.layout, name, user, groups)

    # --- life ---

    def __enter__(self) -> Cluster:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> Cluster:
        """Return when the API server, the nodes and the default ServiceAccount are ready."""
        binaries = {name: self.binary(name) for name in build.TARGETS["control-plane"]}
        try:
            self._prepare(binaries)
            for name in self._children:
                self.begin(name)
            self._await_content()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """End all components in reverse order, and remove the folder if it is temporary."""
        fast = signal.SIGTERM if self._keep else signal.SIGKILL
        for child in reversed(self._children.values()):
            child.end(fast)
        self._children.clear()
        if self._guard:
            self._guard.close()
            self._guard = None
        if self._layout and not self._keep:
            shutil.rmtree(self._layout.dir, ignore_errors=True)

    # --- faults ---

    def end(self, name: str) -> None:
        """End a component with SIGTERM. Returns when it has exited."""
        self._child(name).end(signal.SIGTERM)

    def kill(self, name: str) -> None:
        """Kill a component with SIGKILL. Returns when it has exited."""
        self._child(name).end(signal.SIGKILL)

    def begin(self, name: str) -> None:
        """Start an ended component again, at the same port. Returns when it is ready."""
        self._child(name).start()
        self._await_part(name)

    def restart(self, name: str) -> None:
        self.end(name)
        self.begin(name)

    def freeze(self, name: str) -> None:
        """Pause a component with SIGSTOP: its clients hang instead of failing."""
        self._child(name).send(signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        self._child(name).send(signal.SIGCONT)

    def wait(self, what: str, probe: Callable[[], T], timeout: float = 120.0) -> T:
        """Return the first true value of `probe`. An error of the API server counts as false.

        Raises ClusterError with `what` at the timeout, or if a component has died.
        """
        deadline = time.monotonic() + timeout
        last: object = None
        while True:
            try:
                if value := probe():
                    return value
                last = value
            except (OSError, ApiError) as error:
                last = error
            for child in self._children.values():
                if child.died:
                    raise ClusterError(f"{child.name} has died:\n{child.said()}")
            if time.monotonic() > deadline:
                raise ClusterError(f"{timeout:g} s timeout waiting for {what}; last: {last}")
            time.sleep(0.05)

    def watch(self) -> NoReturn:
        """Wait until a component dies. Raises ClusterError then."""
        pids = {os.pidfd_open(child.pid): child for child in self._children.values() if child.pid}
        try:
            died = pids[select.select(list(pids), [], [])[0][0]]
        finally:
            for descriptor in pids:
                os.close(descriptor)
        raise ClusterError(f"{died.name} has died:\n{died.said()}")

    # --- inside ---

    def _child(self, name: str) -> Child:
        try:
            return self._children[name]
        except KeyError:
            raise ClusterError(f"{name} is not a running component of this cluster") from None

    def _prepare(self, binaries: dict[str, Path]) -> None:
        self._guard = Guard()
        if self._given_dir:
            folder = self._given_dir
            folder.mkdir(parents=True, exist_ok=True)
        else:
            folder = Path(tempfile.mkdtemp(prefix="devcluster-"))
            if not self._keep:
                self._guard.tell(f"dir {folder}")
        layout = self._layout = Layout(folder, *ports.free(3))
        self._api = None
        self.log_dir.mkdir(exist_ok=True)
        self._authority = kubeconfig.begin(layout, self._users)
        commands = components.commands(
            layout, nodes=self.nodes, audit=self.audit, watch_cache=self.watch_cache
        )
        wanted = self._parts | {"nodesim": self.nodes > 0}
        for name, flags in commands.items():
            if wanted.get(name, True):
                command = [str(binaries[name]), *flags, *self._args.get(name, ())]
                self._children[name] = Child(name, command, self.log_dir, self._guard)

    def _await_part(self, name: str) -> None:
        if name == "etcd":
            self.wait("etcd", lambda: ports.answers(self.layout.etcd_port))
        elif name == "kube-apiserver":
            self.wait("the API server", lambda: self.api.get("/readyz") == "ok", 240)

    def _await_content(self) -> None:
        default = "/api/v1/namespaces/default"
        self.wait("namespace default", lambda: self.api.get(default))
        if not self._parts["kube-controller-manager"]:  # otherwise it creates the account
            account = {"metadata": {"name": "default"}}
            self.api.create(f"{default}/serviceaccounts", account)
        account_path = f"{default}/serviceaccounts/default"
        self.wait("the default ServiceAccount", lambda: self.api.get(account_path), 240)
        self.wait(f"{self.nodes} Ready nodes", lambda: _ready_nodes(self.api) >= self.nodes, 240)


def _ready_nodes(api: Api) -> int:
    """Number of nodes that are Ready and no longer have the taints of nodes that are not."""

    def ready(node: dict[str, Any]) -> bool:
        conditions = node["status"].get("conditions", [])
        up = any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)
        return up and not node["spec"].get("taints")

    return sum(ready(node) for node in api.get("/api/v1/nodes")["items"])
