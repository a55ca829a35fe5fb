"""Durations as people write them."""

from __future__ import annotations

import re
from typing import Final

from controller.cli.exits import CliError, Exit

_PART: Final = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_SECONDS: Final = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}
_NUMBER: Final = re.compile(r"\d+(?:\.\d*)?|\.\d+")


def duration(text: str) -> float:
    """The seconds of a duration as Go and kubectl write it. Raises ``CliError``."""
    if not text or _PART.sub("", text):
        raise CliError(f"{text!r} is no duration", "write 30s, 5m or 1h30m", Exit.USAGE)
    return sum(float(number) * _SECONDS[unit] for number, unit in _PART.findall(text))


def seconds(text: str | float) -> float:
    """The same, or a number of seconds. Raises ``CliError``."""
    # An API of Python gives the default as it is.
    if isinstance(text, float | int):
        return float(text)
    return float(text) if _NUMBER.fullmatch(text) else duration(text)
