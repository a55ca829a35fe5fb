"""Kubernetes' own types inside of our objects: metadata, and the pods of a template.

The CRD keeps everything in a template, so only the API server's answer to a pod shows a wrong
field there. Offline the types of the Python client of Kubernetes stand in for it. They are those of
one version of Kubernetes: what a newer one may have is an `UnknownField`, and the API server, if it
is asked, is the judge.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from kubernetes import __version__ as _version
from kubernetes import client as _client

from controller.cli.lint.findings import Problem, Severity
from controller.cli.lint.schema import described, unknown, wanted
from controller.cli.yaml_nodes import Path

# The package has no annotations.
_models: Any = _client

#: The version of Kubernetes whose types these are: the client 37.x has those of 1.37.
VERSION: Final = f"1.{str(_version).partition('.')[0]}"

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


@dataclass(frozen=True, slots=True)
class UnknownField(Problem):
    """A field that the types do not have. An error if it is a slip of the pen; else a warning,
    because a newer Kubernetes may have it."""


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
            yield _unknown(name, fields, path)
    for name in _required(kind):
        if value.get(name) is None:
            yield Problem((*path, name), "is required")


def _unknown(name: str, known: Collection[str], path: Path) -> UnknownField:
    words = unknown(name, known)
    if any(_is_slip(name, each) for each in known):
        return UnknownField((*path, name), words)
    words = f"{words.replace('unknown field', f'Kubernetes {VERSION} has no such field', 1)}; "
    words += "a newer one may have it: `--server` asks yours"
    return UnknownField((*path, name), words, Severity.WARNING)


def _is_slip(name: str, field: str) -> bool:
    """Whether a name is a field but for upper and lower case, or one letter: no version has both.
    (It may have a plural beside the singular, as podIPs beside podIP.)"""
    if name.lower() == field.lower():
        return True
    if name == f"{field}s":
        return False
    pairs = enumerate(zip(name, field, strict=False))
    same = next((i for i, (one, other) in pairs if one != other), min(len(name), len(field)))
    ours, theirs = name[same:], field[same:]
    swapped = ours[:2] == theirs[:2][::-1] and ours[2:] == theirs[2:]
    one_letter = ours[1:] in (theirs, theirs[1:]) or ours == theirs[1:]
    return len(field) > 3 and (swapped or one_letter)


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
