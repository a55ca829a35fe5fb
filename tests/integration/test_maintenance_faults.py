"""Maintenances when something goes wrong: kills, refusals, nodes that are lost, no operator."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing

import pytest

from hack.devcluster.cluster import Cluster
from hack.harness.manifests import sim
from hack.harness.operator import Operator
from hack.harness.proxy import Asked, Proxy
from hack.harness.space import Space
from tests.integration.maintenance import LEASE, NODE, USER, Nodes, maintained, permit, serving
from tests.integration.test_maintenance import made

QUICK = ("--lease-duration-seconds=2", "--lease-renew-deadline-seconds=1.5",
         "--lease-retry-seconds=0.3")  # fmt: skip


class Killer:
    """Kills the operator after the n-th write about nodes, pods and statuses of each process,
    before it hears the answer."""

    def __init__(self, nth: int) -> None:
        self.operator: Operator | None = None
        self.writes: list[Asked] = []
        self._nth = self._left = nth
        self._lock = threading.Lock()
        self.dead = threading.Event()

    def __call__(self, asked: Asked) -> None:
        with self._lock:
            if asked.lease or self.operator is None or self.dead.is_set():
                return
            self.writes.append(asked)
            self._left -= 1
            if self._left == 0:
                self.operator.kill9()
                self.dead.set()

    def revive(self) -> None:
        with self._lock:
            if self.dead.is_set():
                assert self.operator is not None
                self._left = self._nth
                self.dead.clear()
                self.operator.start(ready=False)

    def close(self) -> None:
        """Kill no more, and leave it running."""
        with self._lock:
            self._nth = self._left = 1 << 30
        self.revive()


@pytest.mark.parametrize("nth", [1, 2, 3])
def test_the_operator_may_be_killed_after_each_write(
    space: Space, cluster: Cluster, nth: int
) -> None:
    permit(cluster)
    made(space, 6, held=False)
    with Proxy(cluster, USER) as proxy:
        killer = Killer(nth)
        other = Operator(
            cluster,
            LEASE,
            identity=f"mortal-{nth}",
            args=["--maintenance", *QUICK],
            kubeconfig=proxy.kubeconfig,
        )
        other.start()
        proxy.answered = killer
        try:
            with maintained(space, other) as nodes, closing(killer):
                killer.operator = other
                before = {n: nodes.node(n)["spec"].get("taints") for n in nodes.busy()}
                first, second = nodes.busy()[:2]
                nodes.make("rack", nodes=[first, second], timeoutSeconds=3600)

                def done() -> bool:
                    killer.revive()
                    return bool(nodes.condition("rack", "Ready")["status"] == "True")

                nodes.until("the end", done, 60)
                assert nodes.phases("rack") == {first: "Drained", second: "Drained"}
                nodes.delete("rack")

                def given_back() -> bool:
                    killer.revive()
                    return nodes.is_clean(first, second)

                nodes.until("the nodes to be given back", given_back, 60)
                assert {n: nodes.node(n)["spec"].get("taints") for n in before} == before
                assert other.starts > 2
                assert all(len(uids) <= 3 for uids in space.observer.uids().values())
        finally:
            other.close()
    space.wait_ready()


@pytest.fixture
def maintainer(cluster: Cluster) -> Iterator[Operator]:
    """One for each test: some run without it, or with others."""
    with serving(cluster, "maintainer-2") as made:
        yield made


def pod(name: str, node: str, **spec: object) -> dict[str, object]:
    """A pod of nobody's Job on a node."""
    containers = [{"name": "main", "image": "agent:1"}]
    labels = {"app": "agent"}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": labels},
        "spec": {"nodeName": node, "containers": containers, **spec},
    }


def replicas(space: Space, count: int) -> None:
    """A ReplicaSet `agent`, whose pods are others' pods."""
    labels = {"app": "agent"}
    template = {
        "metadata": {"labels": labels},
        "spec": {"containers": [{"name": "main", "image": "agent:1"}]},
    }
    space.api.create(
        f"/apis/apps/v1/namespaces/{space.name}/replicasets",
        {
            "metadata": {"name": "agent"},
            "spec": {"replicas": count, "selector": {"matchLabels": labels}, "template": template},
        },
    )


def test_other_pods_are_evicted_as_their_budget_allows(space: Space, nodes: Nodes) -> None:
    replicas(space, 1)
    nodes.until("the pod", nodes.busy)
    budget = f"/apis/policy/v1/namespaces/{space.name}/poddisruptionbudgets"
    labels = {"matchLabels": {"app": "agent"}}
    space.api.create(
        budget, {"metadata": {"name": "agent"}, "spec": {"minAvailable": 1, "selector": labels}}
    )
    (node,) = nodes.busy()
    ready = lambda: space.api.get(f"{budget}/agent")["status"].get("currentHealthy") == 1  # noqa: E731
    nodes.until("the budget to be observed", ready)
    nodes.make("rack", nodes=[node], otherPods="Evict")
    said = lambda: nodes.condition("rack", "Ready").get("message", "")  # noqa: E731
    nodes.until("the budget to be named", lambda: "disruption budget agent" in said())
    assert nodes.phases("rack") == {node: "Draining"}
    space.api.patch(f"{budget}/agent", {"spec": {"minAvailable": 0}})
    nodes.until("the end", lambda: nodes.phases("rack") == {node: "Drained"}, 60)


def test_a_pod_without_a_controller_blocks_until_a_person_deletes_it(
    space: Space, nodes: Nodes
) -> None:
    space.api.create(f"/api/v1/namespaces/{space.name}/pods", pod("bare", "sim-2"))
    nodes.make("rack", nodes=["sim-2"], otherPods="Evict")
    nodes.until(
        "it to be said", lambda: nodes.condition("rack", "Stalled")["reason"] == "PodBlocked"
    )
    assert "bare has no controller" in nodes.condition("rack", "Stalled")["message"]
    space.delete_pod("bare")
    nodes.until("the end", lambda: nodes.phases("rack") == {"sim-2": "Drained"})


def test_without_the_right_to_evict_a_person_is_needed(space: Space, cluster: Cluster) -> None:
    """The right on evictions alone does not matter: Jobs' instances are evicted, too."""
    permit(cluster)
    config = cluster.client_kubeconfig(USER)
    other = Operator(cluster, LEASE, identity="gentle", args=["--maintenance"], kubeconfig=config)
    other.start()
    try:
        with maintained(space, other) as nodes:
            replicas(space, 1)
            (node,) = nodes.until("the pod", nodes.busy)
            ((name, uid),) = {
                p["metadata"]["name"]: p["metadata"]["uid"] for p in nodes.on(node)
            }.items()
            nodes.make("rack", nodes=[node], otherPods="Evict")
            forbidden = lambda: nodes.condition("rack", "Stalled")["reason"] == "EvictionForbidden"  # noqa: E731
            nodes.until("it to be said", forbidden)
            nodes.change("rack", otherPods=None)
            nodes.until("the end", lambda: nodes.phases("rack") == {node: "Drained"})
            ((after, same),) = {
                p["metadata"]["name"]: p["metadata"]["uid"] for p in nodes.on(node)
            }.items()
            assert (after, same) == (name, uid)
        assert other.stop() == 0
    finally:
        other.close()


def test_a_node_that_is_lost_in_its_turn_is_said(space: Space, nodes: Nodes) -> None:
    made(space, 4)
    (node, *_) = nodes.busy()
    nodes.make("rack", nodes=[node])
    nodes.until("the mark", nodes.marked)
    space.api.patch(NODE + node, {"metadata": {"annotations": sim(lost="true")}})
    try:
        reason = lambda: nodes.condition("rack", "Stalled")["reason"]  # noqa: E731
        nodes.until("it to be said", lambda: reason() == "NodeNotReady", 60)
    finally:
        gone = {"sim.echelon.dev/lost": None}
        space.api.patch(NODE + node, {"metadata": {"annotations": gone}})
    nodes.drain("rack", 60)


def test_without_an_operator_that_serves_it_a_maintenance_says_so(
    space: Space, cluster: Cluster
) -> None:
    nodes = Nodes(space)
    nodes.make("rack", nodes=["sim-1"])
    try:
        stalled = lambda: nodes.condition("rack", "Stalled")  # noqa: E731
        nodes.until("it to be said", lambda: stalled()["reason"] == "NotEnabled", 30)
        assert "--maintenance" in stalled()["message"]
        assert nodes.is_clean("sim-1")
        permit(cluster)
        config = cluster.client_kubeconfig(USER)
        other = Operator(cluster, LEASE, identity="late", args=["--maintenance"], kubeconfig=config)
        other.start()
        try:
            nodes.until("it to be served", lambda: nodes.phases("rack") == {"sim-1": "Drained"})
            nodes.delete("rack")
            nodes.until("the end", lambda: nodes.is_clean("sim-1"))
            assert other.stop() == 0
        finally:
            other.close()
    finally:
        cluster.kubectl("delete", "emaint", "--all")
