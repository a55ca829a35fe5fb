"""Fields that a later version will obey: in the schema from the first on, refused in `spec`.

A field that a schema lacks is dropped by the API server without a word: a manifest for a newer
Echelon would seem to be taken, and what a newer operator wrote into a status would get lost. So
each has its place: in `spec` a rule refuses it by name, in `status` it is kept. None has a default.
Who builds one takes it out of `reserved_fields.py` and into the models.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy

from controller.api.reserved_fields import Fields, Words
from controller.api.rules import Rule, Rules
from controller.api.schema import Schema, at


def refuse(schema: Schema, fields: Fields, words: Words) -> Rules:
    """Put fields and words of `spec` into a schema; gives the rules that refuse them."""
    found: dict[str, tuple[Rule, ...]] = {}
    for path, properties in fields.items():
        for name, field in properties.items():
            text = f"Not yet supported; leave it out. {field['description']}"
            at(schema, path)["properties"][name] = {**deepcopy(field), "description": text}
        found[path] = tuple(_refusal(path, name) for name in properties)
    for path, (more, rule) in words.items():
        _allow(schema, path, more)
        parent = path.rpartition(".")[0]
        found[parent] = (*found.get(parent, ()), rule)
    return found


def keep(schema: Schema, fields: Fields, words: Mapping[str, Iterable[str]]) -> None:
    """Put fields and words of `status` into a schema."""
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
