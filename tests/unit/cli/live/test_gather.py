"""The snapshots of an Update, from a small API server."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import Any

import pytest
from aiohttp import web

from controller.api.ids import Ids
from controller.cli import follow
from controller.cli.exits import CliError
from controller.cli.live import gather
from controller.cli.live.gather import Gathering
from controller.cli.live.snapshot import Snapshot
from controller.cli.live.sources import WINDOW, PodWindow
from controller.cli.session import Session
from tests.unit.cli.live import objects
from tests.unit.cli.live.objects import NEW, OLD, at
from tests.unit.kube.fake import FakeApi, Seen, Watch

Object = dict[str, Any]
GROUP = "/apis/echelon.dev/v1alpha1/namespaces/shop"
UPDATES = f"{GROUP}/updates"
EVENTS = "/apis/events.k8s.io/v1/namespaces/shop/events"
PODS = "/api/v1/namespaces/shop/pods"
REVISIONS = "/apis/apps/v1/namespaces/shop/controllerrevisions"


@pytest.fixture(autouse=True)
def _fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gather, "FRAME", 0.01)
    monkeypatch.setattr(gather, "TICK", 0.05)
    monkeypatch.setattr(follow, "FIRST_PAUSE", 0.05)
    monkeypatch.setattr(follow, "LONGEST_PAUSE", 0.1)


@pytest.fixture
def namespace() -> str:
    return "shop"


def store(api: FakeApi, path: str, name: str, body: Object) -> Object:
    """Store an object as the API server would have it. Returns it."""
    made = api.put(path, name)
    meta = {**body.get("metadata", {}), **made["metadata"], "namespace": "shop"}
    made |= {**body, "metadata": meta}
    return made


def store_update(api: FakeApi, version: int, **changes: Any) -> Object:
    raw = objects.update(**changes).model_dump(mode="json", by_alias=True, exclude_none=True)
    made = store(api, UPDATES, "web-g4", raw)
    made["metadata"] |= {"resourceVersion": str(version), "uid": "u1", "generation": 1}
    return made


@pytest.fixture
def shop(api: FakeApi) -> FakeApi:
    """An Update of four instances, of which instance 1 is in flight."""
    store_update(api, 900, instances=4, sets={"updated": "0", "updating": "1"})
    job = objects.job(4, "0-1").model_dump(mode="json", by_alias=True, exclude_none=True)
    store(api, f"{GROUP}/echelonjobs", "web", job)
    store(api, PODS, "web-1", objects.unready(1, 9))
    for revision, image in ((OLD, "web:1.0"), (NEW, "web:1.1")):
        template = {"spec": {"containers": [{"name": "web", "image": image}]}}
        store(api, REVISIONS, revision, {"data": template})
    about = {"kind": "Pod", "name": "web-1"}
    note = {"reason": "Unhealthy", "note": "probe failed", "eventTime": at(3), "type": "Warning"}
    store(api, EVENTS, "web-1.1", {**note, "regarding": about})
    store(api, EVENTS, "old.1", {**note, "regarding": about, "eventTime": at(9999)})
    return api


class Show:
    """The snapshots, one by one."""

    def __init__(self, session: Session, seconds: float | None = None) -> None:
        self._snapshots: AsyncGenerator[Snapshot] = Gathering(
            session, "web-g4", seconds
        ).snapshots()

    async def next(self) -> Snapshot:
        async with asyncio.timeout(60):
            return await anext(self._snapshots)

    async def until(self, test: Callable[[Snapshot], object]) -> Snapshot:
        async with asyncio.timeout(60):
            async for snapshot in self._snapshots:
                if test(snapshot):
                    return snapshot
        raise AssertionError("the snapshots ended")

    async def close(self) -> None:
        await self._snapshots.aclose()


@pytest.fixture
async def show(session: Session) -> AsyncIterator[Show]:
    made = Show(session)
    yield made
    await made.close()


async def watch_of_update(api: FakeApi) -> Watch:
    async with asyncio.timeout(60):
        while True:
            watch = await api.watches.get()
            if watch.query.get("fieldSelector") == "metadata.name=web-g4":
                return watch


async def test_the_first_snapshot_is_complete(shop: FakeApi, show: Show) -> None:
    first = await show.next()
    assert first.update.status.instances.updating == Ids([1])
    assert first.job is not None
    assert first.images == {OLD: ("web:1.0",), NEW: ("web:1.1",)}
    assert [pod["metadata"]["name"] for pod in first.pods] == ["web-1"]
    assert {event.message for event in first.events} == {"probe failed"}
    assert all(event.time == objects.NOW - 3 for event in first.events), "the old one is left out"
    assert shop.count("GET") == 3, "the Update and two revisions"


async def test_selectors(shop: FakeApi, show: Show) -> None:
    await show.next()
    asked: dict[str, list[str | None]] = defaultdict(list)
    for seen in shop.seen:
        if "limit" in seen.query:
            query = seen.query.get("labelSelector") or seen.query.get("fieldSelector")
            asked[seen.path.rpartition("/")[2]].append(query)
    assert asked["echelonjobs"] == ["metadata.name=web"]
    assert asked["pods"] == ["echelon.dev/job=web,echelon.dev/instance in (1,2,3)"]
    assert set(asked["events"]) == {
        "regarding.kind=Update,regarding.name=web-g4",
        "regarding.kind=Pod,type=Warning",
    }


async def test_it_moves_and_ends_with_the_update(shop: FakeApi, show: Show) -> None:
    await show.next()
    watch = await watch_of_update(shop)
    watch.send("MODIFIED", store_update(shop, 901, instances=4, sets={"updated": "0-1"}))
    await show.until(lambda snapshot: len(snapshot.update.status.instances.updated) == 2)
    watch.send("MODIFIED", store_update(shop, 902, phase="RolledForward", instances=4))
    last = await show.until(lambda snapshot: snapshot.update.status.phase == "RolledForward")
    assert last.update.status.phase == "RolledForward"
    with pytest.raises(StopAsyncIteration):
        await show.next()


async def test_the_clock_alone_makes_snapshots(shop: FakeApi, show: Show) -> None:
    first = await show.next()
    second = await show.next()
    assert second.now > first.now
    assert shop.count("GET") == 3, "images are read once"


async def test_an_update_that_has_ended_is_one_snapshot(shop: FakeApi, show: Show) -> None:
    store_update(shop, 950, phase="RolledBack", instances=4, sets={"failed": "1"})
    assert (await show.next()).update.status.phase == "RolledBack"
    with pytest.raises(StopAsyncIteration):
        await show.next()
    assert not any(seen.path == PODS for seen in shop.seen)


async def test_a_lost_connection_is_shown_until_it_is_back(shop: FakeApi, show: Show) -> None:
    await show.next()
    watch = await watch_of_update(shop)
    shop.fail("LIST", 503, 5, message="down")
    watch.cut()
    assert "lost" in (await show.until(lambda snapshot: snapshot.lost)).lost
    await show.until(lambda snapshot: not snapshot.lost)


async def test_missing_rights_leave_a_smaller_picture(
    shop: FakeApi, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = shop._answer

    def without_rights(verb: str, seen: Seen) -> web.Response:
        if seen.path in (PODS, EVENTS):
            return web.json_response({"reason": "Forbidden", "message": "no"}, status=403)
        return answer(verb, seen)

    monkeypatch.setattr(shop, "_answer", without_rights)
    show = Show(session)
    first = await show.next()
    assert first.unseen == ("pods", "Events")
    assert first.pods == ()
    assert first.job is not None
    await show.close()


async def test_a_deleted_update_ends_it(shop: FakeApi, show: Show) -> None:
    await show.next()
    watch = await watch_of_update(shop)
    watch.send("DELETED", shop.objects[f"{UPDATES}/web-g4"])
    with pytest.raises(CliError, match="was deleted"):
        await show.until(lambda _: False)


@pytest.mark.usefixtures("shop")
async def test_the_timeout(session: Session) -> None:
    show = Show(session, 0.6)
    with pytest.raises(CliError, match="have passed"):
        await show.until(lambda _: False)


def _is_log(seen: Seen) -> bool:
    return seen.path == f"{PODS}/web-1/log"


async def test_last_words(shop: FakeApi, show: Show, monkeypatch: pytest.MonkeyPatch) -> None:
    crashed = {"terminated": {"exitCode": 3}}
    waits = {"waiting": {"reason": "CrashLoopBackOff"}}
    status = [{"name": "web", "state": waits, "lastState": crashed, "restartCount": 1}]
    store(shop, PODS, "web-1", objects.pod(1, 9, containerStatuses=status))
    answer = shop._answer

    def with_log(verb: str, seen: Seen) -> web.Response:
        return web.Response(text="a\n\npanic\n") if _is_log(seen) else answer(verb, seen)

    monkeypatch.setattr(shop, "_answer", with_log)
    found = await show.until(lambda snapshot: snapshot.last_words)
    assert found.last_words == {1: ("a", "panic")}
    asked = [seen for seen in shop.seen if _is_log(seen)]
    assert len(asked) == 1
    assert asked[0].query["container"] == "web"


async def test_the_window_of_pods_moves_with_the_group(shop: FakeApi, session: Session) -> None:
    window = PodWindow(session, "web", lambda: None)
    await window.show(Ids([0, 1]), Ids.span(2, 200))
    await window.ready()
    assert window.ids == Ids.span(0, WINDOW)
    lists = shop.count("LIST")
    await window.show(Ids([40]), Ids.span(41, 200))
    assert shop.count("LIST") == lists, "these are known already"
    await window.show(Ids([70]), Ids.span(71, 200))
    assert window.pods, "the old ones are shown until the new ones are known"
    await window.ready()
    assert window.ids == Ids.span(70, 70 + WINDOW)
    await window.show(Ids.span(0, 500), Ids())
    await window.ready()
    assert window.ids == Ids.span(0, WINDOW), "of very many, the first ones"
    await window.close()
