"""Maintenances that are changed, replaced or hindered while they drain, and what is said of it."""

from __future__ import annotations

import json

from controller.api.meta import format_time, parse_time
from hack.harness.manifests import sim
from hack.harness.operator import Operator
from hack.harness.space import Space
from tests.cli.echelon import Echelon
from tests.integration.maintenance import MOVE, NODE, Nodes
from tests.integration.test_maintenance import made
from tests.integration.test_maintenance_faults import pod

DEADLINE = "echelon.dev/move-deadline"
SINCE = "echelon.dev/maintenance-since"
EVENTS = "/apis/events.k8s.io/v1/namespaces/default/events"


def deadlines(nodes: Nodes) -> set[str]:
    """The deadlines on pods that are marked."""
    found = nodes.api.get(f"/api/v1/namespaces/{nodes.space.name}/pods")["items"]
    said = [each["metadata"].get("annotations", {}) for each in found]
    return {each.get(DEADLINE, "") for each in said if MOVE in each}


def test_another_uid_of_the_same_name_has_no_part_in_what_the_first_marked(
    space: Space, nodes: Nodes, maintainer: Operator
) -> None:
    made(space)
    first, second = nodes.busy()[:2]
    nodes.make("rack", nodes=[first])
    nodes.until("the mark", nodes.marked)
    maintainer.kill9()
    nodes.delete("rack")
    uid = nodes.make("rack", nodes=[second])["metadata"]["uid"]
    assert nodes.cordoned(first)
    maintainer.start()
    nodes.until("the first to be given back", lambda: nodes.is_clean(first))
    nodes.until("the second to be in its turn", lambda: nodes.mark(second) == f"rack/{uid}")
    nodes.until("the new marks", lambda: set(nodes.marked().values()) == {f"rack/{uid}"})
    assert {each["metadata"]["name"] for each in nodes.on(second)} == set(nodes.marked())
    nodes.drain("rack")


def test_the_same_nodes_pass_over_to_another_uid_of_the_same_name(
    space: Space, nodes: Nodes, maintainer: Operator
) -> None:
    made(space)
    (first, *_) = nodes.busy()
    nodes.make("rack", nodes=[first])
    nodes.until("the mark", nodes.marked)
    maintainer.kill9()
    nodes.delete("rack")
    uid = nodes.make("rack", nodes=[first])["metadata"]["uid"]
    maintainer.start()
    nodes.until("the mark to pass over", lambda: nodes.mark(first) == f"rack/{uid}")
    nodes.until("those of the pods", lambda: set(nodes.marked().values()) == {f"rack/{uid}"})
    assert nodes.cordoned(first)
    nodes.drain("rack")


def test_a_node_that_it_does_not_name_any_more_is_given_back(space: Space, nodes: Nodes) -> None:
    made(space)
    first, second = nodes.busy()[:2]
    nodes.make("rack", nodes=[first, second], maxConcurrentNodes=2)
    nodes.until("both marks", lambda: nodes.mark(first) and nodes.mark(second))
    nodes.change("rack", nodes=[second])
    nodes.until("the first to be given back", lambda: nodes.is_clean(first))
    kept = {each["metadata"]["name"] for each in nodes.on(second)}
    nodes.until("the marks there to go", lambda: set(nodes.marked()) == kept)
    assert nodes.mark(second)
    nodes.drain("rack")


def test_a_drain_that_becomes_a_deactivation_gives_its_cordons_back(
    space: Space, nodes: Nodes
) -> None:
    made(space)
    (first, *_) = nodes.busy()
    nodes.make("rack", nodes=[first])
    nodes.until("the mark", nodes.marked)
    nodes.change("rack", mode="Deactivate")
    nodes.until("it to be deactivated", lambda: nodes.phases("rack") == {first: "Deactivated"})
    assert (nodes.mark(first), nodes.cordoned(first), nodes.taint(first)) == ("", False, "rack")
    assert nodes.marked() == {}


def test_the_deadline_counts_from_the_cordon_and_follows_the_spec(
    space: Space, nodes: Nodes
) -> None:
    made(space)
    (first, *_) = nodes.busy()
    nodes.make("rack", nodes=[first], timeoutSeconds=3600)
    nodes.until("the mark", nodes.marked)
    since = nodes.node(first)["metadata"]["annotations"][SINCE]
    hour = format_time(parse_time(since) + 3600)
    nodes.until("the deadline", lambda: deadlines(nodes) == {hour})
    nodes.change("rack", timeoutSeconds=7200)
    nodes.until("a later one", lambda: deadlines(nodes) and min(deadlines(nodes)) > hour)
    assert nodes.node(first)["metadata"]["annotations"][SINCE] == since
    nodes.change("rack", timeoutSeconds=None)
    nodes.until("none", lambda: deadlines(nodes) == {""})
    nodes.drain("rack")


def test_a_percentage_of_the_nodes_is_drained_at_a_time(space: Space, nodes: Nodes) -> None:
    made(space)
    five = nodes.busy()[:5]
    nodes.make("rack", nodes=five, maxConcurrentNodes="30%")
    nodes.until("two of five", lambda: sum(map(nodes.cordoned, five)) == 2)
    phases = lambda: sorted(nodes.phases("rack").values())  # noqa: E731
    nodes.until("it to be said", lambda: phases() == ["Draining"] * 2 + ["Waiting"] * 3)
    assert [nodes.cordoned(each) for each in five] == [True, True, False, False, False]
    nodes.change("rack", maxConcurrentNodes="100%")
    nodes.until("all of them", lambda: all(map(nodes.cordoned, five)))
    nodes.drain("rack", 90)


def test_a_node_that_is_not_ready_comes_last(space: Space, nodes: Nodes) -> None:
    made(space)
    first, second = nodes.busy()[:2]
    space.api.patch(NODE + first, {"metadata": {"annotations": sim(lost="true")}})
    try:

        def ready() -> bool:
            found = nodes.node(first)["status"]["conditions"]
            return any(c["type"] == "Ready" and c["status"] == "True" for c in found)

        nodes.until("the node to be lost", lambda: not ready(), 60)
        nodes.make("rack", nodes=[first, second])
        nodes.until("the other one to be first", lambda: nodes.mark(second))
        assert nodes.mark(first) == ""
    finally:
        gone = {"sim.echelon.dev/lost": None}
        space.api.patch(NODE + first, {"metadata": {"annotations": gone}})
    nodes.drain("rack", 90)


def test_a_pod_with_an_empty_dir_blocks_unless_its_data_may_go(space: Space, nodes: Nodes) -> None:
    labels = {"app": "cache"}
    volume = {"volumes": [{"name": "scratch", "emptyDir": {}}]}
    template = {"metadata": {"labels": labels}, "spec": pod("x", "y")["spec"]}
    template["spec"] = {"containers": [{"name": "main", "image": "agent:1"}], **volume}
    spec = {"replicas": 1, "selector": {"matchLabels": labels}, "template": template}
    path = f"/apis/apps/v1/namespaces/{space.name}/replicasets"
    space.api.create(path, {"metadata": {"name": "cache"}, "spec": spec})
    (node,) = nodes.until("the pod", nodes.busy)
    nodes.make("rack", nodes=[node], otherPods="Evict")
    nodes.until(
        "it to be said", lambda: nodes.condition("rack", "Stalled")["reason"] == "PodBlocked"
    )
    assert "emptyDir" in nodes.condition("rack", "Stalled")["message"]
    assert len(nodes.on(node)) == 1
    nodes.change("rack", deleteEmptyDirData=True)
    nodes.until("the end", lambda: nodes.phases("rack") == {node: "Drained"})
    assert nodes.on(node) == []


def test_events_tell_what_happened(space: Space, nodes: Nodes) -> None:
    made(space, 2)
    (node, *_) = nodes.busy()
    uid = nodes.make("rack", nodes=[node])["metadata"]["uid"]
    # There is one report a second: what comes and goes within it has no Event.
    nodes.until("the report", lambda: nodes.phases("rack") == {node: "Draining"})
    nodes.drain("rack")

    def reasons() -> set[str]:
        found = nodes.api.get(EVENTS)["items"]
        return {each["reason"] for each in found if each["regarding"].get("uid") == uid}

    nodes.until(
        "the Events", lambda: reasons() >= {"NodeDraining", "NodeDrained", "Active", "Done"}
    )
    described = space.cluster.kubectl("describe", "emaint", "rack")
    assert f"{node} is drained" in described


def test_the_plan_says_before_what_the_drain_meets(space: Space, nodes: Nodes) -> None:
    made(space, 5, held=False)
    space.wait_ready()
    first, second = nodes.busy()[:2]
    many = len(nodes.on(first))
    echelon = Echelon(space.cluster.kubeconfig, space.name)
    asked = ["maintenance", "plan", first, second, "never"]
    done = echelon(*asked, "--min-available", "1", "-o", "json", check=4)
    found = json.loads(done.out)
    by_name = {each["name"]: each for each in found["nodes"]}
    assert by_name[first]["verdict"] == "Now"
    assert by_name[first]["instances"] == many
    assert by_name["never"]["verdict"] == "NotFound"
    assert found["together"] == [first, second]
    assert f"Job {space.name}/web" in found["estimate"]["from"]
    assert nodes.is_clean(first, second), "nothing is changed"


def test_the_plan_names_what_forbids_a_node_with_numbers(space: Space, nodes: Nodes) -> None:
    made(space, 3, held=False)
    space.wait_ready()
    (node, *_) = nodes.busy()
    budget = f"/apis/policy/v1/namespaces/{space.name}/poddisruptionbudgets"
    labels = {"matchLabels": {"echelon.dev/job": "web"}}
    space.api.create(
        budget, {"metadata": {"name": "all"}, "spec": {"maxUnavailable": 0, "selector": labels}}
    )
    healthy = lambda: space.api.get(f"{budget}/all")["status"].get("currentHealthy") == 3  # noqa: E731
    nodes.until("the budget to be observed", healthy)
    echelon = Echelon(space.cluster.kubeconfig, space.name)
    blocked = echelon("maintenance", "plan", node, check=4)
    here = len(nodes.on(node))
    assert f"disruption budget {space.name}/all: {here} here, 0 may go now" in blocked.out
    assert "0 of 1 node can go now" in blocked.err
    space.api.delete(f"{budget}/all")
    # All three are moved together by a plan of all their nodes, but one at a time.
    every = nodes.busy()
    names = echelon("maintenance", "plan", *every, "-o", "name", check=0)
    steps = echelon("maintenance", "plan", *every, check=0)
    assert "it has no spec.sla: one instance at a time" in steps.out or len(names.lines) == 1
