"""The store ends up as the API server has it: nodes, the pods of some nodes, Maintenances."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

import pytest

from controller.kube.client import Client
from controller.maintenance.feeds import Feeds
from controller.maintenance.store import Store
from tests.unit.kube.fake import FakeApi

NODES = "/api/v1/nodes"
PODS = "/api/v1/pods"
MAINTENANCES = "/apis/echelon.dev/v1alpha1/maintenances"


class World:
    """A store that is filled from an API server in memory."""

    def __init__(self, api: FakeApi, client: Client) -> None:
        self.api = api
        self.changed = asyncio.Event()
        self.store = Store(self.changed.set)
        self.feeds = Feeds(client, self.store, every=3600.0)

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not condition():
                with suppress(TimeoutError):
                    await asyncio.wait_for(self.changed.wait(), 0.05)
                self.changed.clear()


@pytest.fixture
async def world() -> AsyncIterator[World]:
    api = FakeApi()
    connection = await api.start()
    async with Client(connection) as client:
        found = World(api, client)
        task = asyncio.create_task(found.feeds.run())
        yield found
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    await api.stop()


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("controller.maintenance.feeds._AGAIN", 0.01)


def pod(api: FakeApi, name: str, node: str = "n1") -> None:
    api.put(PODS, name, nodeName=node)


async def test_it_is_filled_when_nodes_and_maintenances_were_listed(world: World) -> None:
    world.api.put(NODES, "n1")
    world.api.put(MAINTENANCES, "rack", nodes=["n1"])
    assert not world.feeds.filled
    await world.until(lambda: world.feeds.filled)
    assert set(world.store.nodes) == {"n1"}
    assert set(world.store.maintenances) == {"rack"}


async def test_a_node_that_went_unseen_is_gone_after_the_next_list(world: World) -> None:
    world.api.put(NODES, "n1")
    world.api.put(NODES, "n2")
    await world.until(lambda: world.feeds.filled)
    del world.api.objects[f"{NODES}/n1"]
    await world.feeds.renewed()
    assert set(world.store.nodes) == {"n2"}


async def test_what_only_an_answer_to_a_request_told_of_goes_too(world: World) -> None:
    """`held` names what the store has from elsewhere than the informer."""
    world.api.put(NODES, "n1")
    await world.until(lambda: world.feeds.filled)
    (known,) = world.store.nodes.values()
    ghost = type(known)(type(known.node)("ghost", "uid-ghost", "1"))
    world.store.put_node(ghost)
    await world.feeds.renewed()
    assert set(world.store.nodes) == {"n1"}


async def test_pods_are_known_of_watched_nodes_alone(world: World) -> None:
    world.api.put(NODES, "n1")
    pod(world.api, "web-0")
    await world.until(lambda: world.feeds.filled)
    assert not world.feeds.synced("n1")
    world.feeds.watch(frozenset({"n1"}))
    await world.until(lambda: world.feeds.synced("n1"))
    assert set(world.store.pods["n1"]) == {"ns/web-0"}
    asked = [seen.query for seen in world.api.seen if seen.path == PODS]
    assert {query["fieldSelector"] for query in asked} == {"spec.nodeName=n1"}
    world.feeds.watch(frozenset())
    assert world.store.pods == {}
    assert not world.feeds.synced("n1")


async def test_a_node_without_pods_calls_for_a_decision_when_that_is_known(world: World) -> None:
    await world.until(lambda: world.feeds.filled)
    world.feeds.watch(frozenset({"n1"}))
    world.changed.clear()
    async with asyncio.timeout(20):
        await world.changed.wait()
    await world.until(lambda: world.feeds.synced("n1"))


async def test_a_maintenance_that_kopf_lost_goes_with_the_next_list(world: World) -> None:
    world.api.put(MAINTENANCES, "rack", nodes=["n1"])
    await world.until(lambda: bool(world.store.maintenances))
    del world.api.objects[f"{MAINTENANCES}/rack"]
    world.feeds.look_again()
    await world.until(lambda: not world.store.maintenances)


async def test_an_api_server_that_fails_takes_nothing_away(world: World) -> None:
    world.api.put(MAINTENANCES, "rack", nodes=["n1"])
    await world.until(lambda: world.feeds.filled)
    world.api.fail("LIST", 403, times=3)
    await world.feeds.renewed()
    assert set(world.store.maintenances) == {"rack"}
    assert not world.api.faults


async def test_after_a_list_drained_nodes_are_looked_at_again(world: World) -> None:
    await world.until(lambda: world.feeds.filled)
    world.store.drained = {"n1": "key"}
    world.feeds.look_again()
    await world.until(lambda: not world.store.drained)


async def test_what_cannot_be_read_hides_no_other(world: World) -> None:
    world.api.put(MAINTENANCES, "bad", nodes=["n1"])
    world.api.objects[f"{MAINTENANCES}/bad"]["metadata"]["resourceVersion"] = "no number"
    world.api.put(MAINTENANCES, "rack", nodes=["n1"])
    await world.until(lambda: "rack" in world.store.maintenances)
