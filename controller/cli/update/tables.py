"""The gates and the failures of an Update as tables."""

from __future__ import annotations

from typing import Final

from rich.text import Text

from controller.api.progress import Failure
from controller.api.update import Update
from controller.cli.output import Column, table_lines
from controller.view.updates import GateRow, gate_rows
from controller.view.words import since

_RESULTS: Final = {"Passed": "green", "Failed": "bold red", "Inconclusive": "yellow"}


def gates(update: Update, now: float) -> list[Text]:
    """One line per gate, under titles; nothing without gates."""
    rows = gate_rows(update)
    columns = [
        Column[GateRow]("NAME", lambda row: row.name),
        Column("SCOPE", lambda row: row.scope),
        Column("ASKS", lambda row: row.asks),
        Column("RESULT", _result, style=lambda row: _RESULTS.get(row.result, "")),
        Column("VALUE", lambda row: (row.state.value if row.state else "") or "-"),
        Column("ASKED", lambda row: since(row.state.time if row.state else None, now) or "-"),
        Column("MESSAGE", lambda row: (row.state.message if row.state else "") or " "),
    ]
    return table_lines(rows, columns) if rows else []


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
