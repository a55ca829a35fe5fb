"""The outages have different names; a lost node is one at each stage of a new pod."""

from __future__ import annotations

from hack.chaos import nodes, outages
from hack.harness.pods import slim

POD = {
    "metadata": {"name": "web-0", "uid": "u", "creationTimestamp": "then"},
    "spec": {"containers": [{"image": "web:2"}], "nodeName": "sim-9"},
}


def test_names_are_different() -> None:
    names = [each.name for each in outages.outages()]
    assert len(set(names)) == len(names)
    assert sum(name.startswith("node lost") for name in names) == len(nodes.STAGES)


def test_the_stages_follow_each_other() -> None:
    status = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
    pods = [
        slim({**POD, "spec": {"containers": [{"image": "web:2"}]}}),
        slim(POD),
        slim({**POD, "status": {"phase": "Running"}}),
        slim({**POD, "status": status}),
    ]
    reached = [[name for name, there in nodes.STAGES.items() if there(pod)] for pod in pods]
    assert reached == [[], ["bound"], ["bound", "running, not Ready"], ["bound", "Ready"]]
