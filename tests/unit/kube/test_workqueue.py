from __future__ import annotations

import asyncio
import random

import pytest

from controller.kube.workqueue import QueueClosed, WorkQueue
from tests.unit.kube.conftest import Clock


@pytest.fixture
def queue(clock: Clock) -> WorkQueue[str]:
    return WorkQueue(clock=clock, jitter=lambda: 1.0)


async def take(queue: WorkQueue[str]) -> str:
    return await asyncio.wait_for(queue.get(), 60)


async def test_a_key_is_in_it_once(queue: WorkQueue[str]) -> None:
    for key in "abab":
        queue.add(key)
    assert queue.depth == 2
    assert [await take(queue), await take(queue)] == ["a", "b"]
    assert queue.depth == 0


async def test_added_while_in_work_it_runs_once_more(queue: WorkQueue[str]) -> None:
    queue.add("a")
    await take(queue)
    queue.add("a")
    queue.add("a")
    assert queue.depth == 0, "nobody else may take it meanwhile"
    queue.done("a")
    assert await take(queue) == "a"
    queue.done("a")
    assert queue.depth == 0


async def test_the_earliest_moment_wins(queue: WorkQueue[str], clock: Clock) -> None:
    queue.add_at("a", clock() + 10)
    queue.add_at("a", clock() + 5)
    queue.add_at("a", clock() + 20)
    queue.promote()
    assert queue.depth == 0
    clock.pass_by(5)
    queue.promote()
    assert await take(queue) == "a"
    queue.done("a")
    clock.pass_by(60)
    queue.promote()
    assert queue.depth == 0, "replaced moments are forgotten"


async def test_a_moment_that_is_past_is_now(queue: WorkQueue[str], clock: Clock) -> None:
    queue.add_at("a", clock() - 1)
    assert queue.depth == 1


async def test_after_a_while_of_its_own_clock(queue: WorkQueue[str], clock: Clock) -> None:
    queue.add_after("a", 3.0)
    clock.now += 2.0
    queue.promote()
    assert queue.depth == 0
    clock.now += 1.0
    queue.promote()
    assert await queue.get() == "a"


async def test_its_own_timer_wakes_a_worker() -> None:
    loop = asyncio.get_running_loop()
    queue: WorkQueue[str] = WorkQueue(clock=loop.time)
    queue.add_at("late", loop.time() + 0.05)
    queue.add_at("soon", loop.time() + 0.01)
    assert [await take(queue), await take(queue)] == ["soon", "late"]


async def test_back_off_grows_to_its_limit_and_is_forgotten(queue: WorkQueue[str]) -> None:
    delays = [queue.retry("a") for _ in range(40)]
    assert delays[:4] == [0.05, 0.1, 0.2, 0.4]
    assert delays[-1] == 60.0
    queue.forget("a")
    assert queue.retry("a") == 0.05
    assert queue.retry("b") == 0.05, "each key has its own"


async def test_jitter_shortens_only(clock: Clock) -> None:
    queue: WorkQueue[str] = WorkQueue(clock=clock)
    assert all(0.025 <= queue.retry(str(n)) <= 0.05 for n in range(100))


async def test_the_oldest(queue: WorkQueue[str], clock: Clock) -> None:
    assert queue.oldest_age() == 0
    queue.add("a")
    clock.pass_by(3)
    queue.add("b")
    assert queue.oldest_age() == 3
    await take(queue)
    clock.pass_by(4)
    assert queue.oldest_age() == 4, "a worker that hangs is seen as well"
    queue.done("a")
    assert queue.oldest_age() == 4


async def test_close_ends_workers(queue: WorkQueue[str]) -> None:
    queue.add("in work")
    await take(queue)
    waiting = [asyncio.create_task(queue.get()) for _ in range(3)]
    await asyncio.sleep(0)
    queue.close()
    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert all(isinstance(result, QueueClosed) for result in results)
    queue.done("in work")
    queue.add("a")
    assert queue.depth == 0


async def test_a_cancelled_worker_loses_no_key(queue: WorkQueue[str]) -> None:
    first, second = asyncio.create_task(queue.get()), asyncio.create_task(queue.get())
    await asyncio.sleep(0)
    queue.add("a")  # wakes the first
    first.cancel()
    assert await asyncio.wait_for(second, 60) == "a"


async def test_never_two_workers_on_one_key_and_none_forgotten() -> None:
    """With many workers and random adds, each key is handled after its last add, never by two."""
    queue: WorkQueue[int] = WorkQueue()
    chance = random.Random(1)
    wanted = dict.fromkeys(range(20), 0)
    handled = dict.fromkeys(range(20), 0)
    busy: set[int] = set()

    async def work() -> None:
        while True:
            try:
                key = await queue.get()
            except QueueClosed:
                return
            assert key not in busy
            busy.add(key)
            seen = wanted[key]
            for _ in range(chance.randrange(4)):
                await asyncio.sleep(0)
            handled[key] = seen
            busy.discard(key)
            queue.done(key)

    workers = [asyncio.create_task(work()) for _ in range(5)]
    for _ in range(2000):
        key = chance.randrange(20)
        wanted[key] += 1
        queue.add(key)
        if chance.random() < 0.3:
            await asyncio.sleep(0)
    async with asyncio.timeout(60):
        while queue.depth or busy:  # noqa: ASYNC110
            await asyncio.sleep(0)
    assert handled == wanted
    queue.close()
    await asyncio.gather(*workers)


async def test_stuck_is_a_key_in_work_that_does_not_move(
    queue: WorkQueue[str], clock: Clock
) -> None:
    for key in "ab":
        queue.add(key)
    await take(queue)
    clock.pass_by(50)
    await take(queue)
    clock.pass_by(50)
    assert queue.stuck_for() == 100, "a: since it was taken"
    queue.step("a")
    assert queue.stuck_for() == 50, "b"
    queue.done("b")
    assert queue.stuck_for() == 0
    clock.pass_by(7)
    queue.done("a")
    assert queue.stuck_for() == 0


async def test_a_long_queue_is_not_stuck_while_workers_move(
    queue: WorkQueue[str], clock: Clock
) -> None:
    for key in "abc":
        queue.add(key)
    await take(queue)
    for _ in range(10):
        clock.pass_by(60)
        queue.step("a")
    assert queue.oldest_age() == 600
    assert queue.stuck_for() == 0
    queue.done("a")
    clock.pass_by(90)
    assert queue.stuck_for() == 90, "b waits, and nobody takes it"


@pytest.fixture
def calm(clock: Clock) -> WorkQueue[str]:
    return WorkQueue(gap=0.01, clock=clock, jitter=lambda: 1.0)


async def test_a_key_is_handled_again_only_after_the_gap(
    calm: WorkQueue[str], clock: Clock
) -> None:
    calm.add("a")
    assert await take(calm) == "a", "the first time at once"
    calm.add("a")
    calm.done("a")
    calm.add("a")
    calm.add("b")
    assert calm.depth == 1, "another key does not wait for it"
    assert await take(calm) == "b"
    clock.pass_by(0.009)
    calm.promote()
    assert calm.depth == 0
    clock.pass_by(0.001)
    calm.promote()
    assert await take(calm) == "a"
    calm.done("a")
    clock.pass_by(0.01)
    calm.add("a")
    assert calm.depth == 1, "a key that has rested does not wait"


async def test_an_earlier_time_does_not_shorten_the_gap(calm: WorkQueue[str], clock: Clock) -> None:
    calm.add("a")
    await take(calm)
    calm.done("a")
    calm.add_after("a", 0.002)
    calm.add("a")
    for _ in range(9):
        clock.pass_by(0.001)
        calm.promote()
        assert calm.depth == 0
    clock.pass_by(0.002)
    calm.promote()
    assert await take(calm) == "a"


@pytest.mark.parametrize("readings", range(1, 6))
async def test_no_key_is_lost_when_its_gap_ends_while_it_is_given_back(
    clock: Clock, readings: int
) -> None:
    """The clock passes the end of the gap after so many readings."""
    left: list[int] = []

    def moving() -> float:
        if left:
            left[0] -= 1
            if left[0] == 0:
                clock.pass_by(0.01)
        return clock()

    queue: WorkQueue[str] = WorkQueue(gap=0.01, clock=moving, jitter=lambda: 1.0)
    queue.add("a")
    await take(queue)
    queue.add("a")
    left.append(readings)
    queue.done("a")
    clock.pass_by(0.01)
    queue.promote()
    assert await take(queue) == "a"


async def test_what_it_notes_of_a_key_is_forgotten(calm: WorkQueue[str], clock: Clock) -> None:
    for number in range(100):
        calm.add(str(number))
        await take(calm)
        calm.done(str(number))
        clock.pass_by(0.01)
    assert len(calm._taken) <= 2
