"""Lines of a picture: never wider than they may be, and free of control characters."""

from __future__ import annotations

import textwrap
from typing import Final

from rich.text import Text

from controller.escapes import clean

DIM: Final = "bright_black"
ELLIPSIS: Final = "…"


def cut(line: Text, width: int) -> Text:
    """A copy of the line that is at most ``width`` columns wide."""
    short = line.copy()
    short.truncate(max(0, width), overflow="ellipsis")
    return short


def both_ends(left: Text, right: Text, width: int) -> Text:
    """One line with ``left`` and ``right`` at its ends. ``left`` gives way."""
    right = cut(right, width)
    line = cut(left, width - right.cell_len - 2)
    line.append(" " * (width - line.cell_len - right.cell_len))
    return line.append_text(right)


def padded(text: Text, width: int) -> Text:
    """Exactly ``width`` columns."""
    short = cut(text, width)
    return short.append(" " * (width - short.cell_len))


def wrapped(text: str, width: int, lines: int) -> list[str]:
    """The text in at most ``lines`` lines; ``…`` stands for what is left out."""
    return textwrap.wrap(
        clean(text), max(10, width), max_lines=max(1, lines), placeholder=f" {ELLIPSIS}"
    )


def plain(line: str) -> str:
    """A line of a program's output without colours and control characters."""
    return clean(line).rstrip()


def columns(rows: list[list[Text]], width: int, *, gap: int = 2, most: int = 24) -> list[Text]:
    """Rows with aligned columns, each but the last at most ``most`` wide and as wide as its widest
    cell. The last column gets the rest."""
    if not rows:
        return []
    count = len(rows[0])
    widths = [min(most, max(row[i].cell_len for row in rows)) for i in range(count - 1)]
    found = []
    for row in rows:
        line = Text()
        for cell, size in zip(row, widths, strict=False):
            if size:  # A column that is empty in all rows takes no room.
                line.append_text(padded(cell, size)).append(" " * gap)
        line.append_text(row[-1])
        line.rstrip()
        found.append(cut(line, width))
    return found
