"""Interfaces between an informer and its caller: the objects, their decoder and their receiver."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import msgspec

from controller.kube import deep

log = logging.getLogger(__name__)


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
W = TypeVar("W", bound=msgspec.Struct)
A = TypeVar("A")
B = TypeVar("B")


@dataclass(frozen=True, slots=True)
class Codec(Generic[T]):
    """Decodes JSON. The caller supplies it, so that it parses only the fields the caller needs.

    ``event``: one watch line (ADDED, MODIFIED or DELETED) -> its type and object.
    ``page``: one page of a list -> its objects, continue token ("" at the end), resourceVersion.
    """

    event: Callable[[bytes], tuple[str, T]]
    page: Callable[[bytes], tuple[list[T], str, str]]


def listed(items: list[T], meta: Mapping[str, Any]) -> tuple[list[T], str, str]:
    """What `Codec.page` returns, from the objects and the metadata of a page."""
    return items, meta.get("continue") or "", meta.get("resourceVersion", "")


def json_codec(read: Callable[[dict[str, Any]], T]) -> Codec[T]:
    """The codec that parses whole objects and keeps what ``read`` makes of each."""

    def event(line: bytes) -> tuple[str, T]:
        parsed: dict[str, Any] = json.loads(line)
        return parsed["type"], read(parsed["object"])

    def page(raw: bytes) -> tuple[list[T], str, str]:
        found = deep.page(raw)
        return listed(list(each_read(read, found.items)), found.content["metadata"])

    return Codec(event=event, page=page)


class _Event(msgspec.Struct, Generic[W]):
    type: str
    object: W


class _Page(msgspec.Struct, Generic[W]):
    metadata: dict[str, Any]
    items: list[W] | None = None


def struct_codec(wire: type[W], slim: Callable[[W], T]) -> Codec[T]:
    """The codec that parses only the fields of ``wire`` and keeps what ``slim`` makes of them. It
    is ten times as fast as the other, for the kind of which there are most events."""
    event_of = msgspec.json.Decoder(_Event[wire])  # type: ignore[valid-type]
    page_of = msgspec.json.Decoder(_Page[wire])  # type: ignore[valid-type]

    def event(line: bytes) -> tuple[str, T]:
        parsed = event_of.decode(line)
        return parsed.type, slim(parsed.object)

    def page(raw: bytes) -> tuple[list[T], str, str]:
        try:
            parsed = page_of.decode(raw)
            meta, wires = parsed.metadata, parsed.items or []
        except msgspec.ValidationError:
            # One object that cannot be read must not keep the others from being read.
            content: dict[str, Any] = json.loads(raw)
            meta, wires = content["metadata"], list(_readable(wire, content.get("items") or ()))
        return listed(list(each_read(slim, wires)), meta)

    return Codec(event=event, page=page)


def each_read(read: Callable[[A], B], items: Iterable[A]) -> Iterator[B]:
    """What ``read`` makes of each item. An item with which it fails is left out and logged: whoever
    wrote it must not keep the objects of others from being read."""
    for item in items:
        try:
            yield read(item)
        except Exception:
            log.exception("an object that cannot be read: %.200r", item)


def _readable(wire: type[W], items: Iterable[dict[str, Any]]) -> Iterator[W]:
    for raw in items:
        try:
            yield msgspec.convert(raw, wire)
        except msgspec.ValidationError as error:
            log.error("%s cannot be read: %s", raw["metadata"].get("name"), error)


@dataclass(frozen=True, slots=True)
class Sink(Generic[T]):
    """Receives changes. Exceptions that ``put`` and ``delete`` raise are logged, and the stream
    goes on. ``held(namespace)`` (None: all): key -> uid of the objects that the receiver has, also
    from elsewhere, as from the answer to a create. They too are gone when a list lacks them."""

    put: Callable[[T], None]
    delete: Callable[[str, str], None]
    held: Callable[[str | None], Mapping[str, str]] = lambda _: {}
