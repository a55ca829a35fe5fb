"""Generates values.schema.json, with which Helm validates the values of installs and upgrades.

Unknown keys are refused at every level that the chart reads. For values that the chart passes to
Kubernetes (affinity, tolerations, …) the schema has only the outer shape; the API server validates
the rest.

Helm removes a value that is null. If the default is empty, null therefore means the default. All
other values are required, so that the error message names the missing value.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from hack.chart.rules import KNOWN, Schema
from hack.chart.values import Value

#: Values that may be null, because another value can replace them.
_OPTIONAL: Final = {"podDisruptionBudget.maxUnavailable"}

#: Values that Helm adds when this chart is a dependency of another chart.
_OF_HELM: Final[Schema] = {
    "global": {"type": "object", "description": "Values of a parent chart; not used."},
    "enabled": {"type": "boolean", "description": "The condition of a parent chart; not used."},
}


def of(values: Sequence[Value]) -> str:
    """The schema as JSON. Raises ``KeyError`` if a rule is about a value that does not exist."""
    if gone := set(KNOWN) - {value.name for value in values}:
        raise KeyError(
            f"hack/chart/rules.py has schemas of values that do not exist: {sorted(gone)}"
        )
    root: Schema = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Values of the chart echelon",
        "description": "Generated from values.yaml by `make chart`. Do not edit.",
        **_group(),
    }
    for value in values:
        group = root
        for name in value.path[:-1]:
            group = _part(group, name)
        allowed = _allowed(value)
        if _may_be_null(value):
            allowed = _or_null(allowed)
        else:
            group["required"].append(value.path[-1])
        group["properties"][value.path[-1]] = {"description": value.text, **allowed}
    root["properties"] |= _OF_HELM
    return json.dumps(root, indent=2, ensure_ascii=False) + "\n"


def _group() -> Schema:
    return {"type": "object", "additionalProperties": False, "required": [], "properties": {}}


def _part(group: Schema, name: str) -> Schema:
    """The subgroup ``name`` of a group; it is created if it does not exist."""
    if name not in group["properties"]:
        group["properties"][name] = _group()
        group["required"].append(name)
    part: Schema = group["properties"][name]
    return part


def _may_be_null(value: Value) -> bool:
    """Whether null is allowed: the default is a map, is empty, or the value is optional."""
    return isinstance(value.default, dict) or value.default in ("", []) or value.name in _OPTIONAL


def _or_null(schema: Schema) -> Schema:
    """The schema that also allows null. Helm keeps null for example in values of a parent chart."""
    if "anyOf" in schema:
        return {"anyOf": [*schema["anyOf"], {"type": "null"}]}
    more: Schema = {"type": [schema["type"], "null"]}
    if "enum" in schema:
        more["enum"] = [*schema["enum"], None]
    return schema | more


def _allowed(value: Value) -> Schema:
    """The schema of a value: the one in ``KNOWN``, otherwise one of the default's type."""
    if value.name in KNOWN:
        return KNOWN[value.name]
    match value.default:
        case bool():
            return {"type": "boolean"}
        case int():
            return {"type": "integer", "minimum": 0}
        case str():
            return {"type": "string"}
        case dict():
            return {"type": "object"}
    raise KeyError(f"hack/chart/rules.py has no schema for {value.name}")
