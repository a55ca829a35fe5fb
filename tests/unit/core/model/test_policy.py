"""The policy of an Update: defaults, merging and rounding."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.api.policy import PolicyPatch, Replacement, StrategyType, UpdatePolicy
from controller.core.model.policy import max_unavailable, resolve


def policy(**fields: Any) -> UpdatePolicy:
    return UpdatePolicy.model_validate(fields)


def patch(**fields: Any) -> PolicyPatch:
    return PolicyPatch.model_validate(fields)


GATE = {"name": "up", "http": {"url": "http://example"}}


def test_defaults() -> None:
    found = resolve(UpdatePolicy(), None, 10)
    assert (found.strategy.type, found.strategy.groups) == (StrategyType.QUEUE, (1,))
    assert found.replacement is Replacement.RECREATE
    assert found.max_unavailable is None
    assert found.ready_timeout_seconds == 600
    assert found.max_failures_per_instance == 1
    assert found.max_failed_instances == 0
    assert found.rollback_on_failure is True
    assert found.gates == ()


def test_an_empty_patch_changes_nothing() -> None:
    job = policy(strategy={"type": "Batch", "size": 3}, maxFailedInstances=2, gates=[GATE])
    assert resolve(job, PolicyPatch(), 10) == resolve(job, None, 10)


def test_the_patch_wins_field_by_field() -> None:
    job = policy(maxFailuresPerInstance=4, readyTimeoutSeconds=60, maxUnavailable="10%")
    found = resolve(job, patch(readyTimeoutSeconds=0, rollbackOnFailure=False), 10)
    assert found.max_failures_per_instance == 4
    assert found.ready_timeout_seconds == 0
    assert found.rollback_on_failure is False
    assert found.max_unavailable == "10%"


def test_strategy_and_gates_replace_whole() -> None:
    job = policy(strategy={"type": "Batch", "size": 3, "autoPause": True}, gates=[GATE])
    found = resolve(job, patch(strategy={"type": "Batch", "size": 2}, gates=[]), 10)
    assert found.strategy.groups == (2,)
    assert found.strategy.auto_pause is False
    assert found.gates == ()


@pytest.mark.parametrize(
    ("strategy", "total", "groups"),
    [
        ({"type": "Queue"}, 10, (1,)),
        ({"type": "Queue", "size": 4}, 2, (4,)),
        ({"type": "Queue", "size": "25%"}, 10, (3,)),
        ({"type": "Batch", "size": "100%"}, 10, (10,)),
        ({"type": "Batch", "size": "1%"}, 10, (1,)),
        ({"type": "Batch", "size": "0%"}, 10, (1,)),
        ({"type": "Batch", "size": "50%"}, 0, (1,)),
        ({"type": "VariableBatch", "sizes": [1, 10, "25%"]}, 101, (1, 10, 26)),
        ({"type": "VariableBatch", "sizes": ["10%"]}, 10, (1,)),
    ],
)
def test_sizes_round_up_and_are_at_least_one(
    strategy: dict[str, Any], total: int, groups: tuple[int, ...]
) -> None:
    found = resolve(policy(strategy=strategy), None, total).strategy
    assert found.type == strategy["type"]
    assert found.groups == groups


@pytest.mark.parametrize(
    ("given_value", "total", "count"),
    [(0, 10, 0), (7, 3, 7), ("10%", 19, 1), ("10%", 9, 0), ("0%", 9, 0), ("100%", 9, 9)],
)
def test_tolerances_round_down(given_value: int | str, total: int, count: int) -> None:
    job = policy(maxFailedInstances=given_value)
    assert resolve(job, None, total).max_failed_instances == count


@pytest.mark.parametrize(
    ("value", "in_force", "bound"),
    [
        (None, 10, None),
        (3, 10, 3),
        (30, 10, 30),
        ("25%", 10, 2),
        ("1%", 10, 1),
        ("50%", 0, 1),
        ("100%", 10, 10),
    ],
)
def test_max_unavailable(value: int | str | None, in_force: int, bound: int | None) -> None:
    assert max_unavailable(value, in_force) == bound


@given(st.integers(0, 100), st.integers(0, 10_000))
def test_percentages_are_at_most_the_total(percent: int, total: int) -> None:
    text = f"{percent}%"
    found = resolve(
        policy(strategy={"type": "Batch", "size": text}, maxFailedInstances=text), None, total
    )
    (size,) = found.strategy.groups
    assert 1 <= size <= max(1, total)
    assert 0 <= found.max_failed_instances <= total
    assert found.max_failed_instances <= size <= max(1, found.max_failed_instances + 1)
