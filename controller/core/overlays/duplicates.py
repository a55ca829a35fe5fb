"""Items of merged lists that occur twice: two containers of one name, two mounts at one path."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from controller.core.overlays.fields import UNKNOWN, Field
from controller.core.overlays.merge_keys import DEFINITIONS, ROOT
from controller.core.overlays.problem import below

#: The path of a list, and what identifies an item in it.
_Item = tuple[str, str]


def doubled(before: dict[str, Any], after: dict[str, Any]) -> _Item | None:
    """The first item that occurs twice in the template ``after`` and did not so in ``before``: the
    path of its list, and what both items have, such as ``name: web``."""
    had = Counter(_items(before, ROOT, ""))
    for item, count in Counter(_items(after, ROOT, "")).items():
        if count > 1 and count > had[item]:
            return item
    return None


def _items(node: dict[str, Any], type_: str, path: str) -> Iterator[_Item]:
    fields = DEFINITIONS.get(type_, {})
    for name, value in node.items():
        field, where = fields.get(name, UNKNOWN), below(path, name)
        if isinstance(value, dict) and not field.map_of:
            yield from _items(value, field.type, where)
        elif isinstance(value, list):
            yield from _of_list([item for item in value if isinstance(item, dict)], field, where)


def _of_list(items: list[dict[str, Any]], field: Field, path: str) -> Iterator[_Item]:
    for place, item in enumerate(items):
        name: object = place
        if field.merged and field.key in item:
            parts = {field.key: item[field.key]}
            parts |= {also: item.get(also) or default for also, default in field.also}
            yield path, ", ".join(f"{key}: {value}" for key, value in parts.items())
            name = item[field.key]
        yield from _items(item, field.type, f"{path}[{name}]")
