"""The structural schema of a model: the subset of OpenAPI that the API server accepts."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from controller.api.ids import NONE, Ids
from controller.api.meta import IntOrPercent, Model, Time
from controller.api.schema import at, object_with, structural


class Colour(StrEnum):
    """A colour."""

    RED = "Red"


class Leaf(Model):
    """A leaf."""

    size: Annotated[IntOrPercent | None, Field(description="How big.")] = None
    colour: Annotated[Colour, Field(description="Which colour.")] = Colour.RED
    ids: Ids = NONE


class Inner(Model):
    """An inner node
    of the tree.

    It has leaves.
    """

    leaves: Annotated[tuple[Leaf, ...], Field(max_length=3)] = ()
    count: Annotated[int, Field(ge=0, description="How many.")] = 2


class Tree(Model):
    """A tree."""

    inner: Inner = Inner()
    maybe: Leaf | None = None
    free: dict[str, Any]
    names: dict[str, Ids] | None = None
    when: Time | None = None


def test_references_optional_types_and_titles_are_gone() -> None:
    schema = structural(Tree, {})
    assert at(schema, "inner.leaves[]")["properties"] == {
        "size": {
            "x-kubernetes-int-or-string": True,
            "minimum": 0,
            "pattern": "^(0|[1-9][0-9]?|100)%$",
            "description": "How big.",
        },
        "colour": {"type": "string", "enum": ["Red"], "description": "Which colour."},
        "ids": {
            "type": "string",
            "pattern": "^([0-9]{1,4}(-[0-9]{1,4})?(,[0-9]{1,4}(-[0-9]{1,4})?)*)?$",
        },
    }
    assert at(schema, "maybe")["properties"] == at(schema, "inner.leaves[]")["properties"]
    assert at(schema, "names")["additionalProperties"]["type"] == "string"
    assert at(schema, "when") == {"type": "string", "format": "date-time"}
    assert at(schema, "free") == {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    assert schema["required"] == ["free"]
    assert {"$ref", "$defs", "anyOf", "title", "default"}.isdisjoint(keys(schema))


def test_a_docstring_is_a_description_without_line_breaks() -> None:
    inner = at(structural(Tree, {}), "inner")
    assert inner["description"] == "An inner node of the tree.\n\nIt has leaves."


def test_defaults_are_only_where_the_caller_asks_for_them() -> None:
    count = at(structural(Tree, {"inner": ["count"]}), "inner.count")
    assert count["default"] == 2
    assert count["description"] == "How many. Default: 2."


def test_an_object_with_some_known_properties_keeps_all_others() -> None:
    assert object_with("a", a={"type": "string"}) == {
        "type": "object",
        "x-kubernetes-preserve-unknown-fields": True,
        "required": ["a"],
        "properties": {"a": {"type": "string"}},
    }


def keys(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        for key, value in schema.items():
            yield key
            yield from keys(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from keys(value)
