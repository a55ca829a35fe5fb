"""The five fields of a schedule in cron format: which minutes, hours, days and months they name.

The grammar is that of the library with which Kubernetes reads a CronJob
(github.com/robfig/cron/v3, `ParseStandard`), because the operator has to mean the same moments.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_MONTHS: Final = (
    "jan",
    "feb",
    "mar",
    "apr",
    "may",
    "jun",
    "jul",
    "aug",
    "sep",
    "oct",
    "nov",
    "dec",
)
_DAYS: Final = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_NUMBER: Final = re.compile(r"\+?[0-9]{1,9}")
#: Names of schedules, as the five fields that they stand for.
NAMED: Final = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}


@dataclass(frozen=True, slots=True)
class _Bounds:
    low: int
    high: int
    names: tuple[str, ...] = ()

    def number(self, text: str) -> int:
        if text.lower() in self.names:
            return self.names.index(text.lower()) + self.low
        if not _NUMBER.fullmatch(text):
            raise ValueError(f"{text!r} is not a number")
        return int(text)


_FIELDS: Final = (
    _Bounds(0, 59),
    _Bounds(0, 23),
    _Bounds(1, 31),
    _Bounds(1, 12, _MONTHS),
    _Bounds(0, 6, _DAYS),
)


@dataclass(frozen=True, slots=True)
class Fields:
    """The values that each field names, ascending. Sunday is day 0 of the week.

    ``either_day``: a day matches if its day of the month or its day of the week does; otherwise
    both must match.
    """

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either_day: bool

    @classmethod
    def of(cls, text: str) -> Fields:
        """Read five fields, or a name such as ``@daily``. Raises ``ValueError``."""
        given = NAMED.get(text, text).split()
        if len(given) != len(_FIELDS):
            raise ValueError(f"a schedule has {len(_FIELDS)} fields, {text!r} has {len(given)}")
        values, stars = zip(*map(_read, given, _FIELDS), strict=True)
        return cls(
            tuple(sorted(values[0])),
            tuple(sorted(values[1])),
            values[2],
            values[3],
            values[4],
            not (stars[2] or stars[4]),
        )


def _read(text: str, bounds: _Bounds) -> tuple[frozenset[int], bool]:
    """The values of one field, and whether it has a star without a step."""
    found, star = set[int](), False
    for part in filter(None, text.split(",")):
        values, is_star = _range(part, bounds)
        found.update(values)
        star |= is_star
    return frozenset(found), star


def _range(text: str, bounds: _Bounds) -> tuple[range, bool]:
    span, *steps = text.split("/")
    low, *high = span.split("-")
    if len(steps) > 1 or len(high) > 1:
        raise ValueError(f"{text!r} is no range; write it like 1-5 or 1-5/2")
    star = low in ("*", "?")
    if star:
        first, last = bounds.low, bounds.high
    else:
        first = bounds.number(low)
        last = bounds.number(high[0]) if high else first
    step = 1
    if steps:
        step = _Bounds(0, 0).number(steps[0])
        last = last if high else bounds.high
        star = star and step == 1
    if step == 0 or not bounds.low <= first <= last <= bounds.high:
        raise ValueError(f"{text!r} is not within {bounds.low}-{bounds.high}")
    return range(first, last + 1, step), star
