"""A real node is drained while clients send requests: the instances move to another real node."""

from __future__ import annotations

from typing import Any

import pytest

from hack.e2e.release import Release
from tests.e2e import web
from tests.e2e.asking import Asking
from tests.e2e.nodes import Nodes
from tests.e2e.place import Object, Place
from tests.e2e.watching import Watching

_REVISION = "echelon.dev/revision"


def served(place: Place, nodes: Nodes, instances: int = 3, **job: Any) -> Object:
    """Create a Job of the web server, with all instances on the first node, and its Service."""
    place.create(web.service())
    made = place.made(web.job(instances=instances, **job))
    assert nodes.on(place) == dict.fromkeys(range(instances), nodes.first)
    nodes.open()
    return made


def drained(place: Place, nodes: Nodes, before: Object, fewest: int) -> None:
    """Drain the first node by a Maintenance under load, check what became of the Job, and give the
    node back. ``fewest``: the number of pods that must serve at every moment."""
    with Asking(place) as asking, Watching(place) as watching:
        asking.answered("1", 10)
        place.echelon("maintenance", "drain", nodes.first, "--wait", timeout=90)
        place.wait_ready()
        asking.answered("1", 30)
    assert asking.tally.failures == []
    assert asking.tally.nobody == 0
    assert min(watching.serving) >= fewest

    (maintenance,) = nodes.maintenances()
    assert maintenance["status"]["phase"] == "Done", maintenance["status"]
    place.wait("what became of the old pods", lambda: told(place) == before["spec"]["instances"])
    moved(place, nodes, before, "Move")

    assert not nodes.in_use(nodes.first)
    place.echelon("maintenance", "activate", nodes.first, "--wait")
    assert nodes.in_use(nodes.first)
    assert nodes.maintenances() == []


def moved(place: Place, nodes: Nodes, before: Object, cause: str) -> None:
    """Check that all instances have moved to the second node, as they were, and nothing else."""
    found, instances = place.wait_ready(), before["spec"]["instances"]
    assert nodes.on(place) == dict.fromkeys(range(instances), nodes.second)
    for field in ("currentRevision", "assigned", "revisions"):
        assert found["status"].get(field) == before["status"].get(field), field
    revisions = {pod["metadata"]["annotations"][_REVISION] for pod in place.pods().values()}
    assert revisions == {before["status"]["currentRevision"]}
    assert place.api.get(place.path("updates"))["items"] == []
    assert [event for event in place.events("web") if event["type"] == "Warning"] == []

    ended = found["status"].get("ended", [])
    assert {each["node"] for each in ended} <= {nodes.first}
    assert {(each["cause"], each["exitCode"]) for each in ended} <= {(cause, 0)}


def told(place: Place) -> int:
    """Of how many pods the status tells how they ended. Those that ended while no operator acted
    may be missing."""
    return len(place.job()["status"].get("ended", []))


@pytest.mark.parametrize("instances", [3, 1])
def test_a_drain_with_surge_under_load_loses_no_request(
    place: Place, nodes: Nodes, maintaining: Release, instances: int
) -> None:
    """Without an sla: one instance at a time, and its successor serves before it goes."""
    assert maintaining.pods()
    before = served(place, nodes, instances, update={"replacement": "Surge"})
    drained(place, nodes, before, fewest=instances)


def test_a_drain_with_recreate_keeps_what_the_sla_asks_for(
    place: Place, nodes: Nodes, maintaining: Release
) -> None:
    """Requests to the other instances go on while one moves."""
    assert maintaining.pods()
    before = served(place, nodes, sla={"minAvailable": 2})
    drained(place, nodes, before, fewest=2)


def test_kubectl_drain_keeps_what_the_budget_of_the_sla_asks_for(
    place: Place, nodes: Nodes, operator: Release
) -> None:
    """It evicts all pods of the node, those of the operator, too."""
    before = served(place, nodes, sla={"minAvailable": 2})
    place.wait("the budget of the Job", lambda: disruptions_allowed(place) == 1)
    with Asking(place) as asking, Watching(place) as watching:
        asking.answered("1", 10)
        place.kubectl("drain", nodes.first, "--delete-emptydir-data", "--timeout=300s")
        place.wait_ready()
        asking.answered("1", 30)
    assert asking.tally.failures == []
    assert asking.tally.nobody == 0
    assert min(watching.serving) >= 2
    moved(place, nodes, before, "Evicted")
    assert {pod["spec"]["nodeName"] for pod in operator.pods()} == {nodes.second}


def disruptions_allowed(place: Place) -> int:
    path = f"/apis/policy/v1/namespaces/{place.name}/poddisruptionbudgets/echelon-web"
    return int(place.api.get(path).get("status", {}).get("disruptionsAllowed", 0))
