"""Maintenances on the real control plane. A disruption budget keeps what is marked where it is,
until a test has looked at it."""

from __future__ import annotations

from hack.harness.manifests import job
from hack.harness.space import Space
from tests.integration.maintenance import NODE, Nodes


def made(space: Space, instances: int = 10, held: bool = True) -> None:
    """The Job `web`, spread over the nodes; ``held``: none of its instances is moved for now."""
    wish = job(instances=instances)
    spread = {
        "maxSkew": 1,
        "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": {"echelon.dev/job": "web"}},
    }
    wish["spec"]["template"]["spec"]["topologySpreadConstraints"] = [spread]
    space.made(wish)
    if held:
        Nodes(space).hold(instances)


def test_a_drain_moves_what_runs_there_and_deletion_gives_the_nodes_back(
    space: Space, nodes: Nodes
) -> None:
    made(space)
    first, second = nodes.busy()[:2]
    nodes.make("rack", nodes=[first, second])
    nodes.until("the mark", nodes.marked)
    uid = nodes.get("rack")["metadata"]["uid"]
    assert nodes.mark(first) == f"rack/{uid}"
    assert nodes.cordoned(first)
    assert (nodes.taint(first), nodes.taint(second)) == ("rack", "rack")
    assert (nodes.mark(second), nodes.cordoned(second)) == ("", False)
    assert set(nodes.marked().values()) == {f"rack/{uid}"}
    assert {p["metadata"]["name"] for p in nodes.on(first)} == set(nodes.marked())
    nodes.drain("rack")
    assert nodes.phases("rack") == {first: "Drained", second: "Drained"}
    assert nodes.get("rack")["status"]["phase"] == "Done"
    assert nodes.on(first) == nodes.on(second) == []
    space.wait_ready()
    nodes.delete("rack")
    nodes.until("the nodes to be given back", lambda: nodes.is_clean(first, second))


def test_deactivated_nodes_keep_what_they_run(space: Space, nodes: Nodes) -> None:
    made(space)
    first = nodes.busy()[0]
    before = len(nodes.on(first))
    nodes.make("rack", nodes=[first], mode="Deactivate")
    nodes.until("it to be done", lambda: nodes.phases("rack") == {first: "Deactivated"})
    assert (nodes.taint(first), nodes.mark(first), nodes.cordoned(first)) == ("rack", "", False)
    assert len(nodes.on(first)) == before
    assert nodes.marked() == {}


def test_marks_are_taken_back_when_it_is_deleted_in_the_middle(space: Space, nodes: Nodes) -> None:
    made(space)
    first = nodes.busy()[0]
    nodes.make("rack", nodes=[first], timeoutSeconds=3600)
    nodes.until("the mark", nodes.marked)
    (pod, *_) = nodes.on(first)
    assert pod["metadata"]["annotations"]["echelon.dev/move-deadline"].endswith("Z")
    nodes.delete("rack")
    nodes.until("the node to be given back", lambda: nodes.is_clean(first))
    assert nodes.marked() == {}
    (after, *_) = nodes.on(first)
    assert "echelon.dev/move-deadline" not in after["metadata"]["annotations"]
    assert after["metadata"]["uid"] == pod["metadata"]["uid"]


def test_what_somebody_else_cordoned_stays_so(space: Space, nodes: Nodes) -> None:
    made(space, 2)
    nodes.api.patch(f"{NODE}sim-3", {"spec": {"unschedulable": True}})
    nodes.make("rack", nodes=["sim-3", "sim-4"], maxConcurrentNodes=2)
    nodes.drain("rack")
    nodes.delete("rack")
    nodes.until("the marks to be gone", lambda: not nodes.taint("sim-3"))
    nodes.until("the other to be given back", lambda: nodes.is_clean("sim-4"))
    nodes.until("the mark to be gone", lambda: not nodes.mark("sim-3"))
    assert nodes.cordoned("sim-3")


def test_the_second_of_two_waits_and_takes_over(space: Space, nodes: Nodes) -> None:
    made(space)
    first = nodes.busy()[0]
    nodes.make("a", nodes=[first])
    nodes.until("the mark of a", nodes.marked)
    b = f"b/{nodes.make('b', nodes=[first])['metadata']['uid']}"
    nodes.until("b to wait", lambda: nodes.phases("b") == {first: "Waiting"})
    assert "Maintenance a holds this node" in nodes.condition("b", "Ready")["message"]
    nodes.delete("a")
    nodes.until("b to take over", lambda: set(nodes.marked().values()) == {b})
    assert (nodes.mark(first), nodes.taint(first)) == (b, "b")
    assert nodes.cordoned(first)
    nodes.drain("b")


def test_a_node_that_is_gone_does_not_keep_the_others(space: Space, nodes: Nodes) -> None:
    made(space, 2)
    nodes.api.create(NODE[:-1], {"metadata": {"name": "spare"}})
    nodes.make("rack", nodes=["spare", "sim-4", "never-there"], maxConcurrentNodes=3)
    nodes.until("the mark", lambda: nodes.mark("spare"))
    nodes.api.delete(f"{NODE}spare")
    nodes.drain("rack")
    wanted = {"spare": "NotFound", "never-there": "NotFound", "sim-4": "Drained"}
    nodes.until("the end", lambda: nodes.phases("rack") == wanted)
    assert "not found: spare, never-there" in nodes.condition("rack", "Ready")["message"]


def test_a_selector_adds_a_node_later(space: Space, nodes: Nodes) -> None:
    made(space, 2)
    labels = "metadata"
    nodes.api.patch(f"{NODE}sim-5", {labels: {"labels": {"rack": "seven"}}})
    nodes.make("rack", nodeSelector={"rack": "seven"})
    nodes.drain("rack")
    assert nodes.phases("rack") == {"sim-5": "Drained"}
    nodes.api.patch(f"{NODE}sim-6", {labels: {"labels": {"rack": "seven"}}})

    def both() -> bool:
        return nodes.phases("rack") == {"sim-5": "Drained", "sim-6": "Drained"}

    nodes.until("both", both, 40)
    assert nodes.cordoned("sim-6")
    for name in ("sim-5", "sim-6"):
        nodes.api.patch(NODE + name, {labels: {"labels": {"rack": None}}})
    nodes.until("them to be given back", lambda: nodes.is_clean("sim-5", "sim-6"))
    assert nodes.condition("rack", "Stalled")["status"] in ("True", "False")
    nodes.until("it to say so", lambda: nodes.condition("rack", "Stalled")["reason"] == "NoNodes")
