"""A picture of the turns: each contestant's seconds as a multiple of the floor's, as bars.

It is an SVG that follows the reader's light or dark colours. Contestants with default limits are
left out: their bars would be twenty times as long.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from statistics import median
from typing import Any

from hack.bench.report import Report, latest

#: Width of the picture, of the names and of the space for numbers; heights of bars and gaps.
_WIDTH, _NAMES, _NUMBERS = 820, 220, 150
_BAR, _GAP, _HEAD = 16, 14, 80
_STYLE = """
text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.title { font-weight: 600; font-size: 15px }
.quiet { fill: #59636e }
.line { stroke: #59636e; stroke-dasharray: 3 3 }
.echelon { fill: #1a7f6b } .deployment { fill: #8250df } .statefulset { fill: #bf6a02 }
.argo { fill: #cf222e } .cloneset { fill: #0969da }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .quiet { fill: #9198a1 } .line { stroke: #9198a1 }
  .echelon { fill: #3fb9a2 } .deployment { fill: #ab7df8 } .statefulset { fill: #db8b34 }
  .argo { fill: #f85149 } .cloneset { fill: #4493f8 }
}
"""
_SHOWN = ("echelon", "deployment", "statefulset", "argo", "cloneset")

Bar = tuple[str, float, float]


def bars(reports: Sequence[Report]) -> list[tuple[str, list[Bar]]]:
    """By scenario: the contestants, their multiples of the floor's seconds, and their seconds."""
    found = []
    for _, result in latest(reports):
        floor = result["turns"].get("floor")
        if not floor:
            continue
        base = _seconds(floor)
        shown = [
            (name, _seconds(turns) / base, median(float(turn["seconds"]) for turn in turns))
            for name, turns in result["turns"].items()
            if name in _SHOWN and turns and base
        ]
        if shown:
            found.append((result["scenario"], shown))
    return found


def svg(reports: Sequence[Report]) -> str | None:
    """The picture. None if no scenario has turns of the floor and of somebody else."""
    groups = bars(reports)
    if not groups:
        return None
    widest = max(multiple for _, shown in groups for _, multiple, _ in shown)
    scale = (_WIDTH - _NAMES - _NUMBERS) / max(widest, 1.0)
    rows: list[str] = []
    y = _HEAD
    for scenario, shown in groups:
        middle = y + len(shown) * _BAR / 2 + 4
        rows.append(f'<text x="{_NAMES - 12}" y="{middle:.0f}" text-anchor="end">'
                    f"{escape(scenario)}</text>")  # fmt: skip
        for name, multiple, seconds in shown:
            width = multiple * scale
            rows.append(f'<rect class="{name}" x="{_NAMES}" y="{y}" width="{width:.1f}" '
                        f'height="{_BAR - 3}" rx="2"/>')  # fmt: skip
            rows.append(f'<text class="quiet" x="{_NAMES + width + 6:.1f}" y="{y + 11}">'
                        f"{multiple:.2f} × · {seconds:.1f} s</text>")  # fmt: skip
            y += _BAR
        y += _GAP
    line = _NAMES + scale
    body = "\n".join([
        f'<text class="quiet" x="{line:.1f}" y="{_HEAD - 12}" text-anchor="middle">floor</text>',
        *_legend({name for _, shown in groups for name, _, _ in shown}),
        f'<line class="line" x1="{line:.1f}" y1="{_HEAD - 6}" x2="{line:.1f}" y2="{y - _GAP}"/>',
        *rows,
    ])  # fmt: skip
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {y}" role="img" '
        f'aria-label="Seconds as multiples of the floor\'s seconds">\n'
        f"<style>{_STYLE}</style>\n{body}\n</svg>\n"
    )


def _legend(names: Iterable[str]) -> list[str]:
    found = ['<text class="title" x="0" y="18">Seconds, as multiples of the floor\'s</text>']
    there, x = set(names), 0
    for name in _SHOWN:
        if name in there:
            found.append(f'<rect class="{name}" x="{x}" y="32" width="12" height="12" rx="2"/>')
            found.append(f'<text x="{x + 18}" y="43">{name}</text>')
            x += 40 + 8 * len(name)
    return found


def _seconds(turns: Sequence[dict[str, Any]]) -> float:
    """Median seconds per replaced instance."""
    return float(median(turn["seconds"] / max(1, turn["replaced"]) for turn in turns))
