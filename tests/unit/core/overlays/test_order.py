"""The order of merged lists."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.core.overlays.order import ordered

LETTERS = st.lists(st.sampled_from("abcdefgh"), unique=True)


def itself(item: Any) -> Any:
    return item


@pytest.mark.parametrize(
    ("items", "of_patch", "before", "expected"),
    [
        ("abc", "", "abc", "abc"),
        ("abcx", "x", "abc", "xabc"),
        ("abc", "cb", "abc", "acb"),
        ("abcx", "bx", "abc", "abxc"),
        ("abx", "xb", "ab", "xab"),
        # Items of neither list come first, as the API server sorts them.
        ("abxy", "", "ab", "yxab"),
    ],
)
def test_examples(items: str, of_patch: str, before: str, expected: str) -> None:
    assert "".join(ordered(items, of_patch, before, itself)) == expected


@given(LETTERS, LETTERS)
def test_the_patch_has_its_order_and_the_others_theirs(of_patch: str, before: str) -> None:
    items = [*before, *(item for item in of_patch if item not in before)]
    made = ordered(items, of_patch, before, itself)
    assert sorted(made) == sorted(items)
    assert [item for item in made if item in of_patch] == of_patch
    kept = [item for item in before if item not in of_patch]
    assert [item for item in made if item not in of_patch] == kept
