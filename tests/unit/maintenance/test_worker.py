"""What one decision asks, watches and writes, and when the next one is due."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from controller.kube.errors import BadRequest, Forbidden, NotFound, NotHolderError, ServerError
from controller.kube.workqueue import WorkQueue
from controller.maintenance.apply import Applier
from controller.maintenance.decode import node_from, pod_from
from controller.maintenance.store import Store
from controller.maintenance.worker import ALL, Worker
from tests.unit.maintenance.stub import Object, Stub, maintenance, node, pod

MARKED = {"echelon.dev/maintenance": "rack/uid-rack"}
TAINT = {"key": "echelon.dev/maintenance", "value": "rack", "effect": "PreferNoSchedule"}


def in_turn(version: int = 1) -> Object:
    """The node n1 in the turn of `rack`."""
    raw = node(version=version, unschedulable=True, taints=[TAINT])
    raw["metadata"]["annotations"] = MARKED
    return raw


class World:
    """Objects of a test, and what was asked of the API server. ``synced``: nodes whose pods are
    known."""

    def __init__(self) -> None:
        self.now = 100.0
        self.at_work = True
        self.stub = Stub()
        self.watched: frozenset[str] = frozenset()
        self.known: set[str] = set()
        self.queue: WorkQueue[str] = WorkQueue(
            accepts=lambda _: self.at_work, jitter=lambda: 0.0, clock=lambda: self.now
        )
        self.store = Store(lambda: self.queue.add(ALL))
        stub: Any = self.stub
        applier = Applier(stub, self.store, lambda: self.now, 1.0)
        self.worker = Worker(
            stub, self.store, self.queue, self, applier, ("", ""), True, lambda: self.now
        )

    def watch(self, nodes: frozenset[str]) -> None:
        self.watched = nodes

    def synced(self, node: str) -> bool:
        return node in self.known

    def put(self, raw: Object) -> None:
        self.store.put_node(node_from(raw))

    def marked(self) -> None:
        """The node n1 is in the turn of the Maintenance `rack`, which may not be known."""
        self.put(in_turn())

    @property
    def wrote(self) -> list[str]:
        return [plural for plural, _, _ in self.stub.sent]


@pytest.fixture
async def world() -> World:
    return World()


async def test_a_new_maintenance_cordons_its_node_and_reports(world: World) -> None:
    world.put(node())
    world.store.put(maintenance())
    world.stub.answers["nodes"] = [node(version=2, unschedulable=True, taints=[TAINT])]
    world.stub.answers["maintenances"] = [maintenance(version=2)]
    await world.worker.once()
    assert world.wrote == ["nodes", "maintenances"]
    assert world.watched == {"n1"}


async def test_a_node_that_the_api_server_does_not_let_change_is_told(world: World) -> None:
    world.put(node())
    world.store.put(maintenance())
    world.stub.answers["nodes"] = [Forbidden(403, "Forbidden", "webhook denied")]
    world.stub.answers["maintenances"] = [maintenance(version=2), maintenance(version=3)]
    await world.worker.once()
    world.now += 1.0
    await world.worker.once()
    _, _, body = world.stub.sent[-1]
    (told,) = body["status"]["nodes"]
    assert told["message"] == "the node cannot be changed: webhook denied"


async def test_nothing_is_taken_back_while_the_maintenance_lives(world: World) -> None:
    world.marked()
    world.stub.answers["maintenances"] = [maintenance()]
    await world.worker.once()
    assert world.wrote == []


async def test_marks_are_taken_back_when_a_live_read_says_that_it_is_gone(world: World) -> None:
    world.marked()
    world.known = {"n1"}
    world.store.pods["n1"] = {}
    world.stub.answers["maintenances"] = [NotFound(404, "NotFound")]
    world.stub.answers["nodes"] = [node(version=2)]
    await world.worker.once()
    ((_, name, body),) = world.stub.sent
    assert name == "n1"
    assert body["spec"] == {"unschedulable": None, "taints": None}
    assert body["metadata"]["annotations"]["echelon.dev/maintenance"] is None


async def test_a_404_of_a_path_that_is_not_served_proves_nothing(world: World) -> None:
    world.marked()
    world.stub.answers["maintenances"] = [NotFound(404, "")]
    with pytest.raises(ServerError):
        await world.worker.once()
    assert world.stub.sent == []


async def test_one_that_cannot_be_read_live_holds_up_no_other_node(world: World) -> None:
    world.marked()
    world.put(node("n2"))
    world.store.put(maintenance("other", spec={"nodes": ["n2"]}))
    world.stub.answers["maintenances"] = [BadRequest(400, "BadRequest"), maintenance("other", 2)]
    world.stub.answers["nodes"] = [node("n2", 2, unschedulable=True)]
    with pytest.raises(BadRequest):
        await world.worker.once()
    assert [name for _, name, _ in world.stub.sent] == ["n2", "other"]


@pytest.fixture
async def running(world: World) -> AsyncIterator[World]:
    task = asyncio.create_task(world.worker.run())
    yield world
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def until(condition: Any) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 (what is waited for tells nobody)
            await asyncio.sleep(0.005)


async def test_a_decision_that_failed_is_made_again(running: World) -> None:
    running.stub.answers["maintenances"] = [ServerError(500), maintenance()]
    running.marked()
    await until(lambda: not running.stub.answers["maintenances"])


async def test_who_has_lost_the_lease_does_not_try_again(running: World) -> None:
    running.put(node())
    running.stub.answers["nodes"] = [NotHolderError()]
    running.store.put(maintenance())
    await until(lambda: running.wrote == ["nodes"])
    await until(lambda: not running.queue.depth)
    assert running.queue.oldest_age() == 0.0


async def test_the_end_of_a_term_waits_for_what_is_in_flight(running: World) -> None:
    running.watched = frozenset({"n1"})
    async with running.worker._working:
        ending = asyncio.create_task(running.worker.end())
        await asyncio.sleep(0)
        assert not ending.done()
        assert running.watched
    await ending
    assert running.watched == frozenset()


async def test_a_term_begins_with_a_look_at_drained_nodes(world: World) -> None:
    world.store.drained = {"n1": "key"}
    world.worker.begin()
    assert world.store.drained == {}
    assert world.queue.depth == 1


async def test_a_refused_eviction_is_due_again_at_its_time(world: World) -> None:
    world.marked()
    spec = {"nodes": ["n1"], "otherPods": "Evict"}
    world.store.put(maintenance(spec=spec))
    world.known = {"n1"}
    world.store.pods["n1"] = {}
    owner = {"kind": "ReplicaSet", "name": "agent", "apiVersion": "apps/v1", "controller": True}
    world.store.put_pod(pod_from(pod(ownerReferences=[owner])))
    world.stub.answers["eviction"] = [ServerError(503, "ServiceUnavailable")]
    world.stub.answers["maintenances"] = [maintenance(version=2, spec=spec)]
    later = list[float]()
    world.queue.add_after = lambda _, seconds: later.append(seconds)  # type: ignore[method-assign]
    await world.worker.once()
    assert world.wrote[0] == "eviction"
    assert later == [1.0]
    # Refused again, with the same words: no report is due that would call for a decision.
    world.now += 1.0
    world.stub.answers["eviction"] = [ServerError(503, "ServiceUnavailable")]
    world.stub.answers["maintenances"] = [maintenance(version=3, spec=spec)]
    await world.worker.once()
    assert later == [1.0, 2.0]
