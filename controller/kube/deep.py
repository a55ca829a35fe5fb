"""Reads lists in which an object is nested deeper than Python's reader of JSON can follow.

The API server stores objects of up to 10,000 levels, and CustomResources with parts of any shape
may have them. Whoever may create one such object must not keep the objects of others from being
read.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import msgspec

log = logging.getLogger(__name__)

#: Python's recursion limit, so that all that the API server stores can be read. From Python 3.12 on
#: it does not bound the reader of JSON, which has a smaller limit of its own.
RECURSION_LIMIT: Final = 30_000
#: Levels of an object that are read if not all can be: enough for its metadata.
_SHALLOW: Final = 8
_TOKEN: Final = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{}]')
_OPEN: Final = (b"{", b"[")
_CLOSE: Final = (b"}", b"]")


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list. ``too_deep``: the objects that cannot be read, without what is nested
    deeply in them."""

    content: dict[str, Any]
    items: list[dict[str, Any]]
    too_deep: list[dict[str, Any]]

    @property
    def token(self) -> str:
        """With which the next page is read; "" if there is none."""
        return self.content.get("metadata", {}).get("continue") or ""

    def tell(self, told: Callable[[dict[str, Any]], object]) -> None:
        """Call ``told`` with each object of ``too_deep``."""
        for each in self.too_deep:
            told(each)


def page(raw: bytes) -> Page:
    """The page, from the bytes of the API server. Raises ``msgspec.DecodeError`` if they are
    not JSON."""
    try:
        content: dict[str, Any] = msgspec.json.decode(raw)
        return Page(content, content.get("items") or [], [])
    except RecursionError:
        pass
    items, too_deep = list[dict[str, Any]](), list[dict[str, Any]]()
    first = last = 0
    for begin, end in _objects(raw):
        first, last = first or begin, end
        item = raw[begin:end]
        try:
            items.append(json.loads(item))
        except RecursionError:
            too_deep.append(json.loads(shallow(item)))
    return Page(json.loads(raw[:first] + raw[last:]), items, too_deep)


def left_out(part: dict[str, Any]) -> None:
    """Say which object is left out of a list; ``part`` is the shallow part of it."""
    log.error("%s is nested too deeply to be read", part["metadata"].get("name"))


def shallow(raw: bytes) -> bytes:
    """The same JSON with null for all that is nested deeper than a few levels."""
    kept, depth, begin = list[bytes](), 0, 0
    for token in _TOKEN.finditer(raw):
        if token[0] in _OPEN:
            depth += 1
            if depth == _SHALLOW + 1:
                kept.append(raw[begin : token.start()] + b"null")
        elif token[0] in _CLOSE:
            if depth == _SHALLOW + 1:
                begin = token.end()
            depth -= 1
    return b"".join(kept) + raw[begin:]


def _objects(raw: bytes) -> Iterator[tuple[int, int]]:
    """Begin and end of each object of ``items``."""
    depth, begin, within, key = 0, 0, False, b""
    for token in _TOKEN.finditer(raw):
        text = token[0]
        if text in _OPEN:
            depth += 1
            if depth == 2:
                within = key == b'"items"' and text == b"["
            elif depth == 3 and within:
                begin = token.start()
        elif text in _CLOSE:
            if depth == 3 and within:
                yield begin, token.end()
            depth -= 1
        elif depth == 1:
            key = text
