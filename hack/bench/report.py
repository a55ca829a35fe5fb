"""What a run has measured, as JSON: everything that the document is made of."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hack.bench import machine
from hack.bench.scenario import Result

Report = dict[str, Any]


def make(results: Sequence[Result], command: str, load: float) -> Report:
    """``command``: what was run. ``load``: the machine's load before it."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": command,
        "loadBefore": round(load, 2),
        "machine": machine.facts(),
        "targetsMet": all(f.met is not False for result in results for f in result.figures),
        "results": [result.json() for result in results],
    }


def write(report: Report, path: Path) -> None:
    path.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def read(path: Path) -> Report:
    found: Report = json.loads(path.read_text(encoding="utf-8"))
    return found


def latest(reports: Sequence[Report]) -> list[tuple[Report, dict[str, Any]]]:
    """Each scenario's result in the last report that has it, with that report."""
    found: dict[str, tuple[Report, dict[str, Any]]] = {}
    for report in reports:
        for result in report["results"]:
            found[result["scenario"]] = (report, result)
    return list(found.values())
