"""Rows as lines of a Markdown table, and lines read back from it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from hack.chaos.row import Row


class Line(NamedTuple):
    """The cells of one row. The times are in seconds, and "" if there are none."""

    scenario: str
    fault: str
    tried: str
    broken: str
    half: str
    tail: str
    most: str
    limit: str
    note: str
    #: How many recoveries were later than the limit: the table does not show it.
    late: int = 0


_HEAD = Line("scenario", "fault", "points tried", "broken", "seconds to recover: p50", "p99",
             "max", "at most", "note")  # fmt: skip
_RULE = ("---",) * len(_HEAD[:-1])


def line(row: Row) -> Line:
    return Line(
        row.scenario,
        row.fault,
        f"{row.tried:,}",
        f"{len(row.broken):,}",
        _seconds(row.quantile(50)),
        _seconds(row.quantile(99)),
        _seconds(row.quantile(100)),
        "" if row.limit is None else f"{row.limit:g}",
        row.note,
        row.late,
    )


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def text(lines: Sequence[Line]) -> str:
    """The table. A scenario is named in the first of its lines that follow each other."""
    shown, last = [_HEAD[:-1], _RULE], ""
    for each in lines:
        scenario, last = (each.scenario if each.scenario != last else ""), each.scenario
        shown.append((scenario, *each[1:-1]))
    return "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in row)} |" for row in shown)


def read(table: str) -> list[Line]:
    """The lines of the table in a text. One whose longest time is over its limit was late at least
    once: once is what is counted."""
    found, scenario = list[Line](), ""
    for row in table.splitlines():
        if not row.startswith("| "):
            continue
        cells = [cell.strip() for cell in row[1:-1].split("|")]
        scenario = cells[0] or scenario
        each = Line._make((scenario, *cells[1:], 0))
        if each[:-1] != _HEAD[:-1] and each.fault != "---":
            late = bool(each.limit and each.most) and float(each.most) > float(each.limit)
            found.append(each._replace(late=int(late)))
    return found


def merged(old: Sequence[Line], new: Sequence[Line]) -> list[Line]:
    """The new lines in the place of the old ones about the same; the other old ones stay, and what
    was not known comes last."""
    return [*{(each.scenario, each.fault): each for each in (*old, *new)}.values()]


def sums(lines: Sequence[Line]) -> str:
    """What all lines come to."""
    points = sum(_number(each.tried) for each in lines if each.fault.endswith("a write"))
    tried = sum(_number(each.tried) for each in lines)
    broken = sum(_number(each.broken) for each in lines)
    late = sum(each.late for each in lines)
    return (
        f"**{tried:,} tries, {points:,} of them kill points; {broken:,} invariants broken; "
        f"{late:,} recoveries later than allowed.**"
    )


def _number(cell: str) -> int:
    return int(cell.replace(",", ""))
