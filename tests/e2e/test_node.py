"""The node itself: it runs pods, and after any kind of end no part of it is left on the machine."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hack.devcluster.cluster import Cluster
from hack.e2e import box, cgroups, images, network, webserver
from hack.e2e.node import RealNode
from hack.e2e.operator_base import ROOT
from hack.harness.patience import patient

#: A process that owns a node. It prints what the test must look for, then waits to be killed.
_OWNER = """
import json, signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where a shell runs us aside
from hack.devcluster.cluster import Cluster
from hack.e2e.node import RealNode
with Cluster(nodes=0) as cluster, RealNode(cluster, "doomed") as node:
    pod = json.loads(sys.argv[1])
    cluster.api.create("/api/v1/namespaces/default/pods", pod)
    path = "/api/v1/namespaces/default/pods/" + pod["metadata"]["name"]
    cluster.wait("a pod", lambda: cluster.api.get(path)["status"]["phase"] == "Running")
    print(json.dumps([node.box.inodes, str(node.dir), node.address, node.link]), flush=True)
    time.sleep(600)
"""
#: The parts outside the box; all mounts are inside.
KINDS = {"process", "folder", "cgroup", "route", "link"}
_PODS = "/api/v1/namespaces/default/pods"
_POD = {
    "metadata": {"name": "idle"},
    "spec": {
        "containers": [
            {"name": "idle", "image": images.PAUSE, "command": ["httpd", "-f", "-p", "8080"]}
        ]
    },
}


@pytest.fixture
def owner(machine: None) -> Iterator[subprocess.Popen[str]]:
    """Start another process with its own cluster and node."""
    assert machine is None
    command = [sys.executable, "-c", _OWNER, json.dumps(_POD)]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, text=True, process_group=0
    ) as process:
        yield process
        process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_nothing_stays_when_its_owner_is_ended(
    owner: subprocess.Popen[str], number: signal.Signals
) -> None:
    assert owner.stdout is not None
    seen = json.loads(owner.stdout.readline())
    assert {kind for kind, _ in left(owner.pid, *seen)} == KINDS, (
        "the test looks in the right places"
    )
    os.kill(owner.pid, number)
    owner.wait()
    deadline = time.monotonic() + patient(20)
    while found := left(owner.pid, *seen):
        assert time.monotonic() < deadline, found
        time.sleep(0.1)


def left(
    owner: int, inodes: dict[str, int], folder: str, address: str, link: str
) -> list[tuple[str, str]]:
    """The parts of that owner's node on the machine, by kind."""
    mounts = Path("/proc/self/mountinfo").read_text().splitlines()
    groups = [path for root in cgroups.hierarchies() for path in root.glob(f"*-{owner}-*")]
    known = network.known(address, link)
    return [
        *(("process", str(pid)) for pid in box.members(inodes)),
        *(("folder", each) for each in (folder,) if Path(each).exists()),
        *(("mount", line) for line in mounts if folder in line),
        *(("cgroup", str(path)) for path in groups),
        *(("link" if each.startswith("link ") else "route", each) for each in known),
    ]


def test_a_pod_runs_and_says_what_it_says(cluster: Cluster, node: RealNode) -> None:
    """The API server can reach the kubelet, and this machine can reach the pod."""
    cluster.api.create(_PODS, _POD)
    path = f"{_PODS}/idle"
    cluster.wait("the pod", lambda: cluster.api.get(path)["status"]["phase"] == "Running")
    assert "hello" in cluster.kubectl("exec", "idle", "--", "echo", "hello")
    node.check()
    cluster.api.delete(path, {"gracePeriodSeconds": 0})


def test_pods_of_two_nodes_reach_each_other(
    cluster: Cluster, node: RealNode, second: RealNode
) -> None:
    """As in any cluster, at their addresses."""
    names = [node.name, second.name]
    for name in names:
        server = {"name": "web", "image": webserver.image("1")}
        spec = {"nodeName": name, "containers": [server]}
        cluster.api.create(_PODS, {"metadata": {"name": name}, "spec": spec})
    addresses = {name: address_of(cluster, name) for name in names}
    for name, other in zip(names, reversed(names), strict=True):
        page = f"http://{addresses[other]}:{webserver.PORT}/"
        assert other in cluster.kubectl("exec", name, "--", "wget", "-q", "-O", "-", page)
    for name in names:
        cluster.api.delete(f"{_PODS}/{name}", {"gracePeriodSeconds": 0})


def address_of(cluster: Cluster, pod: str) -> str:
    """Wait until a pod runs, and return its address."""

    def look() -> str | None:
        status = cluster.api.get(f"{_PODS}/{pod}")["status"]
        return status["podIP"] if status["phase"] == "Running" else None

    return cluster.wait(f"pod {pod}", look) or ""
