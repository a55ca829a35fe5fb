"""The gates and the failures of an Update as tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rich.text import Text

from controller.api.progress import Failure
from controller.api.update import Update
from controller.cli.output import Column, table_lines
from controller.escapes import clean
from controller.view.gates import facts, group_of
from controller.view.updates import GateRow, gate_rows
from controller.view.words import since

_RESULTS: Final = {"Passed": "green", "Failed": "bold red", "Inconclusive": "yellow"}

#: Columns before what a gate asks.
_WIDTH: Final = 11


def gates(update: Update, now: float) -> list[Text]:
    """One line per gate, under titles, then what each asks; nothing without gates."""
    rows = gate_rows(update)
    columns = [
        Column[GateRow]("NAME", lambda row: row.name),
        Column("SCOPE", lambda row: row.scope),
        Column("GROUP", lambda row: group_of(row.gate, row.state) or "-"),
        Column("ASKS", lambda row: row.asks),
        Column("RESULT", _result, style=lambda row: _RESULTS.get(row.result, "")),
        Column("VALUE", lambda row: (row.state.value if row.state else "") or "-"),
        Column("ASKED", lambda row: since(row.state.time if row.state else None, now) or "-"),
        Column("MESSAGE", lambda row: (row.state.message if row.state else "") or " "),
    ]
    if not rows:
        return []
    return [*table_lines(rows, columns), *(line for row in rows for line in _facts(row))]


def _facts(row: GateRow) -> Iterator[Text]:
    """What the gate asks, below the table: a query is too long for a column."""
    yield Text()
    yield Text(f"{row.name}:")
    for name, value in facts(row.gate):
        # A query of several lines becomes one.
        yield Text.assemble("  ", (f"{name:<{_WIDTH}}", "dim"), clean(" ".join(value.split())))


def _result(row: GateRow) -> str:
    """``Waiting 1/3``: how many passes in a row there are of those that are needed."""
    if row.state and row.result == "Waiting" and row.needed > 1:
        return f"{row.result} {row.state.successes}/{row.needed}"
    return row.result


def failures(update: Update, now: float) -> list[Text]:
    """One line per failure, under titles; nothing without failures."""
    rows = update.status.failures
    columns = [
        Column[Failure]("INSTANCE", lambda row: str(row.instance)),
        Column("ATTEMPT", lambda row: str(row.attempt)),
        Column("AGE", lambda row: since(row.time, now)),
        Column("NODE", lambda row: row.node or "-"),
        Column("EXIT", lambda row: "-" if row.exit_code is None else str(row.exit_code)),
        Column("REASON", lambda row: row.reason, style=lambda _: "red"),
        Column("MESSAGE", lambda row: row.message or " "),
    ]
    return table_lines(rows, columns) if rows else []
