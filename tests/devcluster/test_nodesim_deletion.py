"""Deletion of simulated pods and nodes: each pod is deleted once, its successor is not touched."""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from hack.devcluster.cluster import Cluster
from tests.devcluster.pods import Pods, condition, is_ready

DELETE = ("delete", "", "p")


def test_a_deleted_pod_goes_with_one_delete(pods: Pods) -> None:
    pods.create()
    pods.wait("readiness", is_ready)
    pods.delete()
    pods.wait_gone()
    assert pods.audit().count(DELETE) == 1


def test_a_finalizer_does_not_make_it_two(pods: Pods) -> None:
    pods.create()
    pods.wait("readiness", is_ready)
    held = {"metadata": {"finalizers": ["example.com/hold"]}}
    pods.cluster.api.patch(f"{pods.path}/p", held)
    pods.delete()
    pods.cluster.wait("the delete", lambda: DELETE in pods.audit())
    pods.cluster.api.patch(f"{pods.path}/p", {"metadata": {"finalizers": None}})
    pods.wait_gone()
    assert pods.audit().count(DELETE) == 1


def test_slow_stop(pods: Pods) -> None:
    pods.create(behaviour="slow-stop", stop_after="5s")
    pods.wait("readiness", is_ready)
    begun = time.monotonic()
    pods.delete()
    assert is_ready(pods.get())
    pods.wait_gone()
    assert time.monotonic() - begun >= 5


def test_never_stop_until_it_may(pods: Pods) -> None:
    pods.create(behaviour="never-stop")
    pods.create("q")
    for name in ("p", "q"):
        pods.wait("readiness", is_ready, name)
        pods.delete(name)
    pods.wait_gone("q")
    assert pods.exists("p")
    pods.steer(behaviour="ready")
    pods.wait_gone()


def test_successors_of_the_same_name_survive(pods: Pods) -> None:
    names = [f"p-{number}" for number in range(50)]

    def replace(name: str) -> str:
        pods.create(name)
        for _ in range(3):
            pods.wait("readiness", is_ready, name)
            pods.delete(name)
            pods.wait_gone(name)
            uid: str = pods.create(name)["metadata"]["uid"]
        pods.wait("readiness", is_ready, name)
        return uid

    with ThreadPoolExecutor(10) as threads:
        uids = dict(zip(names, threads.map(replace, names), strict=True))
    items = pods.cluster.api.get(pods.path)["items"]
    assert {pod["metadata"]["name"]: pod["metadata"]["uid"] for pod in items} == uids
    writes = Counter((verb, kind) for verb, kind, _ in pods.audit())
    assert writes == {("patch", "status"): 200, ("delete", ""): 150}


def test_a_restarted_simulator_goes_on(pods: Pods) -> None:
    pods.create()
    pods.create("q", behaviour="never-stop")
    for name in ("p", "q"):
        pods.wait("readiness", is_ready, name)
    pods.delete("q")
    pods.cluster.kill("nodesim")
    pods.delete()
    assert pods.exists()
    pods.cluster.begin("nodesim")
    pods.wait_gone()
    pods.steer("q", behaviour="ready")
    pods.wait_gone("q")


def test_a_lost_node_keeps_its_pods(cluster: Cluster, pods: Pods) -> None:
    pods.create(spec={"nodeName": "sim-1"})
    pods.wait("readiness", is_ready)
    node = "/api/v1/nodes/sim-1"
    lose(cluster, node, "true")
    try:

        def node_ready() -> str:
            status: str = condition(cluster.api.get(node), "Ready")["status"]
            return status

        cluster.wait("the loss", lambda: node_ready() == "Unknown")
        pods.wait("unreadiness", lambda pod: not is_ready(pod))
        pods.delete()
        assert pods.exists()
        lose(cluster, node, None)
        pods.wait_gone()
        cluster.wait("the return", lambda: node_ready() == "True")
        cluster.wait("no taints", lambda: not cluster.api.get(node)["spec"].get("taints"))
    finally:
        lose(cluster, node, None)


def lose(cluster: Cluster, node: str, value: str | None) -> None:
    cluster.api.patch(node, {"metadata": {"annotations": {"sim.echelon.dev/lost": value}}})
