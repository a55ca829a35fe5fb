"""Text of the cluster must not steer a terminal: messages, reasons, images, and logs of programs.

An escape sequence can move the cursor over what was printed, set the title of the window, or write
to the clipboard.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

#: Sequences that steer a terminal, such as colours; the second form has text inside, which ends
#: with a bell or with ESC and a backslash: where that end is missing, nothing is hidden.
_ESCAPES: Final = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|(?:\x1b[\]P^_X]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)"
    r"|\x1b[ -/]*[0-~]?"
)
#: Of these, those that change nothing but colours and the weight of letters.
_COLOUR: Final = re.compile(r"(\x1b\[[0-9;:]*m)")
_RESET: Final = "\x1b[m"


def clean(text: str) -> str:
    """One line without escape sequences; other control characters become blanks."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else " " for c in _ESCAPES.sub("", text))


def clean_lines(text: str) -> str:
    """The same of a text that may have several lines."""
    return "\n".join(clean(line) for line in text.split("\n"))


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
