"""The CRDs' schemas offline: types, bounds, enums, required and unknown fields, and defaults.

Only what the schemas of Echelon use is implemented. The words are the API server's where it has
good ones.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from copy import deepcopy
from difflib import get_close_matches
from typing import Any, Final

from controller.api.schema import PRESERVE, Schema
from controller.api.text import shortened
from controller.cli.lint.findings import Problem
from controller.cli.yaml_nodes import Path

_TYPES: Final = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
}
_NAMES: Final = {
    dict: "a map",
    list: "a list",
    str: "text",
    bool: "true or false",
    int: "a number",
    float: "a number with a fraction",
    type(None): "null",
}


class OutOfBounds(Problem):
    """A number, or a percentage, that is too small or too large."""


def with_defaults(schema: Schema, value: Any) -> Any:
    """A copy of ``value`` with the defaults that the API server fills in. A null of a field that
    has a default counts as absent."""
    if isinstance(value, list) and "items" in schema:
        return [with_defaults(schema["items"], item) for item in value]
    if not isinstance(value, dict):
        return value
    properties = schema.get("properties", {})
    found = {}
    for name, given in value.items():
        node = properties.get(name, {})
        if given is not None or "default" not in node:
            found[name] = with_defaults(node, given)
    for name, node in properties.items():
        if "default" in node and name not in found:
            found[name] = with_defaults(node, deepcopy(node["default"]))
    return found


def problems(schema: Schema, value: Any, path: Path = ()) -> Iterator[Problem]:
    """What the API server would refuse, beyond CEL rules, and unknown fields."""
    if schema.get("x-kubernetes-int-or-string"):
        if type(value) not in (int, str):
            yield Problem(path, f"must be a number or a percentage, not {described(value)}")
            return
    elif "type" in schema and not _has_type(value, schema["type"]):
        yield Problem(path, f"must be {wanted(schema['type'])}, not {described(value)}")
        return
    yield from _bounds(schema, value, path)
    if isinstance(value, dict):
        yield from _map(schema, value, path)
    elif isinstance(value, list):
        yield from _list(schema, value, path)


def unknown(name: str, known: Collection[str]) -> str:
    """What to say of a field that does not exist, with the one that was probably meant."""
    close = get_close_matches(name, known, 1, 0.75)
    return f"unknown field; did you mean {close[0]}?" if close else "unknown field"


def described(value: Any) -> str:
    """What a value is, for ``must be …, not …``."""
    name = _NAMES.get(type(value), "something else")
    if isinstance(value, str):
        return f"the text {shortened(value, 40)!r}"
    return f"{name} ({value})" if isinstance(value, int | float) else name


def wanted(kind: str) -> str:
    return {
        "object": "a map",
        "array": "a list",
        "string": "text (write it in quotes)",
        "boolean": "true or false",
        "integer": "a whole number",
        "number": "a number",
    }[kind]


def _has_type(value: Any, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    if isinstance(value, float) and kind == "integer":
        return value.is_integer()
    return isinstance(value, _TYPES[kind])


def _bounds(schema: Schema, value: Any, path: Path) -> Iterator[Problem]:
    if "enum" in schema and value not in schema["enum"]:
        words = ", ".join(map(str, schema["enum"]))
        yield Problem(path, f"{value!r} is not supported; use one of {words}")
    if isinstance(value, int | float) and not isinstance(value, bool):
        if value < schema.get("minimum", value):
            yield OutOfBounds(path, f"must be at least {schema['minimum']}, not {value}")
        if value > schema.get("maximum", value):
            yield OutOfBounds(path, f"must be at most {schema['maximum']}, not {value}")
    if isinstance(value, str):
        size = len(value)
        if size < schema.get("minLength", 0):
            yield Problem(path, "must not be empty")
        if size > schema.get("maxLength", size):
            yield Problem(path, f"must have at most {schema['maxLength']} characters, not {size}")
        if "pattern" in schema and not re.search(schema["pattern"], value):
            if schema.get("x-kubernetes-int-or-string"):
                yield OutOfBounds(path, _no_share(schema, value))
            else:
                yield Problem(path, f"{shortened(value, 60)!r} does not match {schema['pattern']}")


def _no_share(schema: Schema, value: str) -> str:
    low = schema.get("minimum", 0)
    hint = " (without quotes)" if value.isdecimal() else ""
    return f'must be a number of at least {low}{hint}, or a percentage "{low}%" to "100%"'


def _map(schema: Schema, value: dict[str, Any], path: Path) -> Iterator[Problem]:
    properties = schema.get("properties", {})
    for name in schema.get("required", ()):
        if name not in value:
            yield Problem((*path, name), "is required")
    for name, each in value.items():
        if name in properties:
            yield from problems(properties[name], each, (*path, name))
        elif "additionalProperties" in schema:
            yield from problems(schema["additionalProperties"], each, (*path, name))
        elif not schema.get(PRESERVE):
            yield Problem((*path, name), unknown(name, properties))


def _list(schema: Schema, value: list[Any], path: Path) -> Iterator[Problem]:
    size = len(value)
    if size < schema.get("minItems", 0):
        yield Problem(path, f"must have at least {schema['minItems']} item")
    if size > schema.get("maxItems", size):
        yield Problem(path, f"must have at most {schema['maxItems']} items, not {size}")
    seen: set[str] = set()
    keys = schema.get("x-kubernetes-list-map-keys", ())
    for index, item in enumerate(value):
        yield from problems(schema.get("items", {}), item, (*path, index))
        if keys and isinstance(item, dict):
            key = ", ".join(f"{name} {item.get(name)!r}" for name in keys)
            if key in seen:
                yield Problem((*path, index), f"another item has the same {key}")
            seen.add(key)
