"""When this process works, and what happens in between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from controller.kube.errors import NotHolderError
from controller.maintenance.leading import Leading


class World:
    """A Lease that a test gives and takes. ``said``: what happened, in order."""

    def __init__(self) -> None:
        self.surplus: frozenset[int] = frozenset()
        self.held, self.number = False, 0
        self.said: list[str] = []
        self.listing, self.ending = asyncio.Event(), asyncio.Event()
        self.listing.set()
        self.ending.set()
        self.leading = Leading(self, self._renew, lambda: self.said.append("begin"), self._end)

    def holds(self, _shard: int) -> bool:
        return self.held

    def term(self, _shard: int) -> int:
        return self.number

    async def give_up(self, _shard: int) -> None:
        self.said.append("give up")
        self.held, self.surplus = False, frozenset()

    async def _renew(self) -> None:
        self.said.append("list")
        await self.listing.wait()

    async def _end(self) -> None:
        self.said.append("end")
        await self.ending.wait()

    def get(self) -> None:
        self.held, self.number = True, self.number + 1
        self.leading.notice()

    def lose(self) -> None:
        self.held = False
        self.leading.notice()

    @property
    def may_write(self) -> bool:
        try:
            self.leading.check()
        except NotHolderError:
            return False
        return True


async def settled() -> None:
    """All tasks have gone as far as they can."""
    for _ in range(20):
        await asyncio.sleep(0)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    found = World()
    task = asyncio.create_task(found.leading.run())
    await settled()
    yield found
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_before_the_first_decision_everything_is_listed_again(world: World) -> None:
    assert (world.said, world.may_write) == ([], False)
    world.listing.clear()
    world.get()
    await settled()
    assert (world.said, world.may_write) == (["list"], False)
    world.listing.set()
    await settled()
    assert (world.said, world.may_write) == (["list", "begin"], True)
    assert world.leading.is_at_work


async def test_a_lease_lost_while_listing_begins_no_work(world: World) -> None:
    world.listing.clear()
    world.get()
    await settled()
    world.lose()
    world.listing.set()
    await settled()
    assert (world.said, world.may_write) == (["list"], False)


async def test_a_lease_that_was_lost_and_got_again_while_listing_is_another_term(
    world: World,
) -> None:
    world.listing.clear()
    world.get()
    await settled()
    world.lose()
    world.get()
    world.listing.set()
    await settled()
    assert world.said == ["list", "list", "begin"]


async def test_a_lost_lease_ends_the_writes_at_once_and_then_the_work(world: World) -> None:
    world.get()
    await settled()
    world.held = False  # By time alone: no news of it.
    assert not world.may_write
    world.ending.clear()
    world.leading.notice()
    await settled()
    assert world.said[-1] == "end"
    world.get()
    await settled()
    assert world.said.count("list") == 1, "the requests of the old term are still in flight"
    world.ending.set()
    await settled()
    assert world.said[-2:] == ["list", "begin"]


async def test_a_lease_is_given_up_when_the_work_has_ended(world: World) -> None:
    world.get()
    await settled()
    world.ending.clear()
    world.surplus = frozenset({0})
    world.leading.notice()
    await settled()
    assert (world.said[-1], world.may_write) == ("end", False)
    world.ending.set()
    await settled()
    assert world.said[-1] == "give up"
