"""The table of docs/chaos.md."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hack.bench import markdown
from hack.chaos.report import Report, latest
from hack.chaos.row import Row

BEGIN = "<!-- table: begin (python -m hack.chaos --document) -->"
END = "<!-- table: end -->"
_HEAD = ("scenario", "fault", "points tried", "broken", "seconds to recover: p50", "p99", "max",
         "at most", "note")  # fmt: skip


def render(reports: Sequence[Report]) -> str:
    """The newest rows of each part, their sums, and where they come from."""
    parts = latest(reports)
    every = [row for rows in parts.values() for row in rows]
    return "\n\n".join([_origins(reports), _sums(every), _table(every)]) + "\n"


def insert(path: Path, text: str) -> None:
    """Write ``text`` between the marks of a document. Raises DocumentError if it has none."""
    markdown.insert(path, text, BEGIN, END)


def _origins(reports: Sequence[Report]) -> str:
    lines = []
    for report in reports:
        facts = ", ".join(f"{name} {value}" for name, value in report["machine"].items())
        minutes = sum(part["minutes"] for part in report["parts"].values())
        lines.append(
            f"- `{report['command']}`, {report['at']}, seed {report['seed']}, {minutes:.0f} "
            f"minutes, load before {report['loadBefore']}. Machine: {facts}."
        )
    return "\n".join(lines)


def _sums(rows: Sequence[Row]) -> str:
    points = sum(row.tried for row in rows if row.fault.endswith("a write"))
    tried, broken = sum(row.tried for row in rows), sum(len(row.broken) for row in rows)
    late = sum(row.late for row in rows)
    return (
        f"**{tried:,} tries, {points:,} of them kill points; {broken:,} invariants broken; "
        f"{late:,} recoveries later than allowed.**"
    )


def _table(rows: Sequence[Row]) -> str:
    lines, last = [_HEAD, ("---",) * len(_HEAD)], ""
    for row in rows:
        scenario, last = (row.scenario if row.scenario != last else ""), row.scenario
        lines.append(
            (
                scenario,
                row.fault,
                f"{row.tried:,}",
                f"{len(row.broken):,}",
                _seconds(row.quantile(50)),
                _seconds(row.quantile(99)),
                _seconds(row.quantile(100)),
                "" if row.limit is None else f"{row.limit:g}",
                row.note,
            )
        )
    return "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |" for line in lines)


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"
