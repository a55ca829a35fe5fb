"""What fills the store: it ends up as the API server has it, whatever was missed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

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


async def test_a_job_that_kopf_lost_goes_with_the_next_list() -> None:
    shop = Shop()
    job = shop.job()
    listed = [job]

    async def every(*_: object, **__: object) -> AsyncIterator[Object]:
        for raw in listed:
            yield raw

    shop.api.list = every
    feeds = Feeds(shop.api, shop.store, ["ns"])
    await feeds.list_jobs()
    assert shop.store.entries[KEY].uid == "j1"
    listed.clear()
    await feeds.list_jobs()
    assert KEY not in shop.store.entries


async def test_kopf_starts_when_all_has_been_listed_once() -> None:
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
