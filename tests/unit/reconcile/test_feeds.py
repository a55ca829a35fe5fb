"""What fills the store: it ends up as the API server has it, whatever was missed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from controller.kube.client import Client
from controller.kube.errors import ApiError, Forbidden, NotFound, Unauthorized
from controller.reconcile.feeds import Feeds
from tests.unit.reconcile.fake_api import KEY, Object, Shop
from tests.unit.reconcile.sim import ShellWorld

Make = Callable[..., ShellWorld]


def test_what_went_while_no_watch_was_open_goes(make_world: Make) -> None:
    world = make_world(instances=3).ready()
    world.network.read_fate = "down"
    world.cluster.watches.cut(forget=True)
    world.run(0.0)
    gone = world.pod(1)
    world.cluster.remove_pod(gone)
    world.cluster.watches.cut(forget=True)
    world.network.read_fate = "ok"
    world.until(lambda: "web-1" in world.cluster.pods and world.pod(1).ready)
    assert world.pod(1).uid != gone.uid


def test_an_expired_version_is_listed_again(make_world: Make) -> None:
    world = make_world(instances=2).ready()
    world.late = {"pod"}
    world.kill(0)
    world.run(5)
    world.cluster.watches.cut(forget=True)
    assert world.cluster.pods.keys() == {"web-1"}, "the operator has heard nothing of that"
    world.until(lambda: "web-0" in world.cluster.pods and world.pod(0).ready)


def test_a_pod_that_only_its_create_told_of_and_that_went_is_made_again(make_world: Make) -> None:
    """No watch and no list ever showed it; the store must not keep it for ever."""
    world = make_world(instances=2).ready()
    world.late = {"pod"}
    world.edit(instances=3)
    world.run(5)
    first = world.pod(2)
    world.cluster.remove_pod(first)
    world.cluster.watches.cut(forget=True)
    world.late = set()
    world.until(lambda: "web-2" in world.cluster.pods and world.pod(2).ready)
    assert world.pod(2).uid != first.uid


def test_an_update_that_only_its_create_told_of_and_that_went_holds_no_lock(
    make_world: Make,
) -> None:
    world = make_world(instances=2).ready()
    world.late = {"update", "revision"}
    world.edit(image="app:2")
    world.run(5)
    (first,) = world.cluster.updates.values()
    assert world.cluster.job.status.active_update is not None
    world.cluster.user_delete_update(first.metadata.name)
    world.cluster.watches.cut(forget=True)
    world.late = set()
    world.until(lambda: world.cluster.job.status.active_update is None)
    world.roll("app:3")


class Listed(Shop):
    """A shop whose lists of Jobs a test gives."""

    def __init__(self) -> None:
        super().__init__()
        self.listed = [self.job()]
        self.api.list = self._every  # type: ignore[method-assign]
        self.feeds = Feeds(self.api, self.store, ["ns"])

    async def _every(self, *_: object, **__: object) -> AsyncIterator[Object]:
        for raw in self.listed:
            yield raw


async def test_a_job_that_kopf_lost_goes_with_the_next_list() -> None:
    shop = Listed()
    await shop.feeds.list_jobs()
    assert shop.store.entries[KEY].uid == "j1"
    shop.listed.clear()
    del shop.api.objects["echelonjobs", "web"]
    await shop.feeds.list_jobs()
    assert KEY not in shop.store.entries


async def test_it_tells_when_all_has_been_listed_once() -> None:
    shop, filled = Shop(), list[bool]()

    async def none(*_: object, **__: object) -> AsyncIterator[Object]:
        for raw in list[Object]():
            yield raw

    shop.api.list = none
    feeds = Feeds(shop.api, shop.store, ["ns"], on_filled=lambda: filled.append(feeds.synced))
    running = asyncio.create_task(feeds.run())
    first, *others = feeds.informers.values()
    for each in others:
        each.synced.set()
    while not feeds._jobs_listed.is_set():  # noqa: ASYNC110
        await asyncio.sleep(0)
    assert filled == []
    first.synced.set()
    for _ in range(5):
        await asyncio.sleep(0)
    assert filled == [True]
    assert not running.done()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_list_of_jobs_under_way_makes_way_for_a_newer_one() -> None:
    """Who gets the Lease needs a list that began later, and only that one."""
    shop, begun, ended = Shop(), list[int](), list[int]()

    async def slowly(*_: object, **__: object) -> AsyncIterator[Object]:
        number = len(begun)
        begun.append(number)
        await asyncio.sleep(3600 if number == 0 else 0)
        ended.append(number)
        for raw in list[Object]():
            yield raw

    shop.api.list = slowly
    feeds = Feeds(shop.api, shop.store, ["ns"])
    running = asyncio.create_task(feeds._list_jobs_for_ever())
    while not begun:  # noqa: ASYNC110
        await asyncio.sleep(0)
    await feeds._insist()
    assert (begun, ended) == ([0, 1], [1])
    assert not running.done()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_list_without_the_jobs_that_exist_drops_none_and_aborts_nothing() -> None:
    shop = Listed()
    await shop.reconcile()
    shop.update("web-g2", status={"phase": "RollingForward"})
    shop.listed.clear()
    before = shop.api.writes()
    for _ in range(2):
        await shop.feeds.list_jobs()
        await shop.reconcile()
    assert shop.store.entries[KEY].uid == "j1"
    assert [w for w in shop.api.writes() if w not in before and w[0] == "delete"] == []


@pytest.mark.parametrize("error", [Unauthorized(401), Forbidden(403), NotFound(404, "", "nothing")])
async def test_a_get_that_proves_nothing_drops_no_job(error: ApiError) -> None:
    """404 without a Status comes from a proxy, or from an API server that just starts."""
    shop = Listed()

    def refuse(verb: str, *_: str) -> None:
        if verb == "get":
            raise error

    shop.listed.clear()
    shop.api.before = refuse
    with pytest.raises(ApiError):
        await shop.feeds.list_jobs()
    assert shop.store.entries[KEY].uid == "j1"


async def test_after_a_first_list_without_jobs_an_active_update_is_not_aborted() -> None:
    shop = Shop()
    job = shop.job()
    shop.update("web-g2", status={"phase": "RollingForward"})
    shop.store.entries[KEY].job = None
    await shop.worker.reconcile(KEY)
    assert shop.status("updates", "web-g2")["phase"] == "RollingForward"
    assert shop.entry.uid == job["metadata"]["uid"], "it was read live"


async def test_without_a_job_an_active_update_is_aborted() -> None:
    shop = Shop()
    shop.job()
    shop.update("web-g2", status={"phase": "RollingForward"})
    shop.store.drop_job(KEY, "j1")
    del shop.api.objects["echelonjobs", "web"]
    await shop.worker.reconcile(KEY)
    assert shop.status("updates", "web-g2")["phase"] == "Aborted"


@pytest.mark.parametrize("odd", [b"<html>", b"{}", b"[]", b'{"items": [{}]}'])
async def test_an_answer_that_is_no_list_is_asked_for_again(odd: bytes) -> None:
    shop = Shop()
    shop.job()

    async def list_page(*_: object, **__: object) -> bytes:
        return odd

    shop.api.list_page = list_page
    shop.api.list = Client.list.__get__(shop.api)
    feeds = Feeds(shop.api, shop.store, ["ns"])
    await feeds._try_list()
    assert shop.store.entries[KEY].uid == "j1"


async def test_when_kopf_begins_to_watch_the_jobs_are_listed_again() -> None:
    """kopf never reports a Job that was deleted between the last list and its watch."""
    shop, listed = Shop(), [Shop().job()]

    async def every(*_: object, **__: object) -> AsyncIterator[Object]:
        for raw in list(listed):
            yield raw

    shop.api.list = every
    shop.api.objects.clear()
    feeds = Feeds(shop.api, shop.store, ["ns"])
    running = asyncio.create_task(feeds._list_jobs_for_ever())
    await asyncio.wait_for(feeds._jobs_listed.wait(), 60)
    assert KEY in shop.store.entries
    listed.clear()
    feeds.look_again()
    while KEY in shop.store.entries:  # noqa: ASYNC110
        await asyncio.sleep(0)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_what_cannot_be_followed_for_long_is_a_problem() -> None:
    shop, now = Shop(), [1000.0]
    feeds = Feeds(shop.api, shop.store, clock=lambda: now[0])
    assert feeds.problem(30) is None
    (stream,) = feeds.updates.streams
    stream.failures.failed(Forbidden(403, "Forbidden", "no"))
    now[0] += 31
    assert "cannot follow updates: 403" in (feeds.problem(30) or "")
    assert feeds.problem(60) is None
    stream.failures.succeeded()
    assert feeds.problem(30) is None


async def test_jobs_that_cannot_be_listed_for_long_are_a_problem() -> None:
    shop, now, refused = Shop(), [1000.0], [True]

    async def every(*_: object, **__: object) -> AsyncIterator[Object]:
        if refused:
            raise Forbidden(403, "Forbidden", "no")
        for raw in list[Object]():
            yield raw

    shop.api.list = every
    feeds = Feeds(shop.api, shop.store, clock=lambda: now[0])
    assert not await feeds._try_list()
    now[0] += 31
    assert "cannot list jobs: 403" in (feeds.problem(30) or "")
    refused.clear()
    assert await feeds._try_list()
    assert feeds.problem(30) is None


async def test_one_namespace_of_several_that_is_refused_is_no_problem() -> None:
    """It may have been deleted, and the operator's rights with it."""
    shop, now = Shop(), [1000.0]
    feeds = Feeds(shop.api, shop.store, ["one", "two"], clock=lambda: now[0])
    for stream in feeds.pods.streams:
        assert feeds.problem(30) is None
        stream.failures.failed(Forbidden(403, "Forbidden", "no"))
        now[0] += 31
    assert "cannot follow pods" in (feeds.problem(30) or "")


async def test_since_when_all_kinds_have_been_listed() -> None:
    shop = Listed()
    now = [1000.0]
    shop.feeds = feeds = Feeds(shop.api, shop.store, clock=lambda: now[0])
    for informer in feeds.informers.values():
        assert not feeds.listed_since(0)
        informer.streams[0].listed_at = 990.0
    assert not feeds.listed_since(0), "no Jobs yet"
    assert await feeds._try_list()
    assert feeds.listed_since(990)
    assert not feeds.listed_since(991)
