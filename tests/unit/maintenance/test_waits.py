"""Why Jobs do not move their instances, as their conditions say it."""

from __future__ import annotations

from typing import Any

import pytest

from controller.kube.errors import Forbidden, NotHolderError
from controller.maintenance.waits import EVERY, Waits
from tests.unit.maintenance.stub import Object, Stub

KEY = ("shop", "web")
WORDS = "18 of 20 instances count, 19 must (sla.minAvailable is 95%)"


def job(moves: bool = True) -> Object:
    conditions = [
        {"type": "Ready", "status": "True", "reason": "Ready", "message": "other"},
        {"type": "Moving", "status": str(moves), "reason": "SLA", "message": WORDS},
    ]
    return {"status": {"conditions": conditions}}


class World:
    def __init__(self) -> None:
        self.now = 1000.0
        self.stub = Stub()
        client: Any = self.stub
        self.waits = Waits(client, lambda: self.now)

    def answer(self, *answers: Any) -> None:
        self.stub.answers["echelonjobs"] += answers


@pytest.fixture
def world() -> World:
    return World()


async def test_the_words_of_a_job_that_is_held_are_kept_until_it_says_something_else(
    world: World,
) -> None:
    world.answer(job())
    assert await world.waits.look([KEY])
    assert world.waits.words == {KEY: WORDS}
    world.now += EVERY
    world.answer(job(), job(moves=False))
    assert not await world.waits.look([KEY])
    world.now += EVERY
    assert await world.waits.look([KEY])
    assert world.waits.words == {}


async def test_a_job_is_read_once_in_some_seconds(world: World) -> None:
    world.answer(job())
    await world.waits.look([KEY])
    world.now += EVERY / 2
    assert not await world.waits.look([KEY])
    assert world.waits.words == {KEY: WORDS}


async def test_of_jobs_that_are_not_asked_about_nothing_is_kept(world: World) -> None:
    world.answer(job())
    await world.waits.look([KEY])
    assert await world.waits.look([])
    assert world.waits.words == {}


async def test_a_job_that_cannot_be_read_says_nothing(world: World) -> None:
    world.answer(Forbidden(403, "Forbidden"))
    assert not await world.waits.look([KEY])
    world.now += EVERY
    world.answer({"metadata": {}})
    assert not await world.waits.look([KEY])


async def test_a_lost_lease_ends_the_work(world: World) -> None:
    world.answer(NotHolderError())
    with pytest.raises(NotHolderError):
        await world.waits.look([KEY])
