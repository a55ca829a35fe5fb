"""The work on some keys ends, because another process works on them from now on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from controller.kube.errors import NotHolderError
from controller.reconcile.entry import Key
from tests.unit.kube.conftest import until
from tests.unit.reconcile.fake_api import KEY, Shop

OTHER: Key = ("ns", "other")


class Held(Shop):
    """A worker whose reconciles last until the test lets them end."""

    def __init__(self) -> None:
        super().__init__()
        self.go = asyncio.Event()
        self.reconciled: list[Key] = []
        self.error: Exception | None = None
        self.results: list[str] = []
        self.worker.reconcile = self._reconcile  # type: ignore[method-assign]
        self.worker._observe = lambda _, result: self.results.append(result)
        self.tasks = [asyncio.create_task(self.worker.work()) for _ in range(2)]

    async def _reconcile(self, key: Key) -> bool:
        await self.go.wait()
        if self.error is not None:
            raise self.error
        self.reconciled.append(key)
        return False

    async def begun(self, *keys: Key) -> None:
        for key in keys:
            self.queue.add(key)
        await until(lambda: set(self.worker._in_work._workers) == set(keys))


async def ended(task: asyncio.Task[Any]) -> bool:
    await asyncio.sleep(0.05)
    return task.done()


def kept(*keys: Key) -> Callable[[Key], bool]:
    return lambda key: key in keys


async def test_it_waits_for_the_keys_in_work_that_are_not_kept() -> None:
    held = Held()
    await held.begun(KEY, OTHER)
    ending = asyncio.create_task(held.worker.end(kept(OTHER), 5.0))
    assert not await ended(ending)
    held.go.set()
    await asyncio.wait_for(ending, 60)
    assert sorted(held.reconciled) == sorted([KEY, OTHER])


async def test_keys_that_are_kept_are_not_waited_for() -> None:
    held = Held()
    await held.begun(OTHER)
    await asyncio.wait_for(held.worker.end(kept(OTHER), 3600.0), 60)
    assert set(held.worker._in_work._workers) == {OTHER}


async def test_what_takes_too_long_is_broken_off_and_its_worker_goes_on() -> None:
    held = Held()
    await held.begun(KEY)
    await asyncio.wait_for(held.worker.end(kept(), 0.05), 60)
    await until(lambda: not held.worker._in_work._workers)
    held.go.set()
    for key in (KEY, OTHER):
        held.queue.add(key)
    await until(lambda: sorted(held.reconciled) == sorted([KEY, OTHER]))
    assert not any(task.done() for task in held.tasks)
    assert held.queue.stuck_for() == 0


async def test_a_worker_can_still_be_cancelled() -> None:
    held = Held()
    await held.begun(KEY)
    for task in held.tasks:
        task.cancel()
    await asyncio.gather(*held.tasks, return_exceptions=True)
    assert all(task.cancelled() for task in held.tasks)


async def test_a_key_whose_lease_is_lost_is_not_tried_again() -> None:
    held = Held()
    held.error = NotHolderError()
    await held.begun(KEY)
    held.queue._accepts = kept()
    held.go.set()
    await until(lambda: held.results == ["lost"])
    assert held.queue._deadline == {}


async def test_a_write_while_the_lease_is_renewed_late_is_tried_again() -> None:
    """The shard is still at work, so nobody else adds the key again."""
    held = Held()
    held.error = NotHolderError()
    await held.begun(KEY)
    held.go.set()
    await until(lambda: held.results == ["lost"])
    assert KEY in held.queue._deadline
