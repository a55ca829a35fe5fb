"""Writes JSON as Go's ``encoding/json`` does.

The API server stores the ``data`` of a ControllerRevision as the bytes that it received, and
refuses to change them. When it patches such an object, it serializes the data again with Go and
compares the bytes: different bytes for the same value are refused as a change. So this program
sends the bytes that Go would write.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from json.encoder import encode_basestring
from typing import Any, Final

#: The characters that Go escapes although JSON does not require it. Go leaves all other characters
#: beyond ASCII as they are.
_ESCAPED: Final = str.maketrans(
    {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
)
#: Whole numbers from here on do not fit into Go's int64; Go writes them as floats.
_INT64: Final = 2**63


def dump(value: Any) -> bytes:
    """The bytes that Go writes for JSON data: sorted keys, no white space. Raises ``TypeError``
    if the value is not JSON data."""
    return _text(value).encode()


def _text(node: Any) -> str:
    if isinstance(node, str):
        return encode_basestring(node).translate(_ESCAPED)
    if isinstance(node, Mapping):
        return "{" + ",".join(f"{_text(key)}:{_text(node[key])}" for key in sorted(node)) + "}"
    if isinstance(node, list | tuple):
        return "[" + ",".join(map(_text, node)) + "]"
    if node is None or isinstance(node, bool):
        return {None: "null", True: "true", False: "false"}[node]
    if isinstance(node, int) and -_INT64 <= node < _INT64:
        return str(node)
    if isinstance(node, int | float):
        return _float(float(node))
    raise TypeError(f"not JSON: {node!r}")


def _float(number: float) -> str:
    """The shortest digits that stand for this number, as in Python; Go uses an exponent only below
    1e-6 and from 1e21 on."""
    shortest = repr(number)
    if number == 0:
        return "0"  # Go reads -0 as the whole number 0, which has no sign.
    if 1e-6 <= abs(number) < 1e21:
        plain = format(Decimal(shortest), "f")
        return plain.removesuffix(".0")
    return shortest.replace("e-0", "e-")
