"""A real node of a cluster: kubelet, containerd and runc in a box on this machine.

    with Cluster(nodes=0, controller_args=NODE_ARGS) as cluster, RealNode(cluster) as node:
        node.load(images.archive(…))

It needs root. However it ends, no process, mount, cgroup, link or file is left: see `leftovers`.
"""

from __future__ import annotations

import secrets
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from hack.devcluster.cluster import Cluster
from hack.devcluster.process import Child
from hack.e2e import cgroups, forward, images, kubelet, network
from hack.e2e.box import Box, visible
from hack.e2e.guard import NodeGuard
from hack.e2e.runtime import Runtime

#: The kubelet shares the CPU with its pods: one late heartbeat must not make the node lost.
NODE_ARGS = ("--node-monitor-grace-period=40s",)
_API_SERVICE = "10.0.0.1"  # of the Service `kubernetes`, also named in the API server's certificate


class NodeError(Exception):
    """A part of the node died, or did not start. The text has its log."""


class RealNode:
    """A node. Call `start` and `stop`, or use it as a context manager.

    A cluster can have several, each with its own box, runtime, cgroup and network: `peers` are
    those that run already. The pods of all of them reach each other.
    """

    def __init__(
        self, cluster: Cluster, name: str = "real-0", peers: Sequence[RealNode] = ()
    ) -> None:
        self.cluster = cluster
        self.name = name
        self._peers = peers
        self._run = secrets.token_hex(3)
        self._cgroup = cgroups.name_for(self._run)
        self._network = network.plan(self._run)
        self._guard: NodeGuard | None = None
        self._children: list[Child] = []
        self.dir = Path()
        self._box: Box | None = None
        self._runtime: Runtime | None = None

    @property
    def address(self) -> str:
        """The node's address, which this machine can reach, like those of its pods."""
        return self._network.node

    @property
    def link(self) -> str:
        """The name of the node's link on this machine."""
        return self._network.link

    @property
    def box(self) -> Box:
        assert self._box is not None, "the node was not started"
        return self._box

    @property
    def runtime(self) -> Runtime:
        assert self._runtime is not None, "the node was not started"
        return self._runtime

    def load(self, archive: Path) -> None:
        """Import the images of an archive (`images.py`)."""
        self.runtime.load(archive)

    # --- life ---

    def __enter__(self) -> RealNode:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> RealNode:
        """Return when the node is Ready and pods can be scheduled to it."""
        program = visible(Cluster.binary("kubelet"))
        cgroups.sweep()
        try:
            self._begin()
            self._start_runtime()
            self._start_kubelet(program)
            self.cluster.wait(f"node {self.name}", self._schedulable, 60)
        except BaseException as error:
            said = self.said()
            self.stop()
            if isinstance(error, Exception):
                raise NodeError(f"{error}\n{said}") from error
            raise
        return self

    def stop(self) -> None:
        """End and remove everything at once: all processes run in the box."""
        if self._guard is None:
            return
        self._network.disconnect()
        if self._box:
            self._box.close()
        for child in self._children:
            child.end()
        self._children.clear()
        if self._cgroup_gone():
            shutil.rmtree(self.dir, ignore_errors=True)
        self._guard.close()  # removes the rest, if there is any
        self._guard = None

    def containers(self) -> set[int]:
        """The process ids of all containers, as seen from the machine."""
        return cgroups.processes(self._cgroup)

    def leftovers(self) -> list[str]:
        """Descriptions of the parts of a stopped node that still exist. It should be empty."""
        left = [f"process {pid}" for pid in self._box.processes()] if self._box else []
        left += [f"cgroup {path}" for path in cgroups.present(self._cgroup)]
        left += [f"network {each}" for each in self._network.present()]
        left += [f"folder {self.dir}"] if self.dir.exists() else []
        mounts = Path("/proc/self/mountinfo").read_text().splitlines()
        return left + [f"mount {line}" for line in mounts if self.dir.name in line]

    def check(self) -> None:
        """Raises NodeError if a part of the node has died."""
        for child in self._children:
            if child.died:
                raise NodeError(f"{child.name} has died:\n{child.said(40)}")

    def said(self, lines: int = 15) -> str:
        """The last lines of the logs of all parts."""
        return "\n".join(f"--- {each.name}\n{each.said(lines)}" for each in self._children)

    # --- inside ---

    def _begin(self) -> None:
        self._guard = NodeGuard()
        self.dir = Path(tempfile.mkdtemp(prefix="realnode-"))
        self._guard.tell(f"dir {self.dir}")
        self._guard.tell(f"cgroup {self._cgroup}")
        cgroups.create(self._cgroup)
        logs = self.dir / "logs"
        logs.mkdir()
        self._box = Box(self.dir, logs, self._guard)
        self._box.start()
        self._network.connect(self._box.pid)
        self._network.serve(self._box.pid, _API_SERVICE)
        for peer in self._peers:
            self._network.join(self._box.pid, peer._network, peer.box.pid)
        route = [
            str(self._box.pid),
            f"{_API_SERVICE}:443",
            self.cluster.url.removeprefix("https://"),
        ]
        command = [sys.executable, "-I", "-S", forward.__file__, *route]
        self._launch(Child("api-server", command, logs, self._guard))

    def _start_runtime(self) -> None:
        self._runtime = Runtime(self.box, self.dir / "containerd", self._network, images.PAUSE)
        self._launch(self._runtime.child)
        self.cluster.wait("containerd", self._runtime.ready)
        self._runtime.load(images.pause(self.dir))

    def _start_kubelet(self, program: Path) -> None:
        setup = kubelet.Setup(
            node=self.name,
            address=self.address,
            server=f"https://{_API_SERVICE}",
            kubeconfig=self.cluster.client_kubeconfig(f"system:node:{self.name}", ["system:nodes"]),
            client_ca=self.cluster.layout.certs / "ca.crt",
            cgroup=self._cgroup,
            socket=self.runtime.socket,
        )
        flags = kubelet.write(setup, self.dir / "kubelet")
        self._launch(self.box.child("kubelet", [str(program), *flags]))

    def _launch(self, child: Child) -> None:
        self._children.append(child)
        child.start()

    def _schedulable(self) -> bool:
        self.check()
        node: dict[str, Any] = self.cluster.api.get(f"/api/v1/nodes/{self.name}")
        conditions = {c["type"]: c["status"] for c in node["status"].get("conditions", ())}
        return conditions.get("Ready") == "True" and not node["spec"].get("taints")

    def _cgroup_gone(self) -> bool:
        try:
            return bool(self.cluster.wait("cgroup", lambda: cgroups.remove(self._cgroup), 10))
        except Exception:
            return False
