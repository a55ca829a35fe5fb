"""The parts of merging two lists that do not depend on what is in their items."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from controller.core.overlays.order import ordered
from controller.core.overlays.problem import PatchError

DIRECTIVE: Final = "$patch"
#: What is left of a value that has a directive, where the API server reads none.
DROPPED: Final = object()


@dataclass(frozen=True, slots=True)
class Merged:
    """A merged list before it is ordered. ``of_patch``: items in the order of the patch;
    ``before``: items in the order of the list before."""

    items: list[Any]
    of_patch: list[Any]
    before: list[Any]

    def in_order(self, key: str, path: str) -> list[Any]:
        """The items in their order. ``key``: the merge key; "" for a list of strings or numbers."""
        return ordered(
            self.items, self.of_patch, self.before, lambda item: identity(item, key, path)
        )


def identity(item: Any, key: str, path: str) -> Hashable:
    """By what an item is matched: the value of its merge key, or itself. 1, 1.0 and true differ."""
    value = item
    if key:
        if not isinstance(item, dict) or key not in item:
            raise PatchError(path, f"each item must have {key}, by which items are merged")
        value = item[key]
    if isinstance(value, dict | list):
        raise PatchError(path, f"{key or 'an item'} must be a string or a number")
    return type(value), value


def places(items: Iterable[Any], key: str, path: str) -> dict[Hashable, int]:
    """The place of the first item of each key."""
    found: dict[Hashable, int] = {}
    for place, item in enumerate(items):
        if key in item:
            found.setdefault(identity(item, key, path), place)
    return found


def distinct(values: Iterable[Any]) -> list[Any]:
    """The values, each once."""
    return list({(type(value), value): value for value in values}.values())


def of_objects(old: Sequence[Any], new: Sequence[Any], path: str) -> bool:
    """Whether the items are objects. Raises ``PatchError`` unless all have the same type."""
    types = {type(item) for item in (*old, *new)}
    if types & {list, type(None)}:
        raise PatchError(path, "an item must not be a list or null")
    if len(types) > 1:
        raise PatchError(path, "its items, with those of the template, must have one type")
    return dict in types


def without_special_items(
    old: list[Any], new: list[Any], key: str, path: str
) -> tuple[list[Any], list[Any]]:
    """Carry out the items of a patch that are directives. Returns what is left of the two lists."""
    given = [item for item in new if DIRECTIVE not in item]
    for item in new:
        if item.get(DIRECTIVE, "replace") == "replace":
            continue
        if item[DIRECTIVE] != "delete":
            raise PatchError(f"{path}.{DIRECTIVE}", "must be replace or delete in an item")
        gone = identity(item, key, path)
        old = [each for each in old if key not in each or identity(each, key, path) != gone]
    return (given, []) if replaces(new) else (old, given)


def replaces(new: Iterable[Any]) -> bool:
    """Whether an item of a patch says that the list is replaced."""
    return any(item.get(DIRECTIVE) == "replace" for item in new)


def without_directives(value: Any) -> Any:
    """The value without its objects that have a ``$patch``; ``DROPPED`` if it is one itself."""
    if isinstance(value, dict):
        if DIRECTIVE in value:
            return DROPPED
        parts = {key: without_directives(each) for key, each in value.items()}
        return {key: each for key, each in parts.items() if each is not DROPPED}
    if isinstance(value, list):
        items = (without_directives(each) for each in value)
        return [each for each in items if each is not DROPPED]
    return value


def check_order(items: Any, old: Any, order: Any, key: str, path: str) -> None:
    """Raise ``PatchError`` unless ``order`` can be the order of the patch's list ``items``, merged
    with ``old``: it must have all of them, in the same order."""
    if not all(isinstance(each, list) for each in (items, old, order)):
        raise PatchError(path, "it and the list that it orders must be lists")
    if of_objects([*items, *old], order, path) and not key:
        raise PatchError(path, "the objects of this list have no merge key")
    if not order:
        return
    left = [each for each in items if not (key and each.get(DIRECTIVE) == "delete")]
    at = 0
    for wanted in order:
        while at < len(left) and isinstance(left[at], dict) and DIRECTIVE in left[at]:
            at += 1
        if at < len(left) and identity(left[at], key, path) == identity(wanted, key, path):
            at += 1
    if at < len(left):
        raise PatchError(path, "it must have the items of the patch's list, in the same order")
