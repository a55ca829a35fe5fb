"""One picture of an Update, at most as wide and as high as the terminal."""

from __future__ import annotations

from typing import Final

from rich.text import Text

from controller.cli.here import placed
from controller.cli.live import parts
from controller.cli.live.cells import Marks, cells, legend
from controller.cli.live.header import header
from controller.cli.live.looks import TONES
from controller.cli.live.section import fitted
from controller.cli.live.snapshot import Snapshot
from controller.cli.live.text import DIM, both_ends, cut, wrapped
from controller.view import advice
from controller.view.situation import cause_of_rollback, situation
from controller.view.updates import rest_word, verb_refused

#: Wider lines are hard to read.
MAX_WIDTH: Final = 120
#: Of the height, what the grid may take: a third, and not more lines than this.
MAX_GRID: Final = 12
#: Columns before the words of the situation.
_INDENT: Final = 9


def frame(snapshot: Snapshot, width: int, height: int, *, final: bool = False) -> list[Text]:
    """The lines of the picture. ``final``: nobody watches any longer, so what is waited for is said
    below it (`outcome`)."""
    width = min(width, MAX_WIDTH)
    update = snapshot.update
    lines = header(snapshot, width)
    marks = Marks.of(update)
    rows = max(1, min(MAX_GRID, height // 3 - 2))
    if grid := cells(marks, width, rows):
        lines += [Text(), *grid, *legend(marks, width, rows, rest_word(update))]
    if words := _situation(snapshot, width, final):
        lines += [Text(), *words]
    foot = _foot(snapshot, width, final)
    sections = (
        parts.failures(snapshot, width),
        parts.in_hand(snapshot, width),
        parts.gates(snapshot, width),
        parts.events(snapshot, width),
    )
    lines += fitted(sections, height - len(lines) - len(foot), width)
    return [cut(line, width) for line in [*lines[: max(1, height - len(foot))], *foot]]


def _situation(snapshot: Snapshot, width: int, final: bool) -> list[Text]:
    """Why the Update rolls back, what it waits for, and what a person can do."""
    update = snapshot.update
    found: list[Text] = []
    if (cause := cause_of_rollback(update)) and not final:
        found += _labelled("Because", cause, "bold yellow", width)
    now = situation(update, snapshot.now)
    if now.text and not final:
        found += _labelled(now.label, now.text, TONES[now.tone], width)
    if words := verb_refused(update):
        found += _labelled("Refused", words, "bold red", width)
    if not final:
        commands = advice.of_update(update, snapshot.now)
        found += [Text(f"{'':<{_INDENT}}{placed(each)}", "cyan") for each in commands]
    return found


def _labelled(label: str, text: str, style: str, width: int) -> list[Text]:
    first, *more = wrapped(text, width - _INDENT, 3) or [""]
    return [
        Text.assemble((f"{label:<{_INDENT}}", style), first),
        *(Text(f"{'':<{_INDENT}}{line}") for line in more),
    ]


def _foot(snapshot: Snapshot, width: int, final: bool) -> list[Text]:
    if snapshot.lost:
        return [Text(), Text(snapshot.lost, "bold red")]
    hidden = ""
    if snapshot.unseen:
        hidden = f"no right to see {' and '.join(snapshot.unseen)}"
    if final:
        return [Text(), Text(hidden, DIM)] if hidden else []
    leave = Text("Ctrl-C stops watching, not the Update", DIM)
    return [Text(), both_ends(leave, Text(hidden, DIM), width)]
