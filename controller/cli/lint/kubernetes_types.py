"""Kubernetes' own types inside of our objects: metadata, and the pods of a template.

The CRD keeps everything in a template, so only the API server's answer to a pod shows a wrong
field there. Offline the types of the Python client of Kubernetes stand in for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final

from kubernetes import client as _client

from controller.cli.lint.findings import Problem
from controller.cli.lint.schema import described, unknown, wanted
from controller.cli.yaml_nodes import Path

# The package has no annotations.
_models: Any = _client

_OF: Final = re.compile(r"(?P<outer>list|dict)[\[(](?:str, *)?(?P<inner>.+)[\])]", re.IGNORECASE)
_PLAIN: Final = {
    "str": (str, "string"),
    "int": (int, "integer"),
    "bool": (bool, "boolean"),
    "float": (float, "number"),
    "datetime": (str, "string"),
}
#: Fields with quantities, which may be numbers although the types say text.
_QUANTITIES: Final = frozenset({"limits", "requests", "overhead", "capacity", "sizeLimit"})


def problems(value: Any, kind: str, path: Path) -> Iterator[Problem]:
    """Unknown and missing fields and wrong types. ``kind``: as the client names it, such as
    ``V1PodTemplateSpec`` or ``list[V1Container]``. A null counts as absent, as in Kubernetes."""
    if value is None or kind == "object" or (path and path[-1] == "divisor"):
        return
    if found := _OF.fullmatch(kind):
        yield from _several(value, found["outer"].lower(), found["inner"], path)
    elif kind in _PLAIN:
        plain, name = _PLAIN[kind]
        accepted = (int, float) if plain is float else (plain,)
        quantity = _QUANTITIES.intersection(map(str, path[-2:])) and type(value) in (int, float)
        if type(value) not in accepted and not quantity:
            yield Problem(path, f"must be {wanted(name)}, not {described(value)}")
    elif not isinstance(value, dict):
        yield Problem(path, f"must be a map, not {described(value)}")
    else:
        yield from _fields(value, kind, path)


def _several(value: Any, outer: str, inner: str, path: Path) -> Iterator[Problem]:
    if not isinstance(value, list if outer == "list" else dict):
        kind = "array" if outer == "list" else "object"
        yield Problem(path, f"must be {wanted(kind)}, not {described(value)}")
        return
    items = enumerate(value) if isinstance(value, list) else value.items()
    for step, item in items:
        yield from problems(item, inner, (*path, step))


def _fields(value: dict[str, Any], kind: str, path: Path) -> Iterator[Problem]:
    fields = _fields_of(kind)
    for name, each in value.items():
        if name in fields:
            yield from problems(each, fields[name], (*path, name))
        else:
            yield Problem((*path, name), unknown(name, fields))
    for name in _required(kind):
        if value.get(name) is None:
            yield Problem((*path, name), "is required")


@lru_cache(maxsize=256)
def _fields_of(kind: str) -> dict[str, str]:
    """The fields of a type by their name in JSON, with their types."""
    model = getattr(_models, kind)
    return {model.attribute_map[name]: of for name, of in model.openapi_types.items()}


@lru_cache(maxsize=256)
def _required(kind: str) -> tuple[str, ...]:
    model = getattr(_models, kind)
    every = model.model_fields.items()
    return tuple(model.attribute_map[name] for name, field in every if field.is_required())
