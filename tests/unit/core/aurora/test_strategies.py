"""The strategies' tests on pods; the sums are in tests/unit/core/rollout/test_strategy.py."""

from __future__ import annotations

import pytest

from hack.harness.manifests import batch, queue, variable_batch
from tests.unit.core.aurora.stage import NEW, Stage


def assert_groups(stage: Stage, groups: list[set[int]], back: bool = False) -> None:
    """These were the groups, and no pod was touched before its group."""
    assert stage.groups(back) == groups
    touched = iter(stage.touched(back))
    assert [{next(touched) for _ in group} for group in groups] == groups


def test_queue_fills_queue(stage: Stage) -> None:
    """testFillsQueue, testNonContiguous, testActiveTooLarge: a window, whoever is done first."""
    stage.begin(6, strategy=queue(3))
    stage.start(NEW)
    stage.expect("RF", {0: "U", 1: "U", 2: "U"})
    stage.play(1, "K,A,S,R,W")
    stage.expect("RF", {0: "U", 1: "U D", 2: "U", 3: "U"})
    stage.play(3, "K,A,S,R,W")
    stage.expect("RF", {0: "U", 1: "U D", 2: "U", 3: "U D", 4: "U"})
    stage.run_to("DONE")
    touched = stage.touched()
    assert (set(touched[:3]), touched[3:]) == ({0, 1, 2}, [3, 4, 5])


def test_batch_waits_for_batch_completion(stage: Stage) -> None:
    """testExhausted as well: the last batch is what is left."""
    stage.begin(5, strategy=batch(2))
    stage.start(NEW)
    stage.run_to("DONE")
    assert_groups(stage, [{0, 1}, {2, 3}, {4}])


@pytest.mark.parametrize(
    ("sizes", "groups"),
    [
        pytest.param((3, 2, 1), [{0, 1, 2}, {3, 4}, {5}], id="decreasing"),
        pytest.param((1, 3, 2, 4), [{0}, {1, 2, 3}, {4, 5}, {6, 7, 8, 9}], id="see_saw"),
        pytest.param((1, 2), [{0}, {1, 2}, {3, 4}, {5, 6}, {7}], id="more_than_the_sum"),
    ],
)
def test_variable_batch(stage: Stage, sizes: tuple[int, ...], groups: list[set[int]]) -> None:
    stage.begin(sum(map(len, groups)), strategy=variable_batch(*sizes))
    stage.start(NEW)
    stage.run_to("DONE")
    assert_groups(stage, groups)


@pytest.mark.parametrize(
    ("sizes", "count", "turn", "forward", "back"),
    [
        pytest.param(
            (1, 2, 3), 6, 5, [{0}, {1, 2}, {3, 4, 5}], [{3, 4, 5}, {1, 2}, {0}], id="rollback"
        ),
        pytest.param((1, 2, 3), 6, 2, [{0}, {1, 2}], [{1, 2}, {0}], id="mid_way"),
        pytest.param(
            (1, 2),
            7,
            6,
            [{0}, {1, 2}, {3, 4}, {5, 6}],
            [{5, 6}, {3, 4}, {1, 2}, {0}],
            id="overflow",
        ),
    ],
)
def test_variable_batch_back(
    stage: Stage,
    sizes: tuple[int, ...],
    count: int,
    turn: int,
    forward: list[set[int]],
    back: list[set[int]],
) -> None:
    """It turns while the group of ``turn`` is down: testRollback, testRollbackMidWay,
    testRollbackOverflow."""
    stage.begin(count, strategy=variable_batch(*sizes))
    stage.start(NEW)
    stage.run_up_to(turn)
    stage.rollback()
    stage.expect("RBK")
    stage.run_to("UNDONE")
    assert_groups(stage, forward)
    assert_groups(stage, back, back=True)
