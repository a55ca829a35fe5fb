"""The structural OpenAPI v3 schema of a model, as a CustomResourceDefinition needs it.

pydantic writes JSON Schema. The API server accepts a subset of that: no ``$ref``, no ``title``, no
``null`` type, a type on every node. Defaults are dropped unless the caller asks for them: GitOps
tools would show a default inside a list item as a difference for ever, and a default in an override
(`Update.spec.policy`) would override fields that the user left out.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Collection, Mapping
from typing import Any

from controller.api.meta import Model

Schema = dict[str, Any]

PRESERVE = "x-kubernetes-preserve-unknown-fields"
_DROPPED = frozenset({"title", "default", "$defs", "additionalProperties", "const"})


def structural(model: type[Model], defaults: Mapping[str, Collection[str]]) -> Schema:
    """The schema of ``model``.

    ``defaults`` names, per path such as ``"spec.update"``, the properties whose default the API
    server fills in.
    """
    raw = model.model_json_schema(by_alias=True, mode="validation")
    schema = _node(raw, raw.get("$defs", {}))
    for path, names in defaults.items():
        bare = _at_raw(raw, path)["properties"]
        properties = at(schema, path)["properties"]
        for name in names:
            # If properties of the property have defaults, the API server fills them into {}.
            nested = f"{path}.{name}" in defaults
            default = {} if nested else _no_nulls(bare[name]["default"])
            properties[name]["default"] = default
            if default not in ({}, []):
                # kubectl explain does not show defaults by itself.
                properties[name]["description"] += f" Default: {_spoken(default)}."
    return schema


def at(schema: Schema, path: str) -> Schema:
    """The node at a path such as ``"spec.update.gates[]"``; ``""`` is the root."""
    for step in path.split(".") if path else ():
        name = step.removesuffix("[]")
        schema = schema["properties"][name]
        if step != name:
            schema = schema["items"]
    return schema


def object_with(*required: str, **properties: Schema) -> Schema:
    """The schema of an object with some known properties; the API server keeps all others."""
    schema: Schema = {"type": "object", PRESERVE: True}
    if required:
        schema["required"] = list(required)
    if properties:
        schema["properties"] = properties
    return schema


def _node(raw: Schema, defs: Mapping[str, Schema]) -> Schema:
    raw = _resolve(raw, defs)
    node = {key: value for key, value in raw.items() if key not in _DROPPED}
    if "description" in node:
        node["description"] = _one_line(node["description"])
    if "properties" in raw:
        node["properties"] = {name: _node(prop, defs) for name, prop in raw["properties"].items()}
    if "items" in raw:
        node["items"] = _node(raw["items"], defs)
    values = raw.get("additionalProperties")
    if values is True:
        node[PRESERVE] = True
    elif isinstance(values, dict):
        node["additionalProperties"] = _node(values, defs)
    return node


def _resolve(raw: Schema, defs: Mapping[str, Schema]) -> Schema:
    """Replace a reference or an optional type by its schema; keys beside it take precedence."""
    while "$ref" in raw or "anyOf" in raw:
        beside = {key: value for key, value in raw.items() if key not in ("$ref", "anyOf")}
        if "$ref" in raw:
            raw = {**defs[raw["$ref"].removeprefix("#/$defs/")], **beside}
        else:
            (only,) = (branch for branch in raw["anyOf"] if branch.get("type") != "null")
            raw = {**only, **beside}
    return raw


def _at_raw(raw: Schema, path: str) -> Schema:
    defs = raw["$defs"]
    node = raw
    for name in path.split("."):
        node = _resolve(node["properties"][name], defs)
    return node


def _no_nulls(default: Any) -> Any:
    if isinstance(default, dict):
        return {key: value for key, value in default.items() if value is not None}
    return default


def _spoken(default: Any) -> str:
    if isinstance(default, dict):
        return "{" + ", ".join(f"{key}: {value}" for key, value in default.items()) + "}"
    return default if isinstance(default, str) else json.dumps(default)


def _one_line(text: str) -> str:
    paragraphs = inspect.cleandoc(text).split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)
