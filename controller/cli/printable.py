"""A terminal gets no control characters of the cluster: no messages, reasons or images that steer
it, and of logs nothing but colours."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from controller.escapes import clean, clean_lines

#: Sequences that change nothing but colours and the weight of letters.
_COLOUR: Final = re.compile(r"(\x1b\[[0-9;:]*m)")
_RESET: Final = "\x1b[m"


def coloured(line: str) -> str:
    """A line of a log as a terminal may get it: its colours and tabs stay, and end with it."""
    if line.isprintable():
        return line
    parts = _COLOUR.split(line)
    parts[::2] = ("\t".join(clean(cell) for cell in part.split("\t")) for part in parts[::2])
    return "".join(parts) + (_RESET if len(parts) > 1 else "")


class SafeConsole(Console):
    """A console of rich that prints no control characters but its own, whoever forgets `clean`."""

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            if segment.control or segment.text.isprintable():
                yield segment
            else:
                yield Segment(clean_lines(segment.text), segment.style)
