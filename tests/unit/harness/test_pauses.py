"""The pauses after groups, as the versions of an Update show them."""

from __future__ import annotations

from typing import Any

import pytest

from hack.harness.pauses import faults

ENDS = "1970-01-01T00:01:00Z"


def update(index: int, phase: str = "RollingForward", reason: str = "", **status: Any) -> Any:
    batch = {"index": index, "instances": str(index), **status.pop("batch", {})}
    strategy = {"type": "Batch", "size": 1, **status.pop("strategy", {})}
    found = {"phase": phase, "reason": reason, "batch": batch, "policy": {"strategy": strategy}}
    return {"metadata": {"uid": "u"}, "status": {**found, "counts": {"pending": 1}, **status}}


def found(before: Any, at: float = 100.0) -> list[str]:
    return list(faults(update(1), before, at))


@pytest.mark.parametrize(
    ("strategy", "batch"),
    [
        ({}, {}),
        ({"pauses": [{"after": 2}]}, {}),
        ({"pauses": [{"after": 1}]}, {"released": True}),
        ({"pauses": [{"after": 1, "seconds": 9}]}, {"released": True, "pauseEndsAt": "9999-12-31"}),
        ({"pauses": [{"after": 1, "seconds": 9}]}, {"pauseEndsAt": ENDS}),
    ],
)
def test_a_group_that_may_follow(strategy: Any, batch: Any) -> None:
    assert found(update(0, strategy=strategy, batch=batch)) == []


@pytest.mark.parametrize(
    ("strategy", "batch", "words"),
    [
        ({"pauses": [{"after": 1}]}, {}, "without a resumeToken"),
        ({"autoPause": True}, {}, "without a resumeToken"),
        ({"pauses": [{"after": 1, "seconds": 9}]}, {}, "pause ends at None"),
        ({"pauses": [{"after": 1, "seconds": 9}]}, {"pauseEndsAt": ENDS}, f"ends at {ENDS}"),
    ],
)
def test_a_group_that_comes_too_early(strategy: Any, batch: Any, words: str) -> None:
    (fault,) = found(update(0, strategy=strategy, batch=batch), at=59.0)
    assert words in fault


def test_no_pause_after_the_last_group() -> None:
    before, pause = update(1), ("RollForwardPaused", "AutoPaused")
    assert list(faults(update(1, *pause), before, 0.0)) == []
    (fault,) = faults(update(1, *pause, counts={"pending": 0}), before, 0.0)
    assert "last group" in fault


def test_on_the_way_back_there_is_none() -> None:
    before = update(0, strategy={"autoPause": True})
    assert list(faults(update(1, "RollingBack"), before, 0.0)) == []
