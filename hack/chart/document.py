"""Generates docs/helm-values.md: the values of the chart with their types and what is allowed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, Final

from hack.chart.values import Value

_INTRO: Final = """\
<!-- Generated from charts/echelon/values.yaml by `make chart`. Do not edit. -->
# Helm values

All values of the chart `charts/echelon`, from its `values.yaml` and `values.schema.json`. Helm checks each install and upgrade with that schema: it refuses unknown keys, other types and other words. `null` has the meaning of `""`, `[]` or `{}`; numbers, booleans and required names cannot be null. [helm.md](helm.md) says how to install, upgrade and remove the chart."""  # noqa: E501

#: YAML's names of JSON's types.
_NAMES: Final = {"array": "list", "object": "map"}

Schema = Mapping[str, Any]


def of(values: Sequence[Value], schema: str) -> str:
    """The document. ``schema`` is the text of values.schema.json."""
    return "\n".join([*_lines(values, json.loads(schema))]) + "\n"


def _lines(values: Sequence[Value], schema: Schema) -> Iterator[str]:
    yield _INTRO
    alone = [value for value in values if len(value.path) == 1]
    yield from _table("General", alone, schema)
    grouped = [value for value in values if len(value.path) > 1]
    for name, group in groupby(grouped, key=lambda value: value.path[0]):
        yield from _table(f"`{name}`", list(group), schema)


def _table(title: str, values: Sequence[Value], schema: Schema) -> Iterator[str]:
    yield from ("", f"## {title}", "", "| value | type | default | meaning |", "|---|---|---|---|")
    for value in values:
        kind = _kind(_at(schema, value.path))
        default = json.dumps(value.default, ensure_ascii=False)
        yield f"| `{value.name}` | {kind} | `{_cell(default)}` | {_cell(value.text)} |"


def _at(schema: Schema, path: Sequence[str]) -> Schema:
    for name in path:
        schema = schema["properties"][name]
    return schema


def _kind(node: Schema) -> str:
    """The type, or the words that are allowed. ``null`` is left out: the head speaks of it."""
    if "enum" in node:
        words = (word if word else '""' for word in node["enum"] if word is not None)
        return ", ".join(f"`{word}`" for word in words)
    if "anyOf" in node:
        kinds = [_kind(each) for each in node["anyOf"]]
        return " or ".join(dict.fromkeys(kind for kind in kinds if kind))
    named = node.get("type", "any")
    kinds = [named] if isinstance(named, str) else named
    return " or ".join(_NAMES.get(kind, kind) for kind in kinds if kind != "null")


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
