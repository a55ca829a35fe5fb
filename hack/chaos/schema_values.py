"""Strategies for hypothesis, made from the OpenAPI schema of a CustomResourceDefinition.

``values`` gives what the schema allows, or nearly: in *wild* values some nodes have another type,
are out of bounds, or are null. ``changed`` gives a real object in which a few nodes are replaced by
such values, removed or repeated, as another client might have written it.

CEL rules are not looked at: what they refuse may have been stored before there was such a rule.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Any, Final

from hypothesis import strategies as st

from controller.api.schema import PRESERVE, Schema

Json = Any
Draw = Callable[[st.SearchStrategy[Any]], Any]

#: What is of no use in most places.
WRONG: Final[tuple[Json, ...]] = (
    None,
    True,
    -1,
    0,
    10**15,
    -(2**63),
    1.5,
    "",
    "Newer",
    "\u202e\x00\n{{echelon.nothing}}",
    "x" * 400,
    [],
    [None],
    {},
    {"": None},
    {"name": 7},
)
_RANGES: Final = (
    "",
    "0",
    "1",
    "0-1",
    "0-2",
    "1-2",
    "2",
    "5",
    "0-9999",
    "9999",
    "2-1",
    "1,1",
    "7,3",
)
_TIMES: Final = (
    "2026-01-02T03:04:05Z",
    "2025-06-15T15:06:30Z",
    "2025-06-15T15:07:00.123456Z",
    "2025-06-15T17:06:41+02:00",
    "1970-01-01T00:00:00Z",
    "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59Z",
    "9999-12-31T23:59:59-12:00",
    "2016-12-31T23:59:60Z",
)
#: For patterns of names.
_NAMES: Final = ("a", "smoke", "error-rate", "web-0")
_PERCENTS: Final = ("0%", "1%", "34%", "100%")
_LARGE: Final = (2**31 - 1, 2**31, 2**53, 2**63 - 1)
#: In one of so many nodes wild values are wrong.
_ODDS: Final = 12
_MOST_ITEMS: Final = 3
_MOST_FIELDS: Final = 5


def values(schema: Schema, words: Sequence[str], *, wild: bool = False) -> st.SearchStrategy[Json]:
    """Values of ``schema``. ``words``: texts that mean something, such as names of objects."""
    return _Maker(words, wild).strategy(schema)


@st.composite
def changed(draw: Draw, schema: Schema, real: Json, words: Sequence[str], wild: bool) -> Json:
    """``real`` with a few nodes changed. ``real`` itself stays as it is."""
    maker, value = _Maker(words, wild), deepcopy(real)
    for _ in range(draw(st.integers(1, 3))):
        value = _change(draw, maker, schema, value)
    return value


def _change(draw: Draw, maker: _Maker, schema: Schema, value: Json) -> Json:
    """``value`` with one node changed."""
    properties, items = schema.get("properties"), schema.get("items")
    if properties and isinstance(value, dict):
        # Half of the changes are of a field that is there.
        present = sorted(value.keys() & properties.keys())
        name = draw(st.sampled_from(sorted(properties)))
        if present and draw(st.booleans()):
            name = draw(st.sampled_from(present))
        how = draw(st.sampled_from(("within", "within", "replace", "remove")))
        if name in value and how == "remove":
            return {key: each for key, each in value.items() if key != name}
        if name in value and how == "within":
            return {**value, name: _change(draw, maker, properties[name], value[name])}
        return {**value, name: draw(maker.strategy(properties[name]))}
    if items and isinstance(value, list) and value:
        index = draw(st.integers(0, len(value) - 1))
        before, item, after = value[:index], value[index], value[index + 1 :]
        match draw(st.sampled_from(("within", "within", "add", "remove", "repeat"))):
            case "within":
                return [*before, _change(draw, maker, items, item), *after]
            case "add":
                return [*value, draw(maker.strategy(items))]
            case "remove":
                return before + after
        return [*value, deepcopy(item)]
    return draw(maker.strategy(schema))


class _Maker:
    """Makes the strategies for the nodes of one schema; each is made once."""

    def __init__(self, words: Sequence[str], wild: bool) -> None:
        self._words = tuple(words)
        self._wild = wild
        self._made: dict[int, tuple[Schema, st.SearchStrategy[Json]]] = {}

    def strategy(self, schema: Schema) -> st.SearchStrategy[Json]:
        if (known := self._made.get(id(schema))) is not None:
            return known[1]
        made = self._make(schema)
        if self._wild:
            made = self._maybe_wrong(made)
        # The schema is kept with it, so that its id stays its own.
        self._made[id(schema)] = schema, made
        return made

    def _maybe_wrong(self, right: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
        wrong = st.sampled_from(WRONG)
        return st.integers(1, _ODDS).flatmap(lambda n: wrong if n == _ODDS else right)

    def _make(self, schema: Schema) -> st.SearchStrategy[Json]:
        if "enum" in schema:
            return st.sampled_from(schema["enum"])
        if schema.get("x-kubernetes-int-or-string"):
            shares = [p for p in _PERCENTS if _fits(schema, p)]
            return st.one_of(self._integers(schema), st.sampled_from(shares))
        match schema.get("type"):
            case "object":
                return self._objects(schema)
            case "array":
                most = min(_MOST_ITEMS, schema.get("maxItems", _MOST_ITEMS))
                items = st.deferred(lambda: self.strategy(schema["items"]))
                return st.lists(items, min_size=schema.get("minItems", 0), max_size=most)
            case "integer":
                return self._integers(schema)
            case "number":
                least = schema.get("minimum", -1e9)
                return st.floats(least, 1e9, allow_nan=False, allow_infinity=False)
            case "boolean":
                return st.booleans()
            case "string":
                return self._strings(schema)
        return self._anything()

    def _integers(self, schema: Schema) -> st.SearchStrategy[int]:
        low, high = schema.get("minimum", -(2**63)), schema.get("maximum", 2**63 - 1)
        edges = [n for n in (low, 0, 1, 2, 3, 10, *_LARGE, high) if low <= n <= high]
        small = st.integers(max(low, -3), min(high, max(low, -3) + 20))
        return st.one_of(small, small, st.sampled_from(edges))

    def _strings(self, schema: Schema) -> st.SearchStrategy[str]:
        if schema.get("format") == "date-time":
            return st.sampled_from(_TIMES)
        known = [w for w in (*self._words, *_NAMES, *_RANGES, *_TIMES) if _fits(schema, w)]
        if "pattern" in schema:
            return st.sampled_from(known)
        low, high = schema.get("minLength", 0), min(30, schema.get("maxLength", 30))
        # No surrogates: the API server stores UTF-8.
        letters = st.characters(codec="utf-8")
        return st.one_of(st.sampled_from(known), st.text(letters, min_size=low, max_size=high))

    def _objects(self, schema: Schema) -> st.SearchStrategy[Json]:
        properties: Schema = schema.get("properties", {})
        rest = schema.get("additionalProperties")
        required = [name for name in schema.get("required", ()) if name in properties]
        optional = sorted(properties.keys() - set(required))
        if not (properties or rest or schema.get(PRESERVE)):
            return st.just({})
        keys = st.sampled_from((*self._words, *_TIMES, *map(str, range(4))))

        @st.composite
        def objects(draw: Draw) -> Json:
            names = list(required)
            if optional:
                fields = st.lists(st.sampled_from(optional), max_size=_MOST_FIELDS, unique=True)
                names += draw(fields)
            made = {name: draw(self.strategy(properties[name])) for name in names}
            if rest:
                made |= draw(st.dictionaries(keys, self.strategy(rest), max_size=2))
            if schema.get(PRESERVE) and draw(st.booleans()):
                made |= draw(st.dictionaries(keys, self._anything(), max_size=2))
            return made

        return objects()

    def _anything(self) -> st.SearchStrategy[Json]:
        return st.one_of(st.sampled_from(WRONG), st.sampled_from(self._words))


def _fits(schema: Schema, text: str) -> bool:
    if not schema.get("minLength", 0) <= len(text) <= schema.get("maxLength", len(text)):
        return False
    return "pattern" not in schema or re.search(schema["pattern"], text) is not None
