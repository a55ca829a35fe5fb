"""Answers are asked for once, believed for a while, and outlive a short outage."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from controller.kube.errors import ServerError
from controller.ui.believed import Believed


class World:
    """A clock and an API server that answers, or does not."""

    def __init__(self) -> None:
        self.now = 0.0
        self.asked = 0
        self.answer: bool | None = True
        self.believed = Believed[str, bool](
            lambda found: 60.0 if found else 5.0, grace=300.0, most=3, clock=lambda: self.now
        )

    async def ask(self) -> bool:
        self.asked += 1
        await asyncio.sleep(0)
        if self.answer is None:
            raise ServerError(500, "", "")
        return self.answer

    async def get(self, key: str = "a") -> bool:
        return await self.believed.get(key, self.ask)


@pytest.fixture
def world() -> World:
    return World()


async def test_it_is_asked_once_for_all_who_wait(world: World) -> None:
    assert await asyncio.gather(*(world.get() for _ in range(20))) == [True] * 20
    assert world.asked == 1
    world.now = 59.0
    assert await world.get()
    assert world.asked == 1


async def test_an_old_answer_is_asked_for_again(world: World) -> None:
    assert await world.get()
    world.now, world.answer = 60.0, False
    assert not await world.get()
    world.now, world.answer = 64.0, True
    assert not await world.get(), "a no is believed for 5 seconds"
    world.now = 65.0
    assert await world.get()


async def test_without_a_last_answer_an_error_is_raised_and_forgotten(world: World) -> None:
    world.answer = None
    for result in await asyncio.gather(world.get(), world.get(), return_exceptions=True):
        assert isinstance(result, ServerError)
    assert (world.asked, len(world.believed)) == (1, 0)
    world.answer = True
    assert await world.get()


async def test_a_short_outage_changes_nothing_a_long_one_ends_it(world: World) -> None:
    assert await world.get()
    world.now, world.answer = 61.0, None
    assert await asyncio.gather(world.get(), world.get()) == [True, True]
    assert world.asked == 2
    world.now = 65.0
    assert await world.get()
    assert world.asked == 2, "after an error it is asked again only after some seconds"
    world.now = 300.0
    assert await world.get()
    world.now = 306.0
    with pytest.raises(ServerError):
        await world.get()


async def test_a_refusal_after_an_outage_counts_at_once(world: World) -> None:
    assert await world.get()
    world.now, world.answer = 61.0, None
    assert await world.get()
    world.now, world.answer = 66.0, False
    assert not await world.get()


async def test_only_so_many_are_kept(world: World) -> None:
    for key in "abcd":
        await world.get(key)
    assert len(world.believed) == 3
    await world.get("b")
    assert world.asked == 4
    await world.get("a")
    assert world.asked == 5


async def test_what_is_known_is_told_without_asking(world: World) -> None:
    known: Callable[..., bool | None] = world.believed.known
    assert known("a") is None
    await world.get()
    assert known("a") is True
    world.now = 61.0
    assert known("a") is None
    assert known("a", old=True) is True


async def test_who_leaves_does_not_end_the_question_of_others(world: World) -> None:
    first = asyncio.ensure_future(world.get())
    second = asyncio.ensure_future(world.get())
    await asyncio.sleep(0)
    first.cancel()
    assert await second
    assert world.asked == 1
