"""What pages read on demand: how often, how much of it, and for how long it is kept."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from controller.kube.errors import NotFound, ServerError
from controller.ui import reads as module
from controller.ui.reads import Reads
from tests.unit.ui.conftest import Setting
from tests.unit.ui.fakes import FakeClient, Object
from tests.unit.ui.objects import condition, job, meta, pod, put


class World:
    def __init__(self) -> None:
        self.now = 0.0
        self.api = FakeClient()
        client: Any = self.api
        self.reads = Reads(client, clock=lambda: self.now)

    @property
    def kept(self) -> int:
        return len(self.reads._kept)


@pytest.fixture
def world() -> World:
    return World()


def stranger(name: str = "dns-1", namespace: str = "kube-system") -> Object:
    return {"metadata": meta(name, namespace), "spec": {"x": "y" * 10_000}}


async def test_it_is_read_once_for_all_who_wait_and_again_when_it_is_old(world: World) -> None:
    await asyncio.gather(*(world.reads.node("n1") for _ in range(20)))
    assert len(world.api.asked) == 1
    world.now = 4.0
    await world.reads.node("n1")
    assert len(world.api.asked) == 1
    world.now = 4.1
    await world.reads.node("n1")
    assert len(world.api.asked) == 2


async def test_templates_are_read_once_for_long_unless_one_is_missing(world: World) -> None:
    def revision(name: str) -> Object:
        return {"metadata": meta(name, "shop"), "data": {"spec": {"of": name}}}

    world.api.lists["controllerrevisions"] = [revision("web-a"), revision("web-b")]
    for now in (0.0, 10.0, 299.0):
        world.now = now
        found = await world.reads.templates("shop", "web", ("web-a", "web-b"))
        assert found == {name: {"spec": {"of": name}} for name in ("web-a", "web-b")}
    assert len(world.api.asked) == 1
    assert await world.reads.templates("shop", "web", ("web-b", "web-c")) == {
        "web-b": {"spec": {"of": "web-b"}}
    }
    world.api.lists["controllerrevisions"].append(revision("web-c"))
    world.now += 5.0
    assert len(await world.reads.templates("shop", "web", ("web-b", "web-c"))) == 2


async def test_what_is_old_is_not_kept(world: World) -> None:
    for number in range(60):
        world.now = number * 5.0
        await world.reads.pod("shop", f"web-{number}")
    assert world.kept == 1


async def test_an_error_is_not_kept(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object) -> Object:
        raise ServerError(500, "", "")

    with monkeypatch.context() as patched:
        patched.setattr(world.api, "get", broken)
        for _ in range(2):
            with pytest.raises(ServerError):
                await world.reads.node("n1")
    assert await world.reads.node("n1") is None


async def test_what_is_still_being_read_is_not_read_twice(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    go, asked = asyncio.Event(), []

    async def slow(_resource: Any, _namespace: None, name: str) -> Object:
        asked.append(name)
        await go.wait()
        raise NotFound(404, "NotFound", "")

    monkeypatch.setattr(world.api, "get", slow)
    first = asyncio.create_task(world.reads.node("n1"))
    await asyncio.sleep(0)
    world.now = 60.0
    second = asyncio.create_task(world.reads.node("n1"))
    await asyncio.sleep(0)
    go.set()
    assert await first is await second is None
    assert asked == ["n1"]


async def test_of_the_pods_on_a_node_rows_are_kept_for_longer(world: World) -> None:
    world.api.lists["pods"] = [stranger(), pod(0), stranger("api-1", "a")]
    found = await world.reads.beside("n1", ())
    assert [(each.namespace, each.name) for each in found] == [
        ("a", "api-1"),
        ("kube-system", "dns-1"),
    ]
    world.now = 29.0
    assert await world.reads.beside("n1", ()) is found
    assert len(world.api.asked) == 1
    world.now = 31.0
    await world.reads.beside("n1", ())
    assert len(world.api.asked) == 2


async def test_only_so_many_events_are_read(world: World) -> None:
    world.api.lists["events"] = [{"metadata": {"name": str(i)}} for i in range(2000)]
    found = await world.reads.events("shop", "Pod", "web-0")
    assert len(found) == module.MAX_EVENTS


async def test_pods_are_not_looked_for_on_nodes_that_are_none(page: Setting) -> None:
    put(page.store, job(), pod(0))
    for number in range(20):
        for path in (f"/nodes/x{number}", f"/live/nodes/x{number}"):
            assert (await page.get(path))[0] == 404
    assert not [each for each in page.api.asked if each.startswith("list")]
    assert page.hub.streams.total() == 0


async def test_a_stream_of_a_node_says_no_more_than_its_page(page: Setting) -> None:
    node = {"metadata": {"name": "n2"}, "status": {"conditions": [condition("Ready")]}}
    page.api.objects["nodes", "", "n2"] = node
    put(page.store, job(), pod(0), job(namespace="secret"), pod(0, namespace="secret", node="n3"))
    async with page.client.get("/live/nodes/n2") as response:
        assert response.status == 200
    # He may read no nodes, and sees those alone on which he sees instances.
    page.viewer.denied = {"secret", "get nodes"}
    for name, status in (("n1", 200), ("n2", 404), ("n3", 404), ("x", 404)):
        assert (await page.get(f"/nodes/{name}"))[0] == status
        async with page.client.get(f"/live/nodes/{name}") as response:
            assert response.status == status
