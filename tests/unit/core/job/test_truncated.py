"""A Job whose status would be too large says what it lacks, and no longer when all of it fits."""

from __future__ import annotations

import dataclasses

import pytest

from controller.api.ended import EndCause, Ended
from controller.api.job import JobStatus
from controller.core.job import size_limit
from controller.core.job.status import with_conditions
from controller.core.model import conditions as cond
from controller.core.model.context import Context
from tests.unit.core.sim import World

ENDS = tuple(
    Ended(instance=n, ended_at=1e9 - n, cause=EndCause.DELETED, message="x" * 200) for n in range(9)
)


def told(world: World, status: JobStatus) -> JobStatus:
    """What the operator reports of a Job with this status whose pods have ended."""
    seen = world.operator.observe()
    job = seen.job.model_copy(update={"status": status})
    return with_conditions(
        Context(dataclasses.replace(seen, job=job, ended=ENDS), world.now), status
    )


def test_truncated_is_true_as_long_as_something_is_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World(instances=3).ready()
    whole = told(world, world.status)
    assert whole.ended == ENDS
    assert cond.find(whole.conditions, cond.TRUNCATED) is None, "it was never cut"
    monkeypatch.setattr(size_limit, "ROOM", 2000)
    cut = told(world, world.status)
    condition = cond.find(cut.conditions, cond.TRUNCATED)
    assert condition is not None
    assert (condition.status, condition.reason) == ("True", "TooLarge")
    assert 0 < len(cut.ended) < len(ENDS)
    assert f"only {len(cut.ended)} of 9 entries of ended" in condition.message
    assert (cut.ended, cut.assigned) == (ENDS[: len(cut.ended)], world.status.assigned)
    monkeypatch.undo()
    healed = told(world, cut)
    condition = cond.find(healed.conditions, cond.TRUNCATED)
    assert healed.ended == ENDS
    assert condition is not None
    assert condition.status == "False"
