"""Copies of values with other fields."""

from __future__ import annotations

import dataclasses
from typing import Any, TypeVar

from msgspec import Struct, structs

V = TypeVar("V")


def replace(value: V, **fields: Any) -> V:
    """A copy of a dataclass or a struct, with other values of some fields."""
    if isinstance(value, Struct):
        return structs.replace(value, **fields)
    copy: V = dataclasses.replace(value, **fields)  # type: ignore[type-var]
    return copy
