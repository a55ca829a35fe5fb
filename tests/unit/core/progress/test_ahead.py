"""A quick Queue stores its next part before the last one has started as a whole."""

from __future__ import annotations

from typing import Any

import pytest

from controller.api.ids import Ids
from controller.api.update import Phase
from tests.unit.core.sim import World

QUEUE = {"type": "Queue", "size": 2}


def left_when_more_was_stored(policy: dict[str, Any]) -> list[int]:
    """An Update creates 120 instances, many a second. Returns how many ids of the group had no pod
    yet each time it grew."""
    world = World(instances=1, minReadySeconds=0, update=policy).ready()
    world.behave("app:2", ready=0.05)
    left: list[int] = []
    known = Ids()

    def look() -> None:
        nonlocal known
        world.operator.quiet_until.clear()  # What is stored ahead does not wait as reports do.
        batch = world.update.status.batch if world.cluster.updates else None
        if batch is None or not batch.instances - known:
            return
        if known:
            left.append(len(known - Ids(pod.instance for pod in world.cluster.pods.values())))
        known |= batch.instances

    world.after_step = look
    world.edit(image="app:2", instances=120)
    world.until_ended()
    assert world.phase is Phase.ROLLED_FORWARD
    return left


def test_a_quick_queue_never_runs_out() -> None:
    left = left_when_more_was_stored({"strategy": QUEUE})
    assert left, "the group grew"
    assert all(left[len(left) // 2 :]), "once the pace is known, some are left each time"


@pytest.mark.parametrize(
    "policy",
    [
        {"strategy": {"type": "Batch", "size": 2}},
        {"strategy": QUEUE, "gates": [{"name": "errors", "builtin": {}}]},
    ],
    ids=["batch", "gate"],
)
def test_a_group_that_something_decides_about_is_not_opened_ahead(policy: dict[str, Any]) -> None:
    left = left_when_more_was_stored(policy)
    assert left
    assert not any(left)
