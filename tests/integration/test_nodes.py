"""Drained and lost nodes are no failures of a version, and updates take them into account."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from hack.harness.manifests import Object, condition, is_true, job, queue, sim
from hack.harness.space import Space

NODE = "/api/v1/nodes/"


@pytest.fixture
def lost(space: Space) -> Iterator[str]:
    """The name of a node that the test can make lost. It recovers after the test."""
    name = "sim-9"
    yield name
    space.api.patch(NODE + name, {"metadata": {"annotations": {"sim.echelon.dev/lost": None}}})
    space.cluster.wait("the node to be well again", lambda: not taints(space, name), 30)


def taints(space: Space, name: str) -> list[Object]:
    found: list[Object] = space.api.get(NODE + name)["spec"].get("taints", [])
    return found


def pinned(name: str, wish: Object) -> Object:
    """The Job with a preferred node affinity for one node."""
    wish["spec"]["template"]["spec"]["affinity"] = {
        "nodeAffinity": {
            "preferredDuringSchedulingIgnoredDuringExecution": [
                {
                    "weight": 100,
                    "preference": {
                        "matchFields": [
                            {"key": "metadata.name", "operator": "In", "values": [name]}
                        ]
                    },
                }
            ]
        }
    }
    return wish


def test_max_unavailable_holds_while_an_instance_is_down_for_another_reason(space: Space) -> None:
    space.made(job(instances=4, strategy=queue(2), update={"maxUnavailable": 1}))
    space.patch_pod("web-3", annotations=sim(behaviour="never-ready"))
    space.until("3 to be down", lambda: not space.pods()[3].ready)
    # 3 is unavailable, so it is replaced first. It does not come up, so no other may be replaced.
    space.set_image("web:2", behaviour="ready-after", ready_after="3s", instances="3")
    held = space.wait_update(
        "RollingForward", probe=lambda u: u["status"]["reason"] == "MaxUnavailable"
    )
    assert held["status"]["counts"]["updated"] == 0
    assert {len(uids) for i, uids in space.observer.uids().items() if i < 3} == {1}
    space.wait_update("RolledForward", timeout=40)
    assert space.observer.replay().order["web"] == [3, 0, 1, 2]


def test_max_unavailable_as_a_percentage_bounds_a_wide_queue(space: Space) -> None:
    space.made(job(instances=8, strategy=queue(8), update={"maxUnavailable": "25%"}))
    space.set_image("web:2", behaviour="ready-after", ready_after="300ms")
    space.wait_update("RolledForward", timeout=30)
    assert space.observer.replay().peak["web"] == 2


def test_a_drained_instance_comes_up_elsewhere_and_the_update_goes_on(space: Space) -> None:
    space.made(job(instances=4, strategy=queue(1), update={"maxUnavailable": 1}))
    space.set_image("web:2", behaviour="ready-after", ready_after="1500ms")
    # During the update of one instance, so that the next is due while the evicted one is down.
    space.until("the new pod of 0", lambda: len(space.observer.uids()[0]) == 2)
    evict: Object = {
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": {"name": "web-3", "namespace": space.name},
    }
    space.observer.not_the_operator(space.pods()[3].uid)
    space.api.create(space.path("pods", "web-3", "eviction"), evict)
    ended = space.wait_update("RolledForward", timeout=40)
    assert "failures" not in ended["status"]
    assert {pod.image for pod in space.pods().values()} == {"web:2"}


def test_a_pod_on_a_lost_node_is_not_forced_and_is_told(space: Space, lost: str) -> None:
    wish = pinned(lost, job(instances=2, strategy=queue(1)))
    wish["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] = 1
    space.made(wish)
    assert {pod.node for pod in space.pods().values()} == {lost}
    space.api.patch(NODE + lost, {"metadata": {"annotations": {"sim.echelon.dev/lost": "true"}}})
    space.until("0 to be not Ready", lambda: not space.pods()[0].ready, timeout=30)
    down = space.wait_job("seen", lambda j: j["status"].get("readyInstances") == 0)
    assert not is_true(down, "Available")
    space.set_image("web:2")
    held = space.wait_update(
        "RollingForward",
        probe=lambda u: u["status"]["reason"] == "WaitingForTermination",
        timeout=60,
    )
    assert "web-0" in held["status"]["message"]
    assert lost in held["status"]["message"]
    assert is_true(held, "Reconciling")
    uids = space.observer.uids()
    assert (len(uids[0]), len(uids[1])) == (1, 1)
    assert space.pods()[0].deleting, "the pod is being deleted and still exists"
    # The node recovers: its kubelet ends the pod, and the update continues by itself.
    space.api.patch(NODE + lost, {"metadata": {"annotations": {"sim.echelon.dev/lost": None}}})
    ended = space.wait_update("RolledForward", timeout=60)
    assert "failures" not in ended["status"]


def test_a_pod_evicted_from_a_lost_node_comes_up_elsewhere_when_it_is_gone(
    space: Space, lost: str
) -> None:
    wish = pinned(lost, job(instances=1))
    wish["spec"]["template"]["spec"]["tolerations"] = [
        {"key": f"node.kubernetes.io/{key}", "operator": "Exists", "effect": "NoExecute"}
        | {"tolerationSeconds": 0}
        for key in ("not-ready", "unreachable")
    ]
    space.made(wish)
    first = space.pods()[0]
    assert first.node == lost
    space.observer.not_the_operator(first.uid)
    space.api.patch(NODE + lost, {"metadata": {"annotations": {"sim.echelon.dev/lost": "true"}}})
    space.until("the eviction", lambda: 0 in space.pods() and space.pods()[0].deleting, timeout=40)
    held = space.wait_job("seen", lambda j: is_true(j, "Reconciling"))
    assert condition(held, "Available")["status"] == "False"
    assert space.pods()[0].uid == first.uid, "no second pod while the first may still run"
    space.cluster.wait("the node to take no pods", lambda: takes_no_pods(space, lost))
    # A person who knows that the node is off force-deletes the pod.
    space.kubectl("delete", "pod", "web-0", "--force", "--grace-period=0")
    space.wait_ready(timeout=30)
    assert space.pods()[0].node != lost
    told = space.wait_job("its end", lambda j: j["status"].get("ended"))["status"]["ended"]
    assert [(each["instance"], each["cause"], each["node"]) for each in told] == [
        (0, "NodeLost", lost)
    ]


def lose(space: Space, name: str) -> None:
    space.api.patch(NODE + name, {"metadata": {"annotations": {"sim.echelon.dev/lost": "true"}}})


def takes_no_pods(space: Space, node: str) -> bool:
    return any(taint["effect"] == "NoSchedule" for taint in taints(space, node))


def is_gone(space: Space, name: str) -> bool:
    """Whether the node controller has noticed that the node is lost."""
    return any(t["key"] == "node.kubernetes.io/unreachable" for t in taints(space, name))


def is_ready(space: Space, name: str) -> bool:
    conditions = space.api.get(NODE + name)["status"]["conditions"]
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)


def bring_back(space: Space, name: str) -> None:
    space.api.patch(NODE + name, {"metadata": {"annotations": {"sim.echelon.dev/lost": None}}})


@pytest.mark.parametrize("started", [False, True])
def test_a_new_pod_on_a_node_that_is_lost_past_its_deadline_is_no_failure(
    space: Space, lost: str, started: bool
) -> None:
    """Both for a pod that no kubelet ever started, and for one that was starting when the node
    died."""
    # Longer than the node controller needs to notice: until then a lost node looks healthy.
    quick = {"readyTimeoutSeconds": 14, "maxFailuresPerInstance": 0}
    space.made(pinned("sim-8", job(instances=1, update=quick)))
    new = pinned(lost, job())["spec"]["template"]
    new["metadata"] = {"annotations": sim(behaviour="ready-after", ready_after="2s")}
    new["spec"]["containers"][0]["image"] = "web:2"
    if not started:
        lose(space, lost)
    space.set_template(new)

    def there() -> bool:
        pod = space.pods().get(0)
        return pod is not None and pod.image == "web:2" and pod.node == lost

    space.until("the new pod on the node", there)
    if started:
        status = space.path("pods", "web-0")
        space.until("its start", lambda: "startTime" in space.api.get(status)["status"])
        lose(space, lost)
    made = time.monotonic()
    space.until("the node to be gone", lambda: is_gone(space, lost), timeout=30)
    space.until("its deadline", lambda: time.monotonic() > made + 17, timeout=30)
    held = space.wait_update("RollingForward")
    assert "failures" not in held["status"]
    bring_back(space, lost)
    ended = space.wait_update("RolledForward", timeout=30)
    assert "failures" not in ended["status"]


@pytest.fixture
def all_lost(space: Space) -> Iterator[list[str]]:
    """The names of all nodes, which the test can make lost. They recover after the test."""
    names = [node["metadata"]["name"] for node in space.api.get("/api/v1/nodes")["items"]]
    yield names
    for name in names:
        bring_back(space, name)
    for name in names:
        space.cluster.wait("the nodes to be well", lambda n=name: not taints(space, n), 60)  # type: ignore[misc]


def test_while_all_nodes_are_lost_an_update_takes_no_pod_away(
    space: Space, all_lost: list[str]
) -> None:
    space.made(job(instances=4, strategy=queue(2)))
    for name in all_lost:
        lose(space, name)
    space.until("no pod to be Ready", lambda: not any(p.ready for p in space.pods().values()), 60)
    # The node controller notices one node after the other.
    space.until("no node to be Ready", lambda: not any(is_ready(space, n) for n in all_lost), 60)
    space.set_image("web:2")
    held = space.wait_update(
        "RollingForward", probe=lambda u: u["status"]["reason"] == "NodesLost", timeout=40
    )
    assert "no node of the cluster is Ready" in held["status"]["message"]
    assert {len(uids) for uids in space.observer.uids().values()} == {1}
    assert not any(pod.deleting for pod in space.pods().values())
    for name in all_lost:
        bring_back(space, name)
    ended = space.wait_update("RolledForward", timeout=90)
    assert "failures" not in ended["status"]
    assert {len(uids) for uids in space.observer.uids().values()} == {2}
