"""The real reconciler over a simulated API server that is in trouble."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from controller.core.model import plan
from tests.unit.core.sim.telling import outcome, same_end
from tests.unit.core.test_crashes import POLICY, scaled
from tests.unit.reconcile.fake_api import Shop
from tests.unit.reconcile.sim import ShellWorld

Make = Callable[..., ShellWorld]


def rolled_back(world: ShellWorld) -> None:
    """However late an answer is, one instance never becomes Ready."""
    world.behave("app:2", instance=1, ready=None)
    world.ready().edit(image="app:2")
    world.run(400)
    assert world.phase == "RolledBack", world.phase


@pytest.mark.parametrize("fate", ["crash", "lost", "late", "silent", "twice", "409", "503", "504"])
@pytest.mark.parametrize("story", [rolled_back, scaled])
def test_any_write_goes_wrong(make_world: Make, story: Callable[..., None], fate: str) -> None:
    same_end(story, POLICY, fate, every=23, ending=outcome, make=make_world)


def test_an_outage_costs_few_requests_and_loses_nothing(make_world: Make) -> None:
    world = make_world(instances=3).ready()
    world.cluster.fate = world.network.read_fate = "down"
    world.cluster.watches.cut()
    world.edit(image="app:2")
    tried = 0
    fate = world.network.fate

    def counted(asked: object) -> str:
        nonlocal tried
        tried += 1
        return fate(asked)

    world.network.fate = counted
    world.run(timedelta(minutes=1).total_seconds())
    assert 0 < tried < 120, "each of four watches backs off to 10 seconds"
    world.cluster.fate = world.network.read_fate = "ok"
    world.until_phase("RolledForward")
    assert world.images() == dict.fromkeys(range(3), "app:2")
    assert list(world.cluster.updates) == ["web-g2"]


async def test_a_decision_that_never_settles_is_an_error() -> None:
    shop = Shop()
    shop.job()
    shop.worker._decide = lambda *_: plan.Plan(write=plan.ReadJob())
    with pytest.raises(RuntimeError, match="more than 50 writes in a row"):
        await shop.reconcile()
