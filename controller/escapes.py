"""Text of the cluster without what steers a terminal or turns the direction of a line: messages,
reasons, images, and logs of programs.

An escape sequence can move the cursor over what was printed, set the title of the window, or write
to the clipboard.
"""

from __future__ import annotations

import re
from typing import Final

#: Sequences that steer a terminal, such as colours; the second form has text inside, which ends
#: with a bell or with ESC and a backslash: where that end is missing, nothing is hidden.
_ESCAPES: Final = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|(?:\x1b[\]P^_X]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)"
    r"|\x1b[ -/]*[0-~]?"
)
#: Other control characters, and those with which text is not read in the order of its letters.
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def clean(text: str) -> str:
    """One line without escape sequences; other control characters become blanks."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else " " for c in _ESCAPES.sub("", text))


def clean_lines(text: str) -> str:
    """The same of a text that may have several lines."""
    return "\n".join(clean(line) for line in text.split("\n"))


def readable(text: str) -> str:
    """A text for a page, which may have lines, tabs, and signs of any script."""
    return text if text.isprintable() else _CONTROLS.sub(" ", _ESCAPES.sub("", text))
