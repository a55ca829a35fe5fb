"""Text that a status may hold only in part."""

from __future__ import annotations

ELLIPSIS = "…"
#: So many characters before the end, a cut looks for the end of a word: half a name or half a
#: version looks like another one.
_WORD = 40


def shortened(text: str, most: int) -> str:
    """``text`` with at most ``most`` characters. What is left out is replaced by ``…``, if possible
    after a whole word."""
    if len(text) <= most:
        return text
    kept = text[: most - 1]
    if not text[most - 1].isspace():
        start, blank, part = kept.rpartition(" ")
        kept = f"{start}{blank}" if blank and len(part) < min(_WORD, most // 2) else kept
    return f"{kept.rstrip()}{ELLIPSIS}"
