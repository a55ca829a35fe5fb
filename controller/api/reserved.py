"""Reserved fields: fields of later versions, which this version refuses in `spec`.

The API server silently drops fields that are not in the schema. A manifest for a newer Echelon
would seem to be accepted, and status fields written by a newer operator would be lost. So the
schema contains the reserved fields: in `spec` a rule refuses each of them by name, in `status` they
are kept. They have no defaults. To implement a reserved field, move it from `reserved_fields.py`
to the models.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy

from controller.api.reserved_fields import Fields, Words
from controller.api.rules import Rule, Rules
from controller.api.schema import Schema, at


def refuse(schema: Schema, fields: Fields, words: Words) -> Rules:
    """Add reserved fields and enum words of `spec` to a schema. Returns the rules that refuse
    them."""
    refusals: dict[str, tuple[Rule, ...]] = {}
    for path, properties in fields.items():
        for name, field in properties.items():
            text = f"Not yet supported; leave it out. {field['description']}"
            at(schema, path)["properties"][name] = {**deepcopy(field), "description": text}
        refusals[path] = tuple(_refusal(path, name) for name in properties)
    for path, (more, rule) in words.items():
        _allow(schema, path, more)
        parent = path.rpartition(".")[0]
        refusals[parent] = (*refusals.get(parent, ()), rule)
    return refusals


def keep(schema: Schema, fields: Fields, words: Mapping[str, Iterable[str]]) -> None:
    """Add reserved fields and enum words of `status` to a schema."""
    for path, properties in fields.items():
        at(schema, path)["properties"].update(deepcopy(dict(properties)))
    for path, more in words.items():
        _allow(schema, path, more)


def _allow(schema: Schema, path: str, words: Iterable[str]) -> None:
    node = at(schema, path)
    node["enum"] = [*node["enum"], *words]


def _refusal(path: str, name: str) -> Rule:
    message = f"{path}.{name} is not yet supported; leave it out"
    return Rule(f"!has(self.{name})", message, f".{name}")
