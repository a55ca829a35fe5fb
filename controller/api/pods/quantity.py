"""Reads Kubernetes quantities such as ``1``, ``"1000m"``, ``"0.5Gi"`` and ``"1e3"``."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

_FORM: Final = re.compile(
    r"([+-]?(?:\d+\.?\d*|\.\d+))([KMGTPE]i|[numkMGTPE]|[eE][+-]?\d{1,3})?", re.ASCII
)
_SUFFIX: Final = {
    "": Decimal(1),
    **{letter: Decimal(10) ** (-3 * n) for n, letter in enumerate("mun", 1)},
    **{letter: Decimal(1000) ** n for n, letter in enumerate("kMGTPE", 1)},
    **{f"{letter}i": Decimal(1024) ** n for n, letter in enumerate("KMGTPE", 1)},
}


def quantity(value: Any) -> Decimal:
    """The quantity as a number. Raises ``ValueError`` if the value is not a quantity."""
    return _parsed(str(value))


def same(one: Any, other: Any) -> bool:
    """Whether two quantities are the same amount; other values must be equal as they are."""
    if one == other:
        return True
    try:
        return quantity(one) == quantity(other)
    except ValueError:
        return False


@lru_cache(maxsize=4096)
def _parsed(text: str) -> Decimal:
    found = _FORM.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is not a quantity")
    number, suffix = found[1], found[2] or ""
    factor = _SUFFIX.get(suffix)
    return Decimal(number) * factor if factor is not None else Decimal(number + suffix)
