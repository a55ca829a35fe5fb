"""The differences between two revisions, for people: the path, the old value and the new value.

Items of a list are matched by name if all of them have a unique name, as containers, volumes and
environment variables do. Any other list is compared as one value.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeGuard


class Absent:
    """The value of a field that is absent; it is no value of JSON."""

    def __repr__(self) -> str:
        return "absent"

    def __bool__(self) -> bool:
        return False


ABSENT: Final = Absent()


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference. ``path``: such as ``spec.containers[web].image``; a key with a dot or a
    bracket is quoted: ``metadata.labels["app.kubernetes.io/name"]``. An absent value is
    ``ABSENT``."""

    path: str
    old: Any
    new: Any


def compare(old: dict[str, Any], new: dict[str, Any]) -> tuple[Difference, ...]:
    """The differences between two templates, sorted by key.

    A subtree that was added or removed is one difference. If named items of a list only change
    places, that is one difference as well: the path of the list, and the names in order.
    """
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
    before, after = ({item["name"]: item for item in items} for items in (old, new))
    for name in [*before, *(name for name in after if name not in before)]:
        yield from _of(before.get(name, ABSENT), after.get(name, ABSENT), f"{path}[{name}]")
    old_order = [name for name in before if name in after]
    new_order = [name for name in after if name in before]
    if old_order != new_order:
        yield Difference(path, list(before), list(after))


def _is_same(old: Any, new: Any) -> bool:
    """Whether two values are equal as JSON. In Python, True equals 1."""
    if isinstance(old, Absent) or isinstance(new, Absent):
        return old is new
    return json.dumps(old, sort_keys=True) == json.dumps(new, sort_keys=True)


def _are_named(value: Any) -> TypeGuard[list[dict[str, Any]]]:
    """Whether the value is a list whose items have unique names."""
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        return False
    names = [item.get("name") for item in value]
    return all(isinstance(name, str) for name in names) and len(set(names)) == len(names)


def _below(path: str, key: str) -> str:
    if not key or any(letter in key for letter in '.[]"'):
        return f'{path}["{key}"]'
    return f"{path}.{key}" if path else key
