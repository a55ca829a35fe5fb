"""The scenarios in which nodes are drained, and the operator is killed at each of its writes.

The Job's pods are on the first node of a `Rack`, or on both. On the second one, which somebody else
has cordoned before, is a pod that belongs to no Job. First the first node is drained, then the
second one.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from controller.api import labels
from hack.chaos.rack import BY_ID, Rack, placed
from hack.chaos.scenario import PATIENCE, Scenario, at_rest, ended, seen, verb
from hack.harness.manifests import SIM, Object, condition, ids, job
from hack.harness.pods import PodSeen
from hack.harness.space import Space

#: A pod of instance 1 is not Ready before `release`.
_STUCK: Final = {"behaviour": "never-ready", "instances": "1"}
#: How many of three instances must count.
LEAST: Final = 2


def drains() -> list[Scenario]:
    """All of them."""
    return [
        Scenario("drain, recreate", partial(_set_up, "Recreate"), _drain, least=LEAST),
        Scenario("drain, surge", partial(_set_up, "Surge"), _drain, least=LEAST),
        Scenario(
            "drain ended halfway, recreate",
            partial(set_up_stuck, "Recreate"),
            _end_halfway,
            least=LEAST,
        ),
        Scenario(
            "drain ended halfway, surge",
            partial(set_up_stuck, "Surge"),
            _end_halfway_surge,
            least=LEAST,
        ),
        Scenario("drain in mid-update", _set_up_update, _drain_and_update, least=LEAST + 1),
        Scenario("drain in mid-rollback", _set_up_update, _drain_and_roll_back, least=LEAST + 1),
    ]


def _job(replacement: str, least: int, template: Object, instances: int) -> Object:
    policy = {"replacement": replacement, "slaAware": True}
    policy |= {"maxFailuresPerInstance": 0, "readyTimeoutSeconds": 0}
    wish = job(instances=instances, update=policy, sla={"minAvailable": least})
    wish["spec"]["template"] = template
    return wish


def _set_up(replacement: str, space: Space) -> None:
    """All instances are on the first node."""
    space.create(_job(replacement, LEAST, placed("web:1", "first"), 3))
    _set_up_nodes(space, {"web-0", "web-1", "web-2"})


def set_up_stuck(replacement: str, space: Space) -> None:
    """Instance 1 alone is on the first node. Made anew it does not become Ready before
    `release`."""
    space.create(_job(replacement, LEAST, placed("web:1", BY_ID, **_STUCK), 3))
    release(space, "web-1")
    _set_up_nodes(space, {"web-1"})


def _set_up_nodes(space: Space, first: set[str]) -> None:
    """``first``: the pods on the first node."""
    rack = Rack.of(space)
    space.wait_ready(timeout=PATIENCE)
    _others_pod(space, rack)
    rack.cordon(rack.second)
    _until_on(space, rack.first, first)
    _until_on(space, rack.second, {"agent-0", "web-0", "web-1", "web-2"} - first)
    _budget_observed(space, 3)


def _set_up_update(space: Space) -> None:
    """Only instances 2 and 3 are on the first node."""
    rack = Rack.of(space)
    rack.cordon(*rack.nodes)
    space.made(_job("Recreate", LEAST + 1, placed("web:1", "first"), 2), timeout=PATIENCE)
    rack.cordon(rack.first, on=False)
    space.scale(4)
    _until_on(space, rack.first, {"web-2", "web-3"})
    space.wait_ready(timeout=PATIENCE)
    _budget_observed(space, 4)


def _others_pod(space: Space, rack: Rack) -> None:
    """A pod `agent-0` on the second node, of a StatefulSet."""
    mark = {"app": "agent"}
    template = placed("agent:1", "second", rack.name)
    template["metadata"] = {"labels": mark}
    spec = {"serviceName": "agent", "selector": {"matchLabels": mark}, "template": template}
    wish = {"metadata": {"name": "agent"}, "spec": spec}
    space.api.create(space.path("statefulsets"), wish)
    there: Callable[[PodSeen], bool] = lambda p: p.name == "agent-0" and p.ready  # noqa: E731
    space.until("the pod of others", lambda: any(map(there, seen(space))), PATIENCE)


def _until_on(space: Space, node: str, names: set[str]) -> None:
    """Wait until these are the pods on a node."""
    space.until(f"{names} on {node}", lambda: _on(space, node) == names, PATIENCE)


def _on(space: Space, node: str) -> set[str]:
    return {pod.name for pod in seen(space) if pod.node == node}


def _budget_observed(space: Space, count: int) -> None:
    """Wait until the disruption controller has counted so many pods."""
    path = space.path("poddisruptionbudgets", "echelon-web")

    def observed() -> bool:
        status = space.api.get(path).get("status", {})
        return bool(status.get("currentHealthy") == count == status.get("expectedPods"))

    space.cluster.wait("the budget to be observed", observed, PATIENCE)


def release(space: Space, name: str) -> None:
    """Let a pod that is stuck become Ready."""
    space.until(f"pod {name}", lambda: any(p.name == name for p in seen(space)), PATIENCE)
    space.patch_pod(name, annotations={f"{SIM}/behaviour": "ready"})


def _drain(space: Space) -> None:
    rack = Rack.of(space)
    rack.drain()
    finish(space, rack)


def finish(space: Space, rack: Rack) -> None:
    """When all is drained: nothing is left there; give the nodes back."""
    rack.until_done()
    left = {pod.name for pod in seen(space) if pod.node in rack.nodes}
    assert not left, f"the nodes are drained, and {left} are there"
    rack.end()
    _until_well(space)


def _until_well(space: Space) -> None:
    """Wait until the Job is at rest, and each instance has one pod, Ready and not marked."""
    found = at_rest(space)

    def well() -> bool:
        pods = [pod for pod in seen(space) if pod.job]
        good = [p.ready and not p.deleting and labels.MOVE not in p.annotations for p in pods]
        return good == [True] * int(found["spec"]["instances"])

    space.until("one good pod of each instance", well, PATIENCE)
    space.wait_job("the end of the moves", lambda job: not _moving(job), timeout=PATIENCE)


def until_halfway(space: Space, rack: Rack) -> None:
    """Wait until the drain halts: instance 1 has moved and is not Ready, so the others stay on the
    second node, and are marked."""

    def halfway() -> bool:
        there = {pod.name for pod in seen(space) if labels.MOVE in pod.annotations}
        return there == _on(space, rack.second) == {"web-0", "web-2"}

    _until_moved(space, rack, "web-1")
    space.until("the half of the drain", halfway, PATIENCE)
    _until_on(space, rack.first, set())


def _until_moved(space: Space, rack: Rack, name: str) -> None:
    """Wait until a pod of this name is on none of the nodes, and the Job says that it moves."""

    def moved() -> bool:
        return any(p.name == name and p.node not in ("", *rack.nodes) for p in seen(space))

    space.until(f"the new pod {name}", moved, PATIENCE)
    space.wait_job("the report", _moving, timeout=PATIENCE)


def _end_halfway(space: Space) -> None:
    rack = Rack.of(space)
    rack.drain()
    until_halfway(space, rack)
    rack.end()
    release(space, "web-1")
    _until_well(space)


def _end_halfway_surge(space: Space) -> None:
    """The pod of instance 1 stays, and its successor goes. Nothing leaves the second node."""
    rack = Rack.of(space)
    rack.drain()
    _until_moved(space, rack, "web-1-s")
    rack.end()
    _until_well(space)


def _moving(found: Object) -> str:
    """What the Job says of its moves while there are any."""
    said = condition(found, "Moving")
    return str(said["message"]) if said["status"] == "True" else ""


def _drain_in_midst(space: Space) -> Rack:
    """Begin an Update that stops at instance 0, and drain the nodes; returns when the pods on the
    first one are marked."""
    rack = Rack.of(space)
    space.set_image("web:2", behaviour="never-ready", instances="0")
    space.wait_update(
        "RollingForward",
        name="web-g3",
        probe=lambda u: ids(u["status"].get("instances", {}).get("updating", "")) == {0},
        timeout=PATIENCE,
    )
    space.until("the new pod of instance 0", lambda: _new_pod_runs(space), PATIENCE)
    rack.drain()

    def marked() -> set[int]:
        return {pod.instance for pod in seen(space) if labels.MOVE in pod.annotations}

    space.until("the marks", lambda: marked() == {2, 3}, PATIENCE)
    return rack


def _new_pod_runs(space: Space) -> bool:
    return any(p.instance == 0 and p.image == "web:2" and p.phase == "Running" for p in seen(space))


def _drain_and_update(space: Space) -> None:
    """The Update replaces what is marked, first of all."""
    rack = _drain_in_midst(space)
    release(space, "web-0")
    ended(space, "RolledForward", "web-g3")
    went = [s.object for s in space.observer.events() if s.kind == "Pod" and s.object.deleting]
    order = list(dict.fromkeys(pod.instance for pod in went if pod.image == "web:1"))
    assert order == [0, 2, 3, 1], f"instances were replaced in the order {order}"
    finish(space, rack)


def _drain_and_roll_back(space: Space) -> None:
    """The rollback gives back what the Update would have replaced: it moves."""
    rack = _drain_in_midst(space)
    verb(space, "web-g3", action="Rollback")
    ended(space, "RolledBack", "web-g3")
    finish(space, rack)
