"""What an API server says beside its answer: ``Warning: 299 - "text"`` (RFC 7234, section 5.5)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

_WARNING: Final = re.compile(r'299 \S+ "((?:[^"\\]|\\.)*)"')
_QUOTED: Final = re.compile(r"\\(.)")


def texts(headers: Iterable[str]) -> tuple[str, ...]:
    """The texts in the values of all ``Warning`` headers of an answer, each once."""
    found = (text for header in headers for text in _WARNING.findall(header))
    return tuple(dict.fromkeys(_QUOTED.sub(r"\1", text) for text in found))
