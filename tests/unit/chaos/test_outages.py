"""The outages have different names; a lost node is one at each stage of a new pod."""

from __future__ import annotations

from hack.chaos import nodes, outages
from hack.harness.manifests import SIM
from hack.harness.pods import slim

META = {"name": "web-0", "uid": "u", "creationTimestamp": "then"}
POD = {
    "metadata": META,
    "spec": {"containers": [{"image": "web:2"}], "nodeName": "sim-9"},
}


def test_names_are_different() -> None:
    names = [each.name for each in outages.outages()]
    assert len(set(names)) == len(names)
    assert sum(name.startswith("node lost") for name in names) == len(nodes.STAGES)


def test_the_stages_follow_each_other() -> None:
    status = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
    going = {"metadata": {**META, "deletionTimestamp": "now"}}
    pods = [
        slim({**POD, "spec": {"containers": [{"image": "web:2"}]}}),
        slim(POD),
        slim({**POD, "status": {"phase": "Running"}}),
        slim({**POD, "status": status}),
        slim({**POD, **going, "status": status}),
    ]
    stages = [each for each in nodes.STAGES if each.image == "web:2"]
    reached = [
        [each.name.removeprefix("the new pod ") for each in stages if each.there(pod)]
        for pod in pods
    ]
    assert reached == [
        ["is not bound yet"],
        ["is bound"],
        ["is bound", "is running, not Ready"],
        ["is bound", "is Ready"],
        ["terminates"],
    ]


def test_where_a_pod_terminates_it_takes_a_while() -> None:
    for stage in nodes.STAGES:
        slow = "terminates" in stage.name
        steering = nodes.update(stage)["metadata"]["annotations"][f"{SIM}/behaviour"]
        assert (nodes.before(stage) is not None) == (steering == "slow-stop") == slow
