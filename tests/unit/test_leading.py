"""Shards come, are worked on after a new list, and go, while others go on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from controller.kube.workqueue import WorkQueue
from controller.leading import Leading
from controller.reconcile.entry import Entry, Key
from controller.reconcile.ownership import Shards
from tests.unit.kube.conftest import until

#: With three shards, one key of each of them.
KEYS: list[Key] = [("ns", name) for name in ("a", "b", "c")]


class Elections:
    """The elector, as the test sets it."""

    def __init__(self) -> None:
        self.held: set[int] = set()
        self.terms = [0, 0, 0]
        self.surplus: frozenset[int] = frozenset()
        self.given_up: list[int] = []

    def get(self, *shards: int) -> None:
        for shard in shards:
            self.held.add(shard)
            self.terms[shard] += 1

    def holds(self, shard: int) -> bool:
        return shard in self.held

    def term(self, shard: int) -> int:
        return self.terms[shard]

    looked = True
    #: Since when nobody else could act on a shard.
    free = float("inf")

    def free_since(self, _: int) -> float:
        return self.free

    def is_member(self) -> bool:
        return True

    async def give_up(self, shard: int) -> None:
        self.given_up.append(shard)
        self.held.discard(shard)
        self.surplus -= {shard}


class Lists:
    """The feeds: a list ends when the test lets it."""

    def __init__(self) -> None:
        self.begun = 0
        self.go = asyncio.Event()
        self.go.set()

    def listed_since(self, moment: float) -> bool:
        return moment <= 100.0

    async def renewed(self) -> None:
        self.begun += 1
        await self.go.wait()


class Work:
    """The reconciler: it notes the keys, and ends when the test lets it."""

    def __init__(self, queue: WorkQueue[Key]) -> None:
        self.queue = queue
        self.done: list[Key] = []
        self.ended: list[set[Key]] = []
        self.end_now = asyncio.Event()
        self.end_now.set()
        self.broken: Exception | None = None

    async def work(self) -> None:
        while True:
            key = await self.queue.get()
            if self.broken is not None:
                raise self.broken
            self.done.append(key)
            self.queue.done(key)

    async def end(self, kept: Callable[[Key], bool], seconds: float) -> None:
        assert seconds > 0
        self.ended.append({key for key in KEYS if not kept(key)})
        await self.end_now.wait()


class Stock:
    def __init__(self) -> None:
        self.entries = {key: Entry(key) for key in KEYS}

    def jobs(self) -> list[Key]:
        return KEYS


class Stage:
    def __init__(self) -> None:
        self.elections, self.lists = Elections(), Lists()
        shards = Shards(3, self.elections, lambda _: "")
        self.at: dict[Key, int] = {key: shards.shard(key) for key in KEYS}
        self.shards = shards
        self.queue = WorkQueue[Key](accepts=shards.accepts)
        self.work = Work(self.queue)
        self.leading = Leading(
            self.elections,  # type: ignore[arg-type]
            shards,
            self.lists,  # type: ignore[arg-type]
            Stock(),  # type: ignore[arg-type]
            self.queue,
            self.work,  # type: ignore[arg-type]
            workers=2,
        )
        self.task = asyncio.create_task(self.leading.run())

    def of(self, *shards: int) -> list[Key]:
        return [key for key in KEYS if self.at[key] in shards]

    async def at_work(self, *shards: int) -> None:
        self.leading.notice()
        await until(lambda: self.shards.at_work == set(shards))


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    made = Stage()
    assert sorted(made.at.values()) == [0, 1, 2]
    yield made
    made.task.cancel()
    await asyncio.gather(made.task, return_exceptions=True)


async def test_keys_are_handled_after_a_list_that_began_after_the_lease(stage: Stage) -> None:
    stage.lists.go.clear()
    stage.elections.get(0, 1, 2)
    stage.leading.notice()
    await until(lambda: stage.lists.begun)
    await asyncio.sleep(0.01)
    assert stage.shards.at_work == set()
    assert stage.work.done == []
    stage.lists.go.set()
    await stage.at_work(0, 1, 2)
    await until(lambda: sorted(stage.work.done) == KEYS)
    assert stage.lists.begun == 1, "one list for all that came together"


@pytest.mark.parametrize(("free", "lists"), [(99.0, 0), (101.0, 1)])
async def test_a_list_that_began_when_nobody_else_could_act_any_more_is_enough(
    stage: Stage, free: float, lists: int
) -> None:
    stage.elections.free = free
    stage.elections.get(0)
    await stage.at_work(0)
    assert stage.lists.begun == lists


async def test_a_shard_that_comes_later_does_not_stop_the_others(stage: Stage) -> None:
    stage.elections.get(0)
    await stage.at_work(0)
    stage.lists.go.clear()
    stage.elections.get(1)
    stage.leading.notice()
    await until(lambda: stage.lists.begun == 2)
    stage.work.done.clear()
    for key in KEYS:
        stage.queue.add(key)
    await until(lambda: stage.work.done == stage.of(0))
    await asyncio.sleep(0.01)
    assert stage.work.done == stage.of(0)
    stage.lists.go.set()
    await stage.at_work(0, 1)
    assert stage.work.ended == []


async def test_a_list_that_had_begun_before_the_lease_is_not_enough(stage: Stage) -> None:
    stage.lists.go.clear()
    stage.elections.get(0)
    stage.leading.notice()
    await until(lambda: stage.lists.begun == 1)
    stage.elections.get(1)
    stage.leading.notice()
    await asyncio.sleep(0.01)
    stage.lists.go.set()
    await stage.at_work(0, 1)
    assert stage.lists.begun == 2


async def test_a_shard_that_is_lost_ends_alone(stage: Stage) -> None:
    stage.elections.get(0, 1, 2)
    await stage.at_work(0, 1, 2)
    for key in KEYS:
        stage.queue.add_after(key, 60)
    stage.elections.held.discard(1)
    await stage.at_work(0, 2)
    await until(lambda: stage.work.ended)
    assert stage.work.ended == [set(stage.of(1))]
    assert set(stage.queue._deadline) == set(stage.of(0, 2)), "its timers are forgotten"


async def test_a_shard_that_was_lost_and_got_again_at_once_is_listed_again(stage: Stage) -> None:
    stage.elections.get(0)
    await stage.at_work(0)
    stage.elections.get(0)  # A new term, before the main loop noticed the end of the first.
    stage.leading.notice()
    await until(lambda: stage.lists.begun == 2)
    await stage.at_work(0)
    assert len(stage.work.ended) == 1


async def test_a_shard_is_given_up_when_its_work_has_ended(stage: Stage) -> None:
    stage.elections.get(0, 1)
    await stage.at_work(0, 1)
    stage.work.end_now.clear()
    stage.elections.surplus = frozenset({1})
    await stage.at_work(0)
    await asyncio.sleep(0.01)
    assert stage.elections.given_up == []
    stage.work.end_now.set()
    await until(lambda: stage.elections.given_up == [1])
    stage.elections.get(1)
    await stage.at_work(0, 1)


async def test_at_the_end_all_work_ends_and_the_leases_are_still_held(stage: Stage) -> None:
    stage.elections.get(0, 2)
    await stage.at_work(0, 2)
    stage.leading.stop()
    await asyncio.wait_for(stage.task, 60)
    assert stage.shards.at_work == set()
    assert stage.elections.held == {0, 2}
    assert stage.elections.given_up == []
    assert len(stage.work.ended) == 2


async def test_it_ends_while_it_lists(stage: Stage) -> None:
    stage.lists.go.clear()
    stage.elections.get(0)
    stage.leading.notice()
    await until(lambda: stage.lists.begun)
    stage.leading.stop()
    await asyncio.wait_for(stage.task, 60)


async def test_a_fault_of_a_worker_ends_the_process(stage: Stage) -> None:
    stage.work.broken = RuntimeError("oh")
    stage.elections.get(0, 1, 2)
    stage.leading.notice()
    with pytest.raises(RuntimeError, match="oh"):
        await asyncio.wait_for(stage.task, 60)
