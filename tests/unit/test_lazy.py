from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from controller.lazy import cached_property


@dataclass(frozen=True)
class Sum:
    parts: list[int]
    asked: list[str] = field(default_factory=list, compare=False)

    @cached_property
    def total(self) -> int:
        """What they are together."""
        self.asked.append("total")
        if not self.parts:
            raise ValueError("nothing to add")
        return sum(self.parts)


def test_it_is_computed_once_for_each_object() -> None:
    one, other = Sum([1, 2]), Sum([3])
    assert (one.total, one.total, other.total) == (3, 3, 3)
    assert one.asked == other.asked == ["total"]


def test_an_error_is_not_kept() -> None:
    late = Sum([])
    with pytest.raises(ValueError, match="nothing to add"):
        _ = late.total
    late.parts.append(4)
    assert late.total == 4


def test_what_was_computed_is_no_part_of_the_value() -> None:
    one, other = Sum([1]), Sum([1])
    assert one.total
    assert one == other


def test_the_class_has_the_property_itself() -> None:
    assert isinstance(Sum.total, cached_property)
    assert Sum.total.__doc__ == "What they are together."
