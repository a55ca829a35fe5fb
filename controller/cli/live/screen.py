"""Draws one picture over the last one, without flicker.

rich.live erases the old picture and then draws the new one, which flickers over a slow connection.
This writes each line over the old one, all in one write, and erases only what is left over.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Self

from rich.console import Console
from rich.text import Text

#: Terminals that know it show the whole write at once; others ignore it. The cursor is hidden
#: within one write only, so that it is hardly ever lost, however the program ends.
_BEGIN: Final = "\x1b[?2026h\x1b[?25l"
_END: Final = "\x1b[?25h\x1b[?2026l"
#: For a write that was cut in the middle, as Ctrl-C may do while a terminal is slow.
_RESTORE: Final = f"\x1b[0m{_END}"
_ERASE_LINE: Final = "\x1b[K"
_ERASE_BELOW: Final = "\x1b[J"

#: For terminals that do not know UTF-8.
_ASCII: Final = str.maketrans(
    {
        "·": ".",
        "◐": "o",
        "●": "#",
        "✗": "x",
        "◑": "%",
        "○": "=",
        "‼": "!",
        "━": "=",
        "─": "-",
        "→": ">",
        "…": "~",
        "▶": ">",
        "◀": "<",
        "‖": "|",
        "│": "|",
        "✓": "+",
        "↺": "<",
        "■": "#",
        "»": ">",
        "≡": "=",
        "◌": "o",
        "×": "x",
    }
)


class Screen:
    """The lower end of a terminal, which is as before when it is left. ``draw`` replaces what was
    drawn before; ``size``: columns and lines that a picture may have."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._is_ascii = not console.encoding.lower().startswith("utf")
        #: Widths of the lines on the terminal.
        self._drawn: list[int] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._drawn:
            self._write(_RESTORE)

    @property
    def size(self) -> tuple[int, int]:
        width, height = self._console.size
        # The cursor stands below the picture. A full last column would wrap in some terminals.
        return max(20, width - 1), max(5, height - 1)

    def draw(self, lines: Sequence[Text]) -> None:
        """Show these lines in place of the last ones."""
        shown = [self.fit(line) for line in lines]
        text = "".join(f"{self._styled(line)}{_ERASE_LINE}\n" for line in shown)
        up, self._drawn = self._up(), [line.cell_len for line in shown]
        self._write(f"{_BEGIN}{up}{text}{_ERASE_BELOW}{_END}")

    def fit(self, line: Text) -> Text:
        """The line with symbols that the terminal knows."""
        if not self._is_ascii:
            return line
        made = line.copy()
        made.plain = line.plain.translate(_ASCII).encode("ascii", "replace").decode()
        return made

    def _up(self) -> str:
        """To the first line of the last picture. After the terminal became narrower, its lines take
        more rows."""
        width = max(1, self._console.size.width)
        rows = sum(max(1, -(-length // width)) for length in self._drawn)
        return f"\r\x1b[{rows}A" if rows else "\r"

    def _styled(self, line: Text) -> str:
        with self._console.capture() as capture:
            self._console.print(line, end="", no_wrap=True, overflow="ignore", crop=False)
        return capture.get()

    def _write(self, text: str) -> None:
        self._console.file.write(text)
        self._console.file.flush()
