"""The table of docs/chaos-results.md."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hack.bench import markdown
from hack.chaos import table
from hack.chaos.report import Report, latest
from hack.chaos.row import Row

BEGIN = "<!-- table: begin (python -m hack.chaos --document) -->"
END = "<!-- table: end -->"


def render(reports: Sequence[Report], before: str = "") -> str:
    """The newest rows of each part, their sums, and where they come from. ``before``: an earlier
    result; what these reports do not replace of it stays."""
    rows: list[Row] = [row for rows in latest(reports).values() for row in rows]
    lines = table.merged(table.read(before), [table.line(row) for row in rows])
    origins = [line for line in before.splitlines() if line.startswith("- ")]
    origins += [each for each in map(_origin, reports) if each not in origins]
    return "\n\n".join(["\n".join(origins), table.sums(lines), table.text(lines)]) + "\n"


def kept(path: Path) -> str:
    """What a document has between its marks; "" if it has none."""
    return path.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]


def insert(path: Path, text: str) -> None:
    """Write ``text`` between the marks of a document. Raises DocumentError if it has none."""
    markdown.insert(path, text, BEGIN, END)


def _origin(report: Report) -> str:
    facts = ", ".join(f"{name} {value}" for name, value in report["machine"].items())
    minutes = sum(part["minutes"] for part in report["parts"].values())
    return (
        f"- `{report['command']}`, {report['at']}, seed {report['seed']}, {minutes:.0f} "
        f"minutes, load before {report['loadBefore']}. Machine: {facts}."
    )
