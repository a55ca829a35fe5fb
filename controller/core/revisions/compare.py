"""The difference between two revisions, for people: what is where, before and after.

Items of a list are matched by their name where all of them have one, as containers, volumes and
environment variables do; other lists are values of their own when they differ.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeGuard


class Absent:
    """What is not there: no value of JSON."""

    def __repr__(self) -> str:
        return "absent"

    def __bool__(self) -> bool:
        return False


ABSENT: Final = Absent()


@dataclass(frozen=True, slots=True)
class Difference:
    """``path`` as in ``spec.containers[web].image``; a key that holds a dot or a bracket is quoted:
    ``metadata.labels["app.kubernetes.io/name"]``. A value that is not there is ``ABSENT``."""

    path: str
    old: Any
    new: Any


def compare(old: dict[str, Any], new: dict[str, Any]) -> tuple[Difference, ...]:
    """What differs between two templates, in the order of the paths' keys. What is added or taken
    away whole is one difference; items with a name that only change places are one, too: the path
    of the list, with the names in their order."""
    return tuple(_of(old, new, ""))


def _of(old: Any, new: Any, path: str) -> Iterator[Difference]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted({*old, *new}):
            yield from _of(old.get(key, ABSENT), new.get(key, ABSENT), _below(path, key))
    elif _are_named(old) and _are_named(new):
        yield from _of_named(old, new, path)
    elif not _is_same(old, new):
        yield Difference(path, old, new)


def _of_named(
    old: list[dict[str, Any]], new: list[dict[str, Any]], path: str
) -> Iterator[Difference]:
    mine, theirs = ({item["name"]: item for item in items} for items in (old, new))
    for name in [*mine, *(name for name in theirs if name not in mine)]:
        yield from _of(mine.get(name, ABSENT), theirs.get(name, ABSENT), f"{path}[{name}]")
    stayed = [name for name in mine if name in theirs]
    order = [name for name in theirs if name in mine]
    if stayed != order:
        yield Difference(path, list(mine), list(theirs))


def _is_same(old: Any, new: Any) -> bool:
    """As JSON has it: to Python, True is 1."""
    if isinstance(old, Absent) or isinstance(new, Absent):
        return old is new
    return json.dumps(old, sort_keys=True) == json.dumps(new, sort_keys=True)


def _are_named(value: Any) -> TypeGuard[list[dict[str, Any]]]:
    """Whether it is a list whose items have names, each another."""
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        return False
    names = [item.get("name") for item in value]
    return all(isinstance(name, str) for name in names) and len(set(names)) == len(names)


def _below(path: str, key: str) -> str:
    if not key or any(letter in key for letter in '.[]"'):
        return f'{path}["{key}"]'
    return f"{path}.{key}" if path else key
