"""The store takes newer versions only, and says when something has changed."""

from __future__ import annotations

import pytest

from controller.core.maintenance.observed import Refused
from controller.maintenance.decode import node_from, pod_from
from controller.maintenance.store import Store
from tests.unit.maintenance.stub import maintenance, node, pod


@pytest.fixture
def changes() -> list[int]:
    return []


@pytest.fixture
def store(changes: list[int]) -> Store:
    return Store(lambda: changes.append(1))


def test_an_older_version_changes_nothing(store: Store, changes: list[int]) -> None:
    store.put(maintenance(version=5))
    store.put(maintenance(version=4, spec={"nodes": ["n9"]}))
    assert store.maintenances["rack"].raw["spec"] == {"nodes": ["n1"]}
    store.put_node(node_from(node(version=5)))
    store.put_node(node_from(node(version=4, unschedulable=True)))
    assert not store.nodes["n1"].node.unschedulable
    assert len(changes) == 2


def test_the_reports_of_a_kubelet_are_no_change(store: Store, changes: list[int]) -> None:
    store.put_node(node_from(node(version=1)))
    store.put_node(node_from(node(version=2)))
    assert store.nodes["n1"].resource_version == "2"
    assert len(changes) == 1


def test_another_of_the_same_name_is_not_dropped(store: Store) -> None:
    store.put(maintenance())
    store.drop("rack", "another")
    store.put_node(node_from(node()))
    store.drop_node("n1", "another")
    assert (list(store.maintenances), list(store.nodes)) == (["rack"], ["n1"])


def test_an_answer_does_not_bring_back_what_is_gone(store: Store) -> None:
    store.put(maintenance(version=1))
    store.put_node(node_from(node(version=1)))
    store.pods["n1"] = {}
    store.put_pod(pod_from(pod(version=1)))
    store.renew(maintenance(version=2))
    store.renew_node(node_from(node(version=2)))
    store.renew_pod(pod_from(pod(version=2)))
    assert store.maintenances["rack"].version == 2
    store.drop("rack", store.maintenances["rack"].uid)
    store.drop_node("n1", store.nodes["n1"].uid)
    (gone,) = store.pods["n1"].values()
    store.drop_pod("n1", gone.key, gone.uid)
    store.renew(maintenance(version=3))
    store.renew_node(node_from(node(version=3)))
    store.renew_pod(pod_from(pod(version=3)))
    assert (store.maintenances, store.nodes, store.pods) == ({}, {}, {"n1": {}})


def test_only_pods_of_watched_nodes_are_kept(store: Store) -> None:
    store.put_pod(pod_from(pod()))
    assert store.pods == {}
    store.pods["n1"] = {}
    store.put_pod(pod_from(pod()))
    store.refuse("uid-agent", Refused("x", "y", 1.0))
    observed = store.observed(lambda name: name == "n1", {}, "", "")
    assert [each.name for each in observed.pods["n1"]] == ["agent"]
    assert store.observed(lambda _: False, {}, "", "").pods == {}
    store.forget_pods("n1")
    assert (store.pods, store.refused, store.tries) == ({}, {}, {})


def test_what_this_version_cannot_read_is_known_by_its_uid(store: Store) -> None:
    store.put(maintenance(spec={"nodes": ["n1"], "reboot": True}))
    observed = store.observed(lambda _: True, {}, "", "")
    assert (observed.maintenances, observed.unreadable) == ({}, {"rack": "uid-rack"})
    assert "reboot" in store.maintenances["rack"].why


def test_an_invalid_status_is_no_obstacle(store: Store) -> None:
    store.put(maintenance(status={"phase": "Tomorrow", "observedGeneration": 1}))
    read = store.maintenances["rack"].read
    assert read is not None
    assert read.status.phase is None


def test_a_refusal_with_new_words_calls_for_a_report(store: Store, changes: list[int]) -> None:
    for message, until in (("a", 1.0), ("a", 2.0), ("b", 3.0)):
        store.refuse("uid-n1", Refused("Refused", message, until))
    assert len(changes) == 2
    assert store.tries == {"uid-n1": 3}


def test_a_node_that_changes_may_be_asked_again_at_once(store: Store) -> None:
    store.put_node(node_from(node()))
    store.refuse("uid-n1", Refused("Refused", "no", 1.0))
    store.put_node(node_from(node(version=2)))
    assert store.refused, "a report of the kubelet is no change"
    store.put_node(node_from(node(version=3, unschedulable=True)))
    assert (store.refused, store.tries) == ({}, {"uid-n1": 1})
    store.drop_node("n1", "uid-n1")
    assert not store.tries
