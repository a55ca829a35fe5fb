"""What all uses of CEL have in common: errors with their place, in the words of the library."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

_ERROR: Final = re.compile(r"ERROR: <input>:(\d+):(\d+): ([^\n]*)")
_NOISE: Final = re.compile(r"^[A-Z_]+: | \(in container ''\)| \[[A-Z_]+\]$| expecting \{.*\}")


class CelError(ValueError):
    """An expression does not compile, or has no value. ``line`` and ``column``: the place of the
    error; 0 if it is about the whole expression."""

    def __init__(self, message: str, line: int = 1, column: int = 1) -> None:
        super().__init__(f"line {line}, column {column}: {message}" if line else message)
        self.message = message
        self.line = line
        self.column = column


def place(text: str, at: int) -> tuple[int, int]:
    """Line and column of a character, both counted from 1."""
    return text.count("\n", 0, at) + 1, at - (text.rfind("\n", 0, at) + 1) + 1


def first_error(
    message: str, inserted: Iterable[tuple[int, int]] = ()
) -> tuple[str, int, int] | tuple[str]:
    """The first error in a message of the library: its words, line and column. ``inserted``: where
    two characters were inserted into the expression (line, column in the new text)."""
    match = _ERROR.search(message)
    if match is None:
        return (cleaned(message),)
    line, column = int(match[1]), int(match[2])
    shift = sum(2 for where in inserted if where[0] == line and where[1] < column)
    return cleaned(match[3]), line, column - shift


def cleaned(message: str) -> str:
    """The first line of a message of the library, without what only its authors understand."""
    return _NOISE.sub("", message.split("\n", 1)[0])
