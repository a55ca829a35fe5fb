"""Reads the warnings in an API server's answer: ``Warning: 299 - "text"`` (RFC 7234, 5.5)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

_WARNING: Final = re.compile(r'299 \S+ "((?:[^"\\]|\\.)*)"')
_QUOTED: Final = re.compile(r"\\(.)")


def texts(headers: Iterable[str]) -> tuple[str, ...]:
    """The distinct warnings in the ``Warning`` headers of an answer, in their order."""
    found = (text for header in headers for text in _WARNING.findall(header))
    return tuple(dict.fromkeys(_QUOTED.sub(r"\1", text) for text in found))
