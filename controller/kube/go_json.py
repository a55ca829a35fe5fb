"""JSON as Go's ``encoding/json`` writes it.

The API server keeps the ``data`` of a ControllerRevision as the bytes that came and lets nobody
change them. When it patches such an object it writes the data anew, in Go's way, and compares:
other bytes for the same value are refused as a change. So they are sent as Go would write them.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from json.encoder import encode_basestring
from typing import Any, Final

#: What Go escapes beyond JSON's own rules; all else that is not ASCII stays as it is.
_ESCAPED: Final = str.maketrans(
    {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
)
#: From here on Go writes a whole number that is none of its int64 as a float.
_INT64: Final = 2**63


def dump(value: Any) -> bytes:
    """JSON data as Go's bytes: keys sorted, no white space. ``TypeError`` for what is no JSON."""
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
    """The shortest digits that mean this number, as Python finds them, too; an exponent only for
    very small and very large ones."""
    shortest = repr(number)
    if number == 0:
        return "0"  # It reads -0 as a whole number, which has no sign then.
    if 1e-6 <= abs(number) < 1e21:
        plain = format(Decimal(shortest), "f")
        return plain.removesuffix(".0")
    return shortest.replace("e-0", "e-")
