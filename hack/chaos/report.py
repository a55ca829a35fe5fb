"""What runs have shown, as JSON. It is written after each part: an early end loses one part."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hack.bench import machine
from hack.chaos.row import Row

Report = dict[str, Any]


def begin(command: str, seed: int) -> Report:
    """A report without results. ``command``: what is run."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": command,
        "seed": seed,
        "loadBefore": round(machine.load(), 2),
        "machine": machine.facts(),
        "parts": {},
    }


def add(report: Report, part: str, rows: Iterable[Row], minutes: float) -> None:
    """Add what a part has shown, in the place of an earlier result."""
    report["parts"][part] = {
        "minutes": round(minutes, 1),
        "rows": [row.json() for row in rows],
    }


def write(report: Report, path: Path) -> None:
    text = json.dumps(report, indent=1, ensure_ascii=False) + "\n"
    beside = path.with_name(path.name + ".new")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)


def read(path: Path) -> Report:
    found: Report = json.loads(path.read_text(encoding="utf-8"))
    return found


def rows(part: dict[str, Any]) -> list[Row]:
    return [Row(**each) for each in part["rows"]]


def latest(reports: Sequence[Report]) -> dict[str, list[Row]]:
    """Each part's rows in the last report that has it."""
    return {name: rows(part) for report in reports for name, part in report["parts"].items()}
