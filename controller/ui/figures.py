"""Numbers for drawings: bars, the grid of instances, the values of a gate over time.

The templates draw them as SVG with numbers in attributes, because the page allows no inline style.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from controller.api.ids import Ids
from controller.ui.marks import Badge
from controller.ui.recorder import Point

#: Length of a bar; the smallest part of one that is not 0.
BAR: Final = 100.0
_LEAST: Final = 1.5
#: Size of a chart.
WIDTH: Final = 240.0
HEIGHT: Final = 48.0

_LIMIT: Final = re.compile(r"\s*result\s*[<>]=?\s*([-+]?[\d.]+(?:[eE][-+]?\d+)?)\s*")


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a bar: where it begins, how long it is, how it looks, what it counts."""

    x: float
    width: float
    tone: str
    count: int
    word: str


def bar(parts: Iterable[tuple[int, str, str]]) -> list[Part]:
    """The parts of a bar from (count, tone, word); those that count 0 are left out."""
    given = [each for each in parts if each[0]]
    total = sum(count for count, _, _ in given)
    lengths = [max(_LEAST, count * BAR / total) for count, _, _ in given]
    scale = BAR / sum(lengths) if lengths else 1.0
    found, x = [], 0.0
    for (count, tone, word), length in zip(given, lengths, strict=True):
        width = length * scale
        found.append(Part(round(x, 2), round(width, 2), tone, count, word))
        x += width
    return found


def mix(revisions: Mapping[str, Ids], template: str, bad: Iterable[str]) -> list[Part]:
    """The bar of the revisions that instances run: that of the template first, in the accent
    colour; known bad ones as such; ``word`` is the name of the revision."""
    known = frozenset(bad)
    order = sorted(revisions, key=lambda name: (name != template, -len(revisions[name]), name))
    return bar((len(revisions[name]), _tone(name, template, known), name) for name in order)


def _tone(revision: str, template: str, bad: frozenset[str]) -> str:
    if revision in bad:
        return "bad"
    return "accent" if revision == template else "old"


def grid(groups: Iterable[tuple[Badge, Ids]], link: str) -> str:
    """What `static/grid.js` draws, as JSON: for each state its mark, tone, word and ids.
    ``link``: the address of an instance without its id."""
    found: list[dict[str, Any]] = [
        {"mark": badge.mark, "tone": badge.tone, "word": badge.word, "ids": str(ids)}
        for badge, ids in groups
        if ids
    ]
    return json.dumps({"link": link, "groups": found}, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Chart:
    """``lines``: points of a polyline for each side. ``marks``: (x, y, result) of each answer of
    the first side. ``limit``: y of the limit in the condition. ``least``, ``most``: of the values,
    of which there are ``count`` of the first side. Times are epoch seconds."""

    lines: tuple[str, ...]
    marks: tuple[tuple[float, float, str], ...]
    limit: float | None
    count: int
    least: float
    most: float
    first: float
    last: float
    latest: tuple[float, ...]


def chart(points: Sequence[Point], condition: str = "") -> Chart | None:
    """The values of a gate over time; None if there are none."""
    shown = [point for point in points if point.values]
    if not shown:
        return None
    limit = _limit(condition)
    values = [value for point in shown for value in point.values]
    least, most = min(values), max(values)
    marked = [0.0, *([limit] if limit is not None else [])]
    low, high = min(least, *marked), max(most, *marked)
    first, last = shown[0].time, shown[-1].time

    def x(time: float) -> float:
        span = last - first
        return round((time - first) / span * (WIDTH - 8) + 4 if span else WIDTH / 2, 1)

    def y(value: float) -> float:
        span = high - low
        return round(HEIGHT - 4 - (value - low) / span * (HEIGHT - 8) if span else HEIGHT / 2, 1)

    sides = max(len(point.values) for point in shown)
    lines = tuple(
        " ".join(f"{x(p.time)},{y(p.values[side])}" for p in shown if len(p.values) > side)
        for side in range(sides)
    )
    marks = tuple((x(p.time), y(p.values[0]), p.result) for p in shown)
    shown_limit = y(limit) if limit is not None else None
    return Chart(lines, marks, shown_limit, len(shown), least, most, first, last, shown[-1].values)


def _limit(condition: str) -> float | None:
    """The number with which a condition such as ``result < 0.01`` compares."""
    found = _LIMIT.fullmatch(condition)
    try:
        return float(found[1]) if found else None
    except ValueError:
        return None
