"""Quantities are compared by their amounts."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.api.pods.quantity import quantity, same


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1", "1"),
        (1, "1"),
        (0.5, "0.5"),
        ("1000m", "1"),
        ("100m", "0.1"),
        ("5u", "0.000005"),
        ("7n", "0.000000007"),
        ("1k", "1000"),
        ("1Ki", "1024"),
        ("0.5Gi", "536870912"),
        ("1Ei", str(2**60)),
        ("1E", "1e18"),
        ("1e3", "1000"),
        ("1E3", "1000"),
        ("12e-1", "1.2"),
        (".5", "0.5"),
        ("1.", "1"),
        ("-1", "-1"),
        ("+1", "1"),
    ],
)
def test_every_form_of_kubernetes(text: object, number: str) -> None:
    assert quantity(text) == Decimal(number)


@pytest.mark.parametrize("text", ["", "x", "1x", "1 Gi", "Gi", "1KI", "0x1", "NaN", None, "{{a}}"])
def test_text_that_is_not_a_quantity(text: object) -> None:
    with pytest.raises(ValueError, match="is not a quantity"):
        quantity(text)


def test_text_that_is_not_a_quantity_equals_only_itself() -> None:
    assert same("x", "x")
    assert not same("x", "1")
    assert same("1", "1000m")
    assert same("1Gi", "1024Mi")
    assert not same("1G", "1Gi")


@given(st.integers(0, 10**9))
def test_a_number_in_any_unit_is_the_same(number: int) -> None:
    assert same(number, f"{number * 1000}m")
    assert same(f"{number}Ki", str(number * 1024))
