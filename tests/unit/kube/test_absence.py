"""A list alone proves nothing about the objects that it lacks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from controller.kube.absence import AT_ONCE, gone
from controller.kube.client import Client
from controller.kube.errors import NotFound, ServerError
from controller.kube.resources import PODS
from tests.unit.kube.conftest import until
from tests.unit.kube.fake import FakeApi, Seen
from tests.unit.kube.mirror import Mirror, Running, Thing

IN = "/api/v1/namespaces/ns/pods"
ALL = "/api/v1/pods"


@pytest.fixture
def mirror() -> Mirror:
    return Mirror()


@pytest.fixture
async def running(client: Client, api: FakeApi, mirror: Mirror) -> AsyncIterator[Running]:
    for name in "abc":
        api.put(IN, name)
    started = Running(client, mirror, ("ns",), confirm=True)
    await asyncio.wait_for(started.informer.synced.wait(), 60)
    yield started
    await started.stop()


async def relist(running: Running) -> None:
    await asyncio.wait_for(running.informer.resync(), 60)


def without(api: FakeApi, *names: str) -> None:
    """The next two lists lack these objects."""

    def lie(seen: Seen) -> web.Response:
        kept = {path: api.objects.pop(path) for path in [f"{IN}/{name}" for name in names]}
        try:
            return api._list(seen)
        finally:
            api.objects |= kept

    api.faults.extend([("LIST", lie)] * 2)


@pytest.mark.parametrize("missing", ["abc", "ab", "c"])
async def test_an_empty_or_shrunken_list_deletes_nothing(
    running: Running, api: FakeApi, mirror: Mirror, missing: str
) -> None:
    without(api, *missing)
    await relist(running)
    assert len(mirror.said) == 3
    assert set(mirror.view) == {"ns/a", "ns/b", "ns/c"}
    assert len(running.informer) == 3, "their ends are still noticed"


async def test_what_is_gone_goes(running: Running, api: FakeApi, mirror: Mirror) -> None:
    del api.objects[f"{IN}/a"]
    without(api, "c")
    await relist(running)
    assert mirror.said[3:] == ["delete ns/a uid-a"]


def made(mirror: Mirror, name: str) -> None:
    """The receiver has learnt of an object from the answer to its create."""
    mirror.view[f"ns/{name}"] = Thing(f"ns/{name}", f"uid-{name}", "900")


async def test_what_no_watch_ever_showed_goes_too(
    running: Running, api: FakeApi, mirror: Mirror
) -> None:
    api.put(IN, "there")
    without(api, "there")
    for name in ("there", "gone"):
        made(mirror, name)
    mirror.view["elsewhere/x"] = Thing("elsewhere/x", "uid-x", "900")
    await relist(running)
    assert mirror.said[3:] == ["delete ns/gone uid-gone"]
    assert set(mirror.view) == {"ns/a", "ns/b", "ns/c", "ns/there", "elsewhere/x"}


async def test_what_may_never_have_had_the_label_is_not_gone_without_it(
    client: Client, api: FakeApi
) -> None:
    api.put(IN, "a")
    missing = {"ns/a": "uid-a"}
    parts = [part async for part in gone(client, PODS, missing, "app", {"ns/a"})]
    assert parts == [set()]
    parts = [part async for part in gone(client, PODS, missing, "app")]
    assert parts == [{"ns/a"}]


@pytest.mark.usefixtures("running")
async def test_the_watch_may_tell_first_of_an_end(api: FakeApi, mirror: Mirror) -> None:
    """A pod deleted with a grace period of 0 has no event between its creation and its end."""
    made(mirror, "x")
    (await asyncio.wait_for(api.watches.get(), 60)).send("DELETED", api.put(IN, "x"))
    await until(lambda: mirror.said[3:] == ["delete ns/x uid-x"])


async def test_after_a_wrong_list_the_watch_still_ends_an_object(
    running: Running, api: FakeApi, mirror: Mirror
) -> None:
    await api.watches.get()
    without(api, "a")
    await relist(running)
    (await asyncio.wait_for(api.watches.get(), 60)).send("DELETED", api.put(IN, "a"))
    await until(lambda: mirror.said[3:] == ["delete ns/a uid-a"])


@pytest.mark.parametrize("status", [401, 403, 404, 500])
async def test_a_get_without_an_answer_proves_nothing(
    running: Running, api: FakeApi, mirror: Mirror, status: int
) -> None:
    """404 here is one without a Status: of a proxy, or of an API server that just starts."""
    without(api, "a")
    # The client repeats a request once that is answered with 401.
    api.fail("GET", status, times=2 if status == 401 else 1)
    await relist(running)
    assert len(mirror.said) == 3
    assert running.pauses, "the list was asked for again"


async def test_an_old_cache_brings_nothing_back(
    running: Running, api: FakeApi, mirror: Mirror
) -> None:
    """The list of an old cache has the predecessor of a pod, and the watch from there its end."""
    old = api.objects[f"{IN}/a"]
    await api.watches.get()
    api.put(IN, "a", uid="successor")
    await relist(running)
    assert mirror.said[3:] == ["delete ns/a uid-a", "put ns/a"]
    await asyncio.wait_for(api.watches.get(), 60)
    stale = {"metadata": {"resourceVersion": "5"}, "items": [old]}
    api.faults.append(("LIST", lambda _: web.json_response(stale)))
    await relist(running)
    watch = await asyncio.wait_for(api.watches.get(), 60)
    watch.send("DELETED", old)
    watch.send("ADDED", api.put(IN, "d"))
    await until(lambda: "ns/d" in mirror.view)
    assert mirror.said[5:] == ["put ns/d"]


class Failing(Client):
    """Every object is gone, and the API server does not answer about one of them."""

    def __init__(self, silent: str) -> None:
        self.silent = silent

    async def get(self, *where: Any, **_: Any) -> Any:
        if where[-1] == self.silent:
            raise ServerError(500, "InternalError", "not now")
        raise NotFound(404, "NotFound", "not there")


async def test_what_is_proved_before_a_failure_stays_proved() -> None:
    """Else ten thousand proofs would never come to an end."""
    missing, proved = {f"ns/{n}": "u" for n in range(2 * AT_ONCE)}, set[str]()
    parts = gone(Failing(str(AT_ONCE + 1)), PODS, missing)
    proved |= await anext(parts)
    with pytest.raises(ServerError):
        await anext(parts)
    assert proved == {f"ns/{n}" for n in range(AT_ONCE)}
