"""Interfaces between an informer and its caller: the objects, their decoder and their receiver."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar


class Keyed(Protocol):
    """An object as an informer needs it. ``key`` identifies it by name, ``uid`` distinguishes it
    from other objects that had or will have the same name."""

    @property
    def key(self) -> str: ...
    @property
    def uid(self) -> str: ...
    @property
    def resource_version(self) -> str: ...


T = TypeVar("T", bound=Keyed)


@dataclass(frozen=True, slots=True)
class Codec(Generic[T]):
    """Decodes JSON. The caller supplies it, so that it parses only the fields the caller needs.

    ``event``: one watch line (ADDED, MODIFIED or DELETED) -> its type and object.
    ``page``: one page of a list -> its objects, continue token ("" at the end), resourceVersion.
    """

    event: Callable[[bytes], tuple[str, T]]
    page: Callable[[bytes], tuple[list[T], str, str]]


def json_codec(read: Callable[[dict[str, Any]], T]) -> Codec[T]:
    """The codec that parses whole objects and keeps what ``read`` makes of each."""

    def event(line: bytes) -> tuple[str, T]:
        parsed: dict[str, Any] = json.loads(line)
        return parsed["type"], read(parsed["object"])

    def page(raw: bytes) -> tuple[list[T], str, str]:
        parsed: dict[str, Any] = json.loads(raw)
        meta = parsed["metadata"]
        items = [read(each) for each in parsed.get("items") or ()]
        return items, meta.get("continue") or "", meta.get("resourceVersion", "")

    return Codec(event=event, page=page)


@dataclass(frozen=True, slots=True)
class Sink(Generic[T]):
    """Receives changes. Exceptions that it raises are logged, and the stream goes on."""

    put: Callable[[T], None]
    delete: Callable[[str, str], None]
