"""The order of instances: all of Aurora's UpdateFactoryImplTest, and what Echelon adds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.api.ids import NONE, Ids
from controller.core.rollout import order
from controller.core.rollout.diff import diff

Order = Callable[[Ids, Ids, Ids, Ids], Iterator[int]]
OLD, NEW = "job-old", "job-new"


def ordered(by: Order, current: str, desired: str, scope: str | None = None) -> list[int]:
    changes = diff(
        {OLD: Ids.parse(current)},
        NEW,
        Ids.parse(desired),
        None if scope is None else Ids.parse(scope),
    )
    return list(by(changes.created, changes.changed, changes.removed, NONE))


@pytest.mark.parametrize(
    ("current", "desired", "scope", "forward"),
    [
        pytest.param("1-2", "0-2", None, [0, 1, 2], id="testRollingForward, testRollingBack"),
        pytest.param(
            "",
            "1",
            "0-1",
            [1],
            id="testRollForwardSpecificInstances, testRollBackSpecificInstances",
        ),
        pytest.param("1-2", "0-1", None, [0, 1, 2], id="testUpdateRemovesInstance"),
        pytest.param("0-3", "0-3", None, [0, 1, 2, 3], id="testUpdateOrdering"),
        pytest.param("0-3", "0-5", None, [4, 5, 0, 1, 2, 3], id="testUpdateCreateOrdering"),
        pytest.param("0-3", "0-1", None, [0, 1, 2, 3], id="testUpdateKillOrdering"),
        pytest.param(
            "0,2,4-6", "0-3", None, [1, 3, 0, 2, 4, 5, 6], id="testCreateUpdateKillOrdering"
        ),
    ],
)
def test_order(current: str, desired: str, scope: str | None, forward: list[int]) -> None:
    assert ordered(order.forward, current, desired, scope) == forward
    assert ordered(order.backward, current, desired, scope) == forward[::-1]


def test_unavailable_instances_come_first_among_the_changed_both_ways() -> None:
    created, changed, removed = Ids([8, 9]), Ids.span(0, 5), Ids([5, 6])
    unavailable = Ids([1, 3, 6, 9])
    assert list(order.forward(created, changed, removed, unavailable)) == [
        *(8, 9),
        *(1, 3, 0, 2, 4),
        *(5, 6),
    ]
    assert list(order.backward(created, changed, removed, unavailable)) == [
        *(6, 5),
        *(3, 1, 4, 2, 0),
        *(9, 8),
    ]


def test_the_first_ids_are_computed_without_the_rest() -> None:
    many = Ids.span(0, 10_000)
    assert list(islice(order.forward(NONE, many, NONE, NONE), 2)) == [0, 1]
    assert list(islice(order.backward(NONE, many, NONE, NONE), 2)) == [9_999, 9_998]


IDS = st.sets(st.integers(0, 60)).map(Ids)


@given(IDS, IDS, IDS, IDS)
def test_each_id_comes_exactly_once(a: Ids, b: Ids, c: Ids, unavailable: Ids) -> None:
    changed, removed = b - a, c - a - b
    for by in (order.forward, order.backward):
        found = list(by(a, changed, removed, unavailable))
        assert sorted(found) == list(a | b | c)


def test_what_is_to_leave_its_node_comes_after_what_is_down() -> None:
    changed, unavailable, marked = Ids.span(0, 5), Ids([3]), Ids([0, 2, 3])
    assert list(order.forward(NONE, changed, NONE, unavailable, marked)) == [3, 0, 2, 1, 4]
    assert list(order.backward(NONE, changed, NONE, unavailable, marked)) == [3, 2, 0, 4, 1]
