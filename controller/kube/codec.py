"""What an informer must know of the objects it passes on, and how bytes become objects."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar


class Keyed(Protocol):
    """``key`` names the object for as long as its name lives, ``uid`` this very object."""

    @property
    def key(self) -> str: ...
    @property
    def uid(self) -> str: ...
    @property
    def resource_version(self) -> str: ...


T = TypeVar("T", bound=Keyed)


@dataclass(frozen=True, slots=True)
class Codec(Generic[T]):
    """Given by who knows the objects, so that it can read just what is needed, fast.

    ``event``: one watch line (ADDED, MODIFIED or DELETED) -> its type and object.
    ``page``: one page of a list -> its objects, continue token ("" at the end), resourceVersion.
    """

    event: Callable[[bytes], tuple[str, T]]
    page: Callable[[bytes], tuple[list[T], str, str]]


@dataclass(frozen=True, slots=True)
class Sink(Generic[T]):
    """Where changes go. What it raises is logged; the stream goes on."""

    put: Callable[[T], None]
    delete: Callable[[str, str], None]
