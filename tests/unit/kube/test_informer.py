from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from controller.kube.client import Client
from controller.kube.codec import Codec
from controller.kube.informer import Informer
from controller.kube.resources import PODS
from tests.unit.kube.conftest import Clock, until
from tests.unit.kube.fake import FakeApi, Seen, Watch
from tests.unit.kube.mirror import Mirror, Running, Thing, read_event, read_page

ALL = "/api/v1/pods"


@pytest.fixture
def mirror() -> Mirror:
    return Mirror()


@pytest.fixture
async def running(client: Client, api: FakeApi, mirror: Mirror) -> AsyncIterator[Running]:
    for name in "abc":
        api.put(ALL, name)
    started = Running(client, mirror)
    await asyncio.wait_for(started.informer.synced.wait(), 60)
    yield started
    await started.stop()


async def opened(api: FakeApi) -> Watch:
    return await asyncio.wait_for(api.watches.get(), 60)


async def test_list_then_watch(running: Running, api: FakeApi, mirror: Mirror) -> None:
    assert mirror.said == ["put ns/a", "put ns/b", "put ns/c"]
    watch = await opened(api)
    listed = int(watch.query["resourceVersion"])
    watch.send("ADDED", api.put(ALL, "d"))
    watch.send("MODIFIED", api.put(ALL, "a"))
    watch.send("DELETED", api.put(ALL, "b"))
    await until(lambda: len(mirror.said) == 6)
    assert mirror.said[3:] == ["put ns/d", "put ns/a", "delete ns/b uid-b"]
    assert listed > 100
    assert len(running.informer) == 3
    assert running.informer.error is None


@pytest.mark.usefixtures("running")
async def test_a_cut_stream_goes_on_where_it_was(api: FakeApi, mirror: Mirror) -> None:
    watch = await opened(api)
    last = api.put(ALL, "d")
    watch.send("ADDED", last)
    await until(lambda: "ns/d" in mirror.view)
    watch.cut()
    again = await opened(api)
    assert again.query["resourceVersion"] == last["metadata"]["resourceVersion"]
    assert api.count("LIST") == 1
    again.send("BOOKMARK", {"metadata": {"resourceVersion": "99999"}})
    again.end()
    third = await opened(api)
    assert third.query["resourceVersion"] == "99999"
    assert api.count("LIST") == 1


@pytest.mark.usefixtures("running")
async def test_objects_deleted_during_the_gap_are_deleted(api: FakeApi, mirror: Mirror) -> None:
    watch = await opened(api)
    del api.objects[f"{ALL}/a"]
    api.put(ALL, "b", uid="another")
    watch.send("ERROR", {"kind": "Status", "code": 410, "reason": "Expired"})
    await opened(api)
    assert mirror.said[3:] == ["delete ns/b uid-b", "put ns/b", "delete ns/a uid-a"]
    assert set(mirror.view) == {"ns/b", "ns/c"}


@pytest.mark.usefixtures("running")
async def test_410_at_the_start_of_a_watch(api: FakeApi) -> None:
    watch = await opened(api)
    api.fail("WATCH", 410, reason="Expired")
    watch.end()
    await opened(api)
    assert api.count("LIST") == 2


@pytest.mark.usefixtures("running")
@pytest.mark.parametrize("status", [401, 403, 404, 429, 500, 503])
async def test_no_failure_deletes(api: FakeApi, mirror: Mirror, status: int) -> None:
    watch = await opened(api)
    api.objects.clear()
    api.put(ALL, "a")

    def refuse(_: Seen) -> web.Response:
        assert len(mirror.said) == 3
        return web.json_response({}, status=status)

    api.faults.extend([("LIST", refuse)] * 6)
    watch.send("ERROR", {"kind": "Status", "code": 410, "reason": "Expired"})
    await opened(api)
    assert api.faults == []
    assert sorted(mirror.said[3:]) == ["delete ns/b uid-b", "delete ns/c uid-c", "put ns/a"]


async def test_an_empty_list_is_asked_for_again(
    running: Running, api: FakeApi, mirror: Mirror
) -> None:
    await opened(api)
    empty = {"metadata": {"resourceVersion": "7"}, "items": []}
    api.faults.append(("LIST", lambda _: web.json_response(empty)))
    await asyncio.wait_for(running.informer.resync(), 60)
    assert len(mirror.said) == 3
    assert api.count("LIST") == 3


async def test_a_list_that_is_empty_twice_is_believed(
    running: Running, api: FakeApi, mirror: Mirror
) -> None:
    api.objects = {}
    await asyncio.wait_for(running.informer.resync(), 60)
    assert mirror.view == {}
    assert api.count("LIST") == 3


async def test_a_list_without_a_version_is_not_believed(
    running: Running, api: FakeApi, mirror: Mirror
) -> None:
    malformed: dict[str, object] = {"metadata": {}, "items": []}
    api.faults.append(("LIST", lambda _: web.json_response(malformed)))
    api.faults.append(("LIST", lambda _: web.Response(text="<html>sign in</html>")))
    await asyncio.wait_for(running.informer.resync(), 60)
    assert len(mirror.view) == 3
    assert len(mirror.said) == 3
    assert len(running.pauses) == 2


async def test_half_a_list_deletes_nothing(running: Running, api: FakeApi, mirror: Mirror) -> None:
    api.page_size = 1

    def expire(_: Seen) -> web.Response:
        assert len(mirror.said) == 3
        return web.json_response({"reason": "Expired"}, status=410)

    def pass_on(seen: Seen) -> web.Response:
        return api._list(seen)

    api.faults.extend([("LIST", pass_on), ("LIST", expire)])
    await asyncio.wait_for(running.informer.resync(), 60)
    assert len(mirror.said) == 3
    assert set(mirror.view) == {"ns/a", "ns/b", "ns/c"}


async def test_pages_are_followed(client: Client, api: FakeApi, mirror: Mirror) -> None:
    api.page_size = 7
    for number in range(50):
        api.put(ALL, f"p{number}")
    started = Running(client, mirror)
    await asyncio.wait_for(started.informer.synced.wait(), 60)
    assert len(mirror.view) == 50
    assert api.count("LIST") == 8
    await started.stop()


async def test_resync_calls_back_only_for_differences(
    running: Running, api: FakeApi, mirror: Mirror
) -> None:
    await opened(api)
    api.put(ALL, "b")  # an event the watch never gets
    del api.objects[f"{ALL}/c"]
    await asyncio.wait_for(asyncio.gather(running.informer.resync(), running.informer.resync()), 60)
    assert mirror.said[3:] == ["put ns/b", "delete ns/c uid-c"]


async def test_resync_outlives_an_outage(running: Running, api: FakeApi, mirror: Mirror) -> None:
    await opened(api)
    api.fail("LIST", 500, times=5)
    del api.objects[f"{ALL}/c"]
    await asyncio.wait_for(running.informer.resync(), 60)
    assert mirror.said[3:] == ["delete ns/c uid-c"]
    assert len(running.pauses) == 5


async def test_back_off_grows_and_obeys_the_server(running: Running, api: FakeApi) -> None:
    watch = await opened(api)
    api.fail("WATCH", 500, times=9)
    watch.cut()
    watch = await opened(api)
    assert running.pauses[0] < 0.11
    assert 5 <= running.pauses[-1] <= 10
    await until(lambda: running.informer.error is None)
    watch.send("BOOKMARK", {"metadata": {"resourceVersion": "9999"}})
    api.fail("WATCH", 429, headers={"Retry-After": "17"})
    watch.end()
    await opened(api)
    assert running.pauses[-1] == 17


async def test_a_watch_that_ends_at_once_is_not_hammered(running: Running, api: FakeApi) -> None:
    for _ in range(5):
        (await opened(api)).end()
    await opened(api)
    assert len(running.pauses) == 5
    assert api.count("LIST") == 1


async def test_garbage_and_failing_callbacks_do_not_stop_it(
    running: Running, api: FakeApi, mirror: Mirror
) -> None:
    watch = await opened(api)
    watch.send_raw(b'{"type":"ADDED","object":{}}\n')
    watch.send("DELETED", {"metadata": {**api.put(ALL, "b")["metadata"], "uid": "never seen"}})
    watch.send("DELETED", api.put(ALL, "b"))  # known no more: not said twice
    watch.send("ADDED", api.put(ALL, "d"))
    await until(lambda: "ns/d" in mirror.view)
    assert mirror.said[3:] == ["delete ns/b uid-b", "put ns/d"]
    assert not running.task.done()


async def test_lag_is_work_without_a_pause(api: FakeApi, client: Client, clock: Clock) -> None:
    api.put(ALL, "a")
    mirror = Mirror()

    def slow(item: Thing) -> None:
        clock.pass_by(0.5)
        mirror.put(item)

    informer = Informer(
        client, PODS, codec=Codec(read_event, read_page), on_put=slow, on_delete=mirror.delete,
        clock=clock,
    )  # fmt: skip
    task = asyncio.create_task(informer.run())
    watch = await opened(api)
    lines = b"".join(
        json.dumps({"type": "MODIFIED", "object": api.put(ALL, "a")}).encode() + b"\n"
        for _ in range(6)
    )
    clock.pass_by(100)
    watch.send_raw(lines)
    await until(lambda: len(mirror.said) == 7)
    assert informer.lag == 3.0
    clock.pass_by(2)
    assert informer.lag == 0.0
    task.cancel()


async def test_one_stream_for_each_namespace(client: Client, api: FakeApi, mirror: Mirror) -> None:
    api.put("/api/v1/namespaces/one/pods", "a")
    started = Running(client, mirror, ("one", "two"))
    await asyncio.wait_for(started.informer.synced.wait(), 60)
    await opened(api)
    await opened(api)
    assert {seen.path for seen in api.seen} == {
        "/api/v1/namespaces/one/pods",
        "/api/v1/namespaces/two/pods",
    }
    await started.stop()


async def test_not_synced_while_refused(client: Client, api: FakeApi, mirror: Mirror) -> None:
    api.fail("LIST", 403, times=4, message="no list on pods")
    started = Running(client, mirror)
    await until(lambda: started.informer.error)
    assert "no list on pods" in (started.informer.error or "")
    assert not started.informer.synced.is_set()
    assert [(s.answered.is_set(), s.listed) for s in started.informer.streams] == [(True, False)]
    await asyncio.wait_for(started.informer.synced.wait(), 60)
    assert started.informer.error is None
    await started.stop()


async def test_a_stream_that_gets_no_answers_is_active(
    client: Client, api: FakeApi, mirror: Mirror, clock: Clock
) -> None:
    begun = clock()
    api.fail("LIST", 503, times=200)

    async def sleep(_: float) -> None:
        clock.pass_by(20)
        await asyncio.sleep(0.001)

    informer = Informer(
        client,
        PODS,
        codec=Codec(read_event, read_page),
        on_put=mirror.put,
        on_delete=mirror.delete,
        sleep=sleep,
        clock=clock,
    )
    task = asyncio.create_task(informer.run())
    await until(lambda: clock() > begun + 600)
    assert informer.last_contact == begun, "nothing was heard"
    assert clock() - informer.last_active <= 20, "and yet it is at work"
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
