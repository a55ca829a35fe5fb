"""The bytes that Go's encoding/json writes; the examples come from a real API server."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.core.revisions.revision import canonical
from controller.kube import go_json

WRITTEN: list[tuple[Any, str]] = [
    ("a && b > /c < d", r'"a \u0026\u0026 b \u003e /c \u003c d"'),
    ("\u2028\u2029", r'"\u2028\u2029"'),
    ("\x00\x01\b\t\n\x0b\f\r\x1f", r'"\u0000\u0001\b\t\n\u000b\f\r\u001f"'),
    ("\x7f\x80é漢😀\uffff", '"\x7f\x80é漢😀\uffff"'),
    ("\"\\/'", '"\\"\\\\/\'"'),
    ({"😀": 1, "\uffff": 2, "é": 3, "z": 4, "": 6}, '{"":6,"z":4,"é":3,"\uffff":2,"😀":1}'),
    ({"z": 1, "A": 2, "<": 3}, r'{"\u003c":3,"A":2,"z":1}'),
    (
        [2**53 + 1, 2**63 - 1, -(2**63)],
        "[9007199254740993,9223372036854775807,-9223372036854775808]",
    ),
    ([2**63, 10**20, 10**21], "[9223372036854776000,100000000000000000000,1e+21]"),
    (12345678901234567890, "12345678901234567000"),
    ([0.1, 1e-5, 1e-6, 1e-7, 1.5e-10], "[0.1,0.00001,0.000001,1e-7,1.5e-10]"),
    ([1e16, 1e20, 1e21, 1.5e300], "[10000000000000000,100000000000000000000,1e+21,1.5e+300]"),
    ([1.0, -0.0, -0.25], "[1,0,-0.25]"),
    ([None, True, False, {}, [], ""], '[null,true,false,{},[],""]'),
]


@pytest.mark.parametrize(("value", "text"), WRITTEN)
def test_json_is_written_as_go_writes_it(value: Any, text: str) -> None:
    assert go_json.dump(value).decode() == text


def test_a_value_that_is_not_json_is_an_error() -> None:
    with pytest.raises(TypeError):
        go_json.dump({"a": object()})


_TEXT = st.text(st.characters(exclude_categories=["Cs"]))
_LEAF = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | _TEXT
_DATA = st.dictionaries(
    _TEXT, st.recursive(_LEAF, lambda d: st.lists(d) | st.dictionaries(_TEXT, d), max_leaves=8)
)


@given(_DATA)
def test_the_value_and_the_digest_stay_the_same(data: dict[str, Any]) -> None:
    read = json.loads(go_json.dump(data))
    assert read == data
    assert canonical(read) == canonical(data)
    assert go_json.dump(read) == go_json.dump(data)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_float_stays_the_same_number(number: float) -> None:
    assert float(json.loads(go_json.dump(number))) == number
