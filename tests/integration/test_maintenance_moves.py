"""A Maintenance and the Jobs together: what is on a node moves away within its agreements, whatever
else happens to it."""

from __future__ import annotations

import random
import time
from contextlib import suppress
from typing import Any

import pytest

from hack.devcluster.api import ApiError
from hack.harness.manifests import Object, batch, job, queue
from hack.harness.operator import Operator
from hack.harness.pods import PodSeen
from hack.harness.space import Space
from tests.integration.maintenance import Nodes

SPREAD: Object = {
    "maxSkew": 1,
    "topologyKey": "kubernetes.io/hostname",
    "whenUnsatisfiable": "ScheduleAnyway",
    "labelSelector": {"matchLabels": {"echelon.dev/job": "web"}},
}


def made(space: Space, instances: int, **spec: Any) -> Object:
    """The Job `web`, spread over the nodes."""
    wish = job(instances=instances, **spec)
    wish["spec"]["template"]["spec"]["topologySpreadConstraints"] = [SPREAD]
    return space.made(wish, timeout=60)


def pods(space: Space) -> list[PodSeen]:
    found: list[PodSeen] = space.sightings.all(space.name, "Pod")
    return [pod for pod in found if pod.job == "web"]


def serving(space: Space) -> set[int]:
    return {pod.instance for pod in pods(space) if pod.ready and not pod.deleting}


def causes(space: Space) -> list[str]:
    return [each["cause"] for each in space.job()["status"].get("ended", [])]


@pytest.mark.parametrize("how", ["Recreate", "Surge"])
def test_nodes_are_drained_one_after_the_other(space: Space, nodes: Nodes, how: str) -> None:
    before = made(space, 12, update={"replacement": how})["status"]["assigned"]
    first, second = nodes.busy()[:2]
    fewest = [12]
    nodes.make("rack", nodes=[first, second])

    def done() -> bool:
        fewest.append(len(serving(space)))
        return is_done(nodes)

    nodes.until("it to be done", done, 60)
    assert min(fewest) >= (12 if how == "Surge" else 11)
    assert nodes.on(first) == nodes.on(second) == []
    found = space.wait_ready()
    assert found["status"]["assigned"] == before
    assert space.updates() == []
    space.wait_job("what became of them", lambda _: bool(causes(space)))
    assert set(causes(space)) == {"Move"}
    assert not [pod for pod in pods(space) if "echelon.dev/move" in pod.annotations]


def test_what_blocks_is_said_with_both_numbers_and_goes_by_itself(
    space: Space, nodes: Nodes
) -> None:
    made(space, 6, sla={"minAvailable": "100%"})
    first, second = nodes.busy()[:2]
    victim = next(p for p in pods(space) if p.node == second)
    there = {pod["metadata"]["name"] for pod in nodes.on(first)}
    # With one instance down the other five are what the sla asks for.
    space.patch_pod(victim.name, annotations={"sim.echelon.dev/behaviour": "never-ready"})
    nodes.make("rack", nodes=[first])
    words = f"Job {space.name}/web to be moved (instance"
    numbers = "5 of 6 instances count, 5 must (sla.minAvailable is 100%)"
    nodes.until("the words", lambda: words in said(nodes) and numbers in said(nodes), 60)
    assert {pod["metadata"]["name"] for pod in nodes.on(first)} == there
    space.api.delete(space.path("pods", victim.name))
    nodes.until("it to be done", lambda: is_done(nodes), 60)


def said(nodes: Nodes) -> str:
    found = nodes.get("rack").get("status", {}).get("nodes", [])
    return str(found[0].get("message", "")) if found else ""


def is_done(nodes: Nodes) -> bool:
    return bool(nodes.condition("rack", "Ready")["status"] == "True")


@pytest.mark.parametrize("back", [False, True], ids=["forward", "rolled back"])
def test_a_drain_during_an_update(space: Space, nodes: Nodes, back: bool) -> None:
    made(space, 12, strategy=batch(2), sla={"minAvailable": 10}, update={"slaAware": True})
    first, second = nodes.busy()[:2]
    space.set_image("web:2")
    name = space.wait_update("RollingForward")["metadata"]["name"]
    nodes.make("rack", nodes=[first, second], maxConcurrentNodes=2)
    if back:
        space.api.patch(space.path("updates", name), {"spec": {"action": "Rollback"}})
    ended = space.wait_update("RolledBack" if back else "RolledForward", name=name, timeout=120)
    assert not ended["status"].get("failureCounts")
    nodes.until("it to be done", lambda: is_done(nodes), 60)
    assert nodes.on(first) == nodes.on(second) == []
    space.until("all to serve", lambda: len(serving(space)) == 12, 60)
    assert {pod.image for pod in pods(space)} == {"web:1" if back else "web:2"}
    assert len(space.updates()) == 1


def test_an_operator_killed_in_a_drain_goes_on(
    space: Space, nodes: Nodes, maintainer: Operator, operator: Operator
) -> None:
    made(space, 12, sla={"minAvailable": 11})
    first, second = nodes.busy()[:2]
    nodes.make("rack", nodes=[first, second])
    chance = random.Random(5)
    for _ in range(4):
        nodes.until("a mark", lambda: nodes.marked() or nodes.phases("rack").get(second), 60)
        victim = chance.choice([maintainer, operator])
        victim.kill9()
        victim.start()
    nodes.until("it to be done", lambda: is_done(nodes), 120)
    assert nodes.on(first) == nodes.on(second) == []
    space.wait_ready(timeout=60)


def test_all_at_once_leaves_so_many_that_count(space: Space, nodes: Nodes) -> None:
    """95 % of 100 through an update, a drain of 3 of 10 nodes, random deaths and evictions."""
    count, least, grace = 100, 95, 2.0
    aware: Object = {"slaAware": True}
    made(space, count, strategy=queue(5), sla={"minAvailable": "95%"}, update=aware)
    drained = nodes.busy()[:3]
    chance, foreign, blamed = random.Random(11), dict[str, float](), list[str]()
    last, became, left = set[str](), set[str](), [5, 10]
    space.set_image("web:2")
    # What the Update has yet to replace it replaces itself; the others move.
    space.wait_update("RollingForward", probe=_half_way, timeout=120)
    nodes.make("rack", nodes=drained, maxConcurrentNodes=3)

    def disturb(there: list[PodSeen]) -> None:
        """Now and then somebody else kills or evicts a pod."""
        kind = chance.choices([None, 0, 1], [0.85, 0.05, 0.1])[0]
        if kind is None or not left[kind]:
            return
        left[kind] -= 1
        victim = chance.choice(there)
        space.observer.not_the_operator(victim.uid)
        foreign[victim.uid] = time.monotonic()
        with suppress(ApiError):  # It is gone, or its budget forbids that.
            path = space.path("pods", victim.name)
            if kind == 0:
                space.api.delete(path)
            else:
                meta = {"name": victim.name, "namespace": space.name}
                body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": meta}
                space.api.create(f"{path}/eviction", body)

    def over() -> bool:
        nonlocal last
        there = pods(space)
        serves = {pod.uid for pod in there if pod.ready and not pod.deleting}
        counting = {pod.instance for pod in there if pod.uid in serves}
        ours, now = last - serves - foreign.keys(), time.monotonic()
        # The operator cannot know yet of what somebody else did a moment ago.
        if ours and len(counting) < least and now - max(foreign.values(), default=0.0) > grace:
            blamed.append(f"{len(counting)} count after {len(ours)} went")
        last = serves
        became.update(causes(space))
        disturb(there)
        ends = [u["status"].get("phase") for u in space.updates()]
        return ends == ["RolledForward"] and is_done(nodes) and not any(left)

    nodes.until("all to end", over, 300)
    assert blamed == []
    assert not any(nodes.on(name) for name in drained)
    space.wait_ready(timeout=60)
    # Which of them move depends on how far the Update is when the nodes are cordoned.
    assert "Update" in became


def _half_way(update: Object) -> bool:
    return bool(update["status"].get("counts", {}).get("updated", 0) >= 40)
