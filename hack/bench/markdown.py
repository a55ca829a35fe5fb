"""The figures of reports as Markdown, and their place in a document."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from hack.bench.reaction import quantile
from hack.bench.report import Report, latest
from hack.bench.show import number

BEGIN = "<!-- figures: begin (python -m hack.bench --document) -->"
END = "<!-- figures: end -->"
_TURNS = ("scenario", "contestant", "s", "÷ floor", "CPU s", "÷ floor", "peak MB",
          "writes per instance", "most down", "good → next, ms (p50, p99)", "rounds")  # fmt: skip
_FIGURES = ("scenario", "figure", "measured", "target", "", "note")


class DocumentError(Exception):
    """The document has no place for figures. The text is shown to the user."""


def render(reports: Sequence[Report], plot: str | None = None) -> str:
    """The tables of the newest result of each scenario. ``plot``: the name of the picture."""
    found = latest(reports)
    parts = [_origins(reports)]
    if plot is not None:
        parts.append(f"![Seconds as multiples of the floor's seconds, by scenario]({plot})")
    if rows := [row for _, result in found for row in _turns(result)]:
        parts += ["### Contestants", _table(_TURNS, rows)]
    if rows := [row for _, result in found for row in _figures(result)]:
        parts += ["### Targets and other figures", _table(_FIGURES, rows)]
    if skipped := _skipped(result for _, result in found):
        parts += ["### Not measured", skipped]
    return "\n\n".join(parts) + "\n"


def insert(document: Path, text: str, begin: str = BEGIN, end: str = END) -> None:
    """Write ``text`` between two marks of a document. Raises DocumentError if it has none."""
    whole = document.read_text(encoding="utf-8")
    before, first, rest = whole.partition(begin)
    _, last, after = rest.partition(end)
    if not first or not last:
        raise DocumentError(f"{document} has no lines {begin!r} and {end!r}")
    document.write_text(f"{before}{begin}\n\n{text}\n{end}{after}", encoding="utf-8")


def _origins(reports: Sequence[Report]) -> str:
    """Which commands made the figures, when and on what."""
    lines = []
    for report in reports:
        facts = ", ".join(f"{name} {value}" for name, value in report["machine"].items())
        names = ", ".join(result["scenario"] for result in report["results"])
        lines.append(
            f"- `{report['command']}`, {report['at']}, load before {report['loadBefore']}: "
            f"{names}. Machine: {facts}."
        )
    return "\n".join(lines)


def _turns(result: dict[str, Any]) -> Iterable[list[str]]:
    floor = result["turns"].get("floor") or []
    scenario = f"{result['scenario']}: {result['what']}"
    for name, turns in result["turns"].items():
        if not turns:
            continue
        reactions = [seconds for turn in turns for seconds in turn["reactions"]]
        quick = [f"{quantile(reactions, p) * 1000:.0f}" for p in (50, 99)] if reactions else []
        yield [
            scenario,
            name,
            _spread(turns, "seconds"),
            _ratio(turns, floor, "seconds"),
            _spread(turns, "cpu"),
            _ratio(turns, floor, "cpu"),
            f"{max(turn['peak_mb'] for turn in turns):.0f}",
            f"{median(map(_per_instance, turns)):.2f}",
            f"{max(turn['down'] for turn in turns):,}",
            ", ".join(quick),
            str(len(turns)),
        ]
        scenario = ""


def _per_instance(turn: dict[str, Any]) -> float:
    replaced = int(turn["replaced"])
    total = sum(n for what, n in turn["writes"].items() if not what.endswith("leases"))
    return float(total / replaced) if replaced else 0.0


def _spread(turns: list[dict[str, Any]], what: str) -> str:
    """Median and range."""
    values = [float(turn[what]) for turn in turns]
    return f"{median(values):.2f} ({min(values):.2f}–{max(values):.2f})"


def _ratio(turns: list[dict[str, Any]], floor: list[dict[str, Any]], what: str) -> str:
    """The ratio of the medians per replaced instance."""

    def value(all_: list[dict[str, Any]]) -> float:
        return float(median(turn[what] / max(1, turn["replaced"]) for turn in all_))

    return f"{value(turns) / value(floor):.2f}" if floor and value(floor) else ""


def _figures(result: dict[str, Any]) -> Iterable[list[str]]:
    """All figures of scenarios without turns. Of the others those with a target: their table of
    turns has the rest."""
    for figure in result["figures"]:
        limit = figure["limit"]
        if result["turns"] and limit is None:
            continue
        yield [
            figure["scenario"],
            figure["what"],
            f"{number(figure['value'])} {figure['unit']}".rstrip(),
            "" if limit is None else f"≤ {number(limit)}",
            {True: "met", False: "missed", None: ""}[figure["met"]],
            figure["note"],
        ]


def _skipped(results: Iterable[dict[str, Any]]) -> str:
    """Contestants that need something, and the scenarios that miss them."""
    lines: dict[str, list[str]] = {}
    for result in results:
        for name, why in result["skipped"].items():
            lines.setdefault(f"{name}: {why}", []).append(result["scenario"])
    return "\n".join(f"- {line} ({', '.join(names)})" for line, names in lines.items())


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"
                     for row in lines)  # fmt: skip
