"""Group sizes: all of Aurora's QueueStrategyTest, BatchStrategyTest and
VariableBatchStrategyTest, and that groups cover every instance exactly once."""

from __future__ import annotations

from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.api.policy import StrategyType
from controller.core.rollout.strategy import group_sizes, next_group

QUEUE, BATCH, VARIABLE = StrategyType.QUEUE, StrategyType.BATCH, StrategyType.VARIABLE_BATCH

# (Aurora's test, kinds that it covers, sizes, pending ids, active ids, the next group)
ALL = (QUEUE, BATCH, VARIABLE)
BATCHES = (BATCH, VARIABLE)
CASES = [
    ("testNoWorkToDo", ALL, (2,), [], [0, 1], []),
    ("testNoWorkToDo", ALL, (2,), [], [], []),
    ("testFillsQueue", (QUEUE,), (3,), [0, 1, 2, 3, 4, 5], [], [0, 1, 2]),
    ("testFillsQueue", (QUEUE,), (3,), [2, 3, 4], [0, 1], [2]),
    ("testNonContiguous", (QUEUE,), (3,), [0, 1, 3, 5, 8], [], [0, 1, 3]),
    ("testNonContiguous", (QUEUE,), (3,), [5, 8], [3], [5, 8]),
    ("testExhausted", ALL, (3,), [0, 1, 2], [], [0, 1, 2]),
    ("testExhausted", ALL, (3,), [0, 1], [], [0, 1]),
    ("testExhausted", ALL, (3,), [1], [], [1]),
    ("testActiveTooLarge", ALL, (2,), [0, 1, 2], [3, 4, 5], []),
    ("testWaitForBatchCompletion", BATCHES, (2,), [2, 3], [0, 1], []),
    ("testWaitForBatchCompletion", BATCHES, (2,), [2, 3], [1], []),
    ("testWaitForBatchCompletion", BATCHES, (2,), [2, 3], [], [2, 3]),
    ("testBatchesIgnoreInstanceValues", BATCHES, (2,), [0, 1, 2, 3], [], [0, 1]),
    ("testBatchesIgnoreInstanceValues", BATCHES, (2,), [1, 2, 3], [], [1, 2]),
    ("testBatchesIgnoreInstanceValues", BATCHES, (2,), [2, 3], [], [2, 3]),
    ("testBatchesIgnoreInstanceValues", BATCHES, (2,), [3, 8], [], [3, 8]),
]


@pytest.mark.parametrize(
    ("kind", "sizes", "pending", "active", "group", "backward"),
    [
        pytest.param(kind, *case, back, id=f"{kind}-{name}-{case[1]}|{case[2]}-{back}")
        for name, kinds, *case in CASES
        for kind in kinds
        for back in (False, True)
        # Backward, an incomplete group comes first: see test_all_groups.
        if not (kind is VARIABLE and back and len(case[1]) % case[0][0])
        or len(case[1]) <= case[0][0]
    ],
)
def test_one_group(
    kind: StrategyType,
    sizes: tuple[int, ...],
    pending: list[int],
    active: list[int],
    group: list[int],
    backward: bool,
) -> None:
    count = next_group(kind, sizes, len(pending), len(active), taken=0, backward=backward)
    assert list(islice(pending, count)) == group


def groups_of_ids(sizes: tuple[int, ...], ids: list[int], backward: bool = False) -> list[set[int]]:
    """The ids of each group, as Aurora's tests write them."""
    order = iter(sorted(ids, reverse=backward))
    return [
        set(islice(order, size))
        for size in group_sizes(VARIABLE, sizes, len(ids), backward=backward)
    ]


@pytest.mark.parametrize(
    ("sizes", "total", "backward", "groups"),
    [
        pytest.param((1, 2, 3), 6, False, [{0}, {1, 2}, {3, 4, 5}], id="testIncreasingGroupSizes"),
        pytest.param((3, 2, 1), 6, False, [{0, 1, 2}, {3, 4}, {5}], id="testDecreasingGroupSizes"),
        pytest.param(
            (1, 3, 2, 4),
            10,
            False,
            [{0}, {1, 2, 3}, {4, 5}, {6, 7, 8, 9}],
            id="testSeeSawGroupSizes",
        ),
        pytest.param(
            (1, 2),
            10,
            False,
            [{0}, {1, 2}, {3, 4}, {5, 6}, {7, 8}, {9}],
            id="testMoreInstancesThanSumOfGroupSizes",
        ),
        pytest.param((1, 2, 3), 6, True, [{3, 4, 5}, {1, 2}, {0}], id="testRollback"),
        pytest.param((1, 2, 3), 3, True, [{1, 2}, {0}], id="testRollbackMidWay"),
        pytest.param((1, 2), 7, True, [{5, 6}, {3, 4}, {1, 2}, {0}], id="testRollbackOverflow"),
        pytest.param((1, 2), 6, True, [{5}, {3, 4}, {1, 2}, {0}], id="a partial group goes first"),
        pytest.param((3,), 7, True, [{6}, {3, 4, 5}, {0, 1, 2}], id="a repeated size, backward"),
    ],
)
def test_all_groups(
    sizes: tuple[int, ...], total: int, backward: bool, groups: list[set[int]]
) -> None:
    assert groups_of_ids(sizes, list(range(total)), backward) == groups


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("sizes", [(), (0,), (2, 0), (-1,)])
def test_bad_parameter(kind: StrategyType, sizes: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        next_group(kind, sizes, 3, 0, taken=0)


def test_a_batch_repeats_its_size() -> None:
    assert list(group_sizes(BATCH, (4,), 10)) == [4, 4, 2]


def test_a_queue_refills_one_by_one() -> None:
    assert next_group(QUEUE, (3,), 5, 2, taken=7) == 1


def test_a_group_begun_before_a_pause_is_not_made_smaller() -> None:
    # Aurora uses the whole size of the group that the last started instance belongs to.
    assert next_group(VARIABLE, (2, 4), 10, 0, taken=3) == 4


SIZES = st.lists(st.integers(1, 30), min_size=1, max_size=6).map(tuple)
KINDS = st.sampled_from(StrategyType)


@given(KINDS, SIZES, st.integers(0, 200), st.booleans())
def test_groups_cover_every_instance_once(
    kind: StrategyType, sizes: tuple[int, ...], total: int, backward: bool
) -> None:
    groups = list(group_sizes(kind, sizes, total, backward=backward))
    assert sum(groups) == total
    assert all(1 <= size <= max(sizes) for size in groups)


@given(SIZES, st.integers(0, 200))
def test_a_variable_batch_goes_back_through_the_same_groups(
    sizes: tuple[int, ...], total: int
) -> None:
    forward = list(group_sizes(VARIABLE, sizes, total))
    assert list(group_sizes(VARIABLE, sizes, total, backward=True)) == forward[::-1]


@given(KINDS, SIZES, st.integers(0, 99), st.integers(0, 99), st.integers(0, 99), st.booleans())
def test_never_more_than_pending_nor_than_the_size(
    kind: StrategyType,
    sizes: tuple[int, ...],
    pending: int,
    active: int,
    taken: int,
    backward: bool,
) -> None:
    count = next_group(kind, sizes, pending, active, taken=taken, backward=backward)
    assert 0 <= count <= pending
    if kind is QUEUE:
        assert count + active <= max(active, sizes[0])
    else:
        assert count <= max(sizes)
        assert not (active and count)
        assert active or not pending or count
