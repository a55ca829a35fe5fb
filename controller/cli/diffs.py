"""Differences between revisions in colour, per group of instances that share a revision."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.text import Text

from controller.cli.output import console
from controller.core.revisions.compare import Difference
from controller.escapes import clean
from controller.view.configurations import Change
from controller.view.difference import Sign, lines
from controller.view.words import ids

_STYLES: Final[dict[Sign, str]] = {"-": "red", "+": "green", " ": ""}


def of_changes(changes: Sequence[Change]) -> Text:
    """What each group of instances would get, with a head for each group."""
    return Text("\n").join(_of_change(change) for change in changes)


def of_differences(differences: tuple[Difference, ...]) -> Text:
    """Differences alone, one line each or more, indented by two."""
    return Text("\n").join(
        Text(f"  {sign} {clean(line)}".rstrip(), _STYLES[sign]) for sign, line in lines(differences)
    )


def head(what: str, old: str, new: str) -> Text:
    """Who changes from which revision to which. ``new`` "": none."""
    found = Text.assemble((what, "bold"))
    if old:
        found.append(f"  {old}")
    if new:
        found.append(f" → {new}" if old else f"  {new}", "green")
    return found


def show(text: Text) -> None:
    """Print to stdout. Nothing is printed for an empty text."""
    if text:
        console().print(text)


def _of_change(change: Change) -> Text:
    lines = [head(_who(change), change.old, change.new)]
    if change.creates or change.removes:
        return lines[0]
    if not change.known:
        gone = f"  revision {change.old} is gone: what differs cannot be told"
        lines.append(Text(gone, "yellow"))
    elif change.relabels:
        lines.append(Text("  other labels only: their pods stay as they are", "dim"))
    elif not change.differences:
        lines.append(Text("  nothing that pods would show", "dim"))
    else:
        lines.append(of_differences(change.differences))
    return Text("\n").join(lines)


def _who(change: Change) -> str:
    count = len(change.instances)
    word = "new " if change.creates else "removed " if change.removes else ""
    noun = "instance" if count == 1 else "instances"
    number = "" if count < 3 else f" ({count})"
    return f"{word}{noun} {ids(str(change.instances))}{number}"
