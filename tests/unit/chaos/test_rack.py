"""A rack's nodes are its lane's alone, and are given to one lane at a time."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from hack.chaos.rack import LANE, NODES, Rack, Racks, placed


class Api:
    """Nodes as the API server has them, as far as merge patches of racks need it."""

    def __init__(self, *names: str) -> None:
        self.nodes: dict[str, Any] = {
            f"{NODES}/{name}": {"metadata": {"name": name}, "spec": {}} for name in names
        }

    def get(self, path: str) -> Any:
        return deepcopy(self.nodes[path])

    def patch(self, path: str, change: dict[str, Any]) -> None:
        merge(self.nodes[path], change)

    def delete(self, path: str) -> None:
        pass


def merge(into: dict[str, Any], change: dict[str, Any]) -> None:
    for key, value in change.items():
        if isinstance(value, dict):
            merge(into.setdefault(key, {}), value)
        elif value is None:
            into.pop(key, None)
        else:
            into[key] = value


class Cluster:
    """A cluster that is asked once."""

    def __init__(self, *names: str) -> None:
        self.api = Api(*names)

    def wait(self, what: str, probe: Any, _: float) -> None:
        assert probe(), what

    def labels(self, name: str) -> dict[str, str]:
        found: dict[str, str] = self.api.get(f"{NODES}/{name}")["metadata"].get("labels", {})
        return found

    def taints(self, name: str) -> list[str]:
        found = self.api.get(f"{NODES}/{name}")["spec"].get("taints", [])
        return [taint["key"] for taint in found]


def test_a_lane_has_two_nodes_of_its_own_until_it_gives_them_back() -> None:
    cluster: Any = Cluster("a", "b", "c", "d")
    racks = Racks(cluster, ["a", "b", "c", "d"])
    one, two = racks.take("one"), racks.take("two")
    assert (one.nodes, two.nodes) == (("a", "b"), ("c", "d"))
    assert cluster.labels("a")[LANE] == "one"
    assert cluster.taints("d") == [LANE]
    for _ in range(2):
        racks.give(one)
    assert (cluster.labels("a"), cluster.taints("a")) == ({}, [])
    assert racks.take("three").nodes == ("a", "b")
    racks.give(two)
    assert racks.take("four").nodes == ("c", "d")


def test_what_a_drain_left_is_seen_and_removed() -> None:
    cluster: Any = Cluster("a", "b")
    rack = Racks(cluster, ["a", "b"]).take("one")
    clean = {"cordoned": False, "tainted": False, "marked": False}
    assert rack.facts() == [clean, clean]
    left = {"metadata": {"annotations": {"echelon.dev/maintenance": "one/u"}}}
    left["spec"] = {"unschedulable": True, "taints": [{"key": "echelon.dev/maintenance"}]}
    cluster.api.patch(f"{NODES}/b", left)
    assert rack.facts() == [clean, dict.fromkeys(clean, True)]
    rack.reset()
    assert rack.facts() == [clean, clean]
    assert cluster.taints("b") == [LANE]


def test_the_operator_sees_its_own_nodes_and_maintenance() -> None:
    cluster: Any = Cluster()
    rack = Rack(cluster, "lane-7", "a", "b")
    assert set(rack.selectors.values()) == {f"{LANE}=lane-7"}
    assert [path.rpartition("/")[2] for path in rack.selectors] == ["nodes", "maintenances"]


def test_all_lanes_have_one_template() -> None:
    spec = placed("web:1", "first")["spec"]
    assert [each["value"] for each in spec["tolerations"]] == ["{{echelon.namespace}}"]
    others = placed("agent:1", "second", "lane-7")["spec"]["affinity"]["nodeAffinity"]
    (wanted,) = others["preferredDuringSchedulingIgnoredDuringExecution"]
    assert wanted["preference"]["matchExpressions"][0]["values"] == ["lane-7"]
