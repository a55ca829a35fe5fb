"""Ids is a set of integers with a compact text form; it is compared with Python's sets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.api.ids import MAX_ID, NONE, Ids

sets = st.frozensets(st.integers(0, 60) | st.integers(0, MAX_ID), max_size=40)


@given(sets)
def test_a_range_string_names_exactly_the_ids_of_the_set(ids: frozenset[int]) -> None:
    text = str(Ids(ids))
    assert set(Ids.parse(text)) == ids
    assert str(Ids.parse(text)) == text


@given(sets)
def test_it_iterates_in_order_both_ways(ids: frozenset[int]) -> None:
    assert list(Ids(ids)) == sorted(ids)
    assert list(reversed(Ids(ids))) == sorted(ids, reverse=True)
    assert Ids(ids).top() == max(ids, default=-1)


@given(sets, sets)
def test_its_algebra_is_that_of_sets(a: frozenset[int], b: frozenset[int]) -> None:
    assert set(Ids(a) | Ids(b)) == a | b
    assert set(Ids(a) & Ids(b)) == a & b
    assert set(Ids(a) - Ids(b)) == a - b
    assert (Ids(a) <= Ids(b)) == (a <= b)
    assert (Ids(a) == Ids(b)) == (a == b)
    assert len(Ids(a)) == len(a)
    assert bool(Ids(a)) == bool(a)


@given(sets, st.integers(-5, MAX_ID + 5))
def test_membership_is_that_of_sets(ids: frozenset[int], i: int) -> None:
    assert (i in Ids(ids)) == (i in ids)


@given(sets)
def test_equal_sets_hash_alike(ids: frozenset[int]) -> None:
    assert hash(Ids(ids)) == hash(Ids.parse(str(Ids(ids))))


@pytest.mark.parametrize(
    ("text", "ids"),
    [("", []), ("0", [0]), ("0-3,7", [0, 1, 2, 3, 7]), ("5-5", [5]), ("9999", [9999])],
)
def test_range_strings(text: str, ids: list[int]) -> None:
    assert list(Ids.parse(text)) == ids


def test_a_span_does_not_contain_its_stop() -> None:
    assert str(Ids.span(2, 5)) == "2-4"
    assert Ids.span(5, 5) == Ids.span(5, 2) == NONE


@pytest.mark.parametrize(
    "text",
    [" ", "0 - 3", "3-0", "1,1", "1-3,2", "7,3", "10000", "0-10000", "-1", "a", "1,", "1;2"],
)
def test_an_invalid_range_string_is_refused_with_a_reason(text: str) -> None:
    with pytest.raises(ValueError, match=r"range string|ids must ascend|highest instance id"):
        Ids.parse(text)
