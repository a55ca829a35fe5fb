"""The ``data`` of a ControllerRevision: a pod template, and what else shapes the pods (§1 of the
contract).

Without overlays and constraints ``data`` is the template. Else it is the template with one more
key, ``echelon``, that holds them::

    {"metadata": …, "spec": …, "echelon": {"overlays": […], "constraints": […]}}

The digest of a revision covers ``data`` in its canonical form: that of the template (`revision`),
but the nulls inside a ``patch`` stay, because there null deletes a field.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from controller.core.revisions.revision import canonical, dumped, pruned

Object = dict[str, Any]

KEY: Final = "echelon"
OVERLAYS: Final = "overlays"
CONSTRAINTS: Final = "constraints"
#: The fields that this version knows, below `KEY` and in the items of its lists.
_KNOWN: Final = {
    OVERLAYS: frozenset({"name", "instances", "match", "patch"}),
    CONSTRAINTS: frozenset({"key", "limit"}),
}
_PATCH: Final = "patch"
# Most revisions have no such key at all: their text need not be read.
_MARK: Final = f'"{KEY}":'.encode()


def of_spec(
    template: Object, overlays: Sequence[Object] = (), constraints: Sequence[Object] = ()
) -> bytes:
    """The canonical data of a Job's spec; all as they are in JSON. Raises ``ValueError`` for NaN
    and infinities."""
    parts = {OVERLAYS: list(overlays), CONSTRAINTS: list(constraints)}
    parts = {name: items for name, items in parts.items() if items}
    return of_data({**template, KEY: parts}) if parts else canonical(template)


def of_data(data: Any) -> bytes:
    """The canonical form of the data of a stored ControllerRevision. What is no object counts as an
    empty one."""
    text = canonical(data)
    if _MARK not in text or not isinstance(parts := data.get(KEY), dict):
        return text
    whole = json.loads(text)
    whole[KEY] = {name: _part(name, value) for name, value in parts.items() if value is not None}
    return dumped(whole)


def template_of(data: bytes) -> bytes:
    """The canonical template in canonical data."""
    return split(data)[0]


def split(data: bytes) -> tuple[bytes, Object]:
    """The canonical template, and what is below ``echelon``; {} if there is nothing."""
    if _MARK not in data:
        return data, {}
    whole = json.loads(data)
    parts = whole.pop(KEY, None)
    return (dumped(whole), parts) if isinstance(parts, dict) else (data, {})


def unknown(data: Any) -> str:
    """The first field below ``echelon`` that only a newer version of this program understands, such
    as ``echelon.lifecycle`` or ``echelon.overlays[].until``; "" if there is none. ``data``: of a
    ControllerRevision, as it was read."""
    parts = data.get(KEY) if isinstance(data, dict) else None
    if parts is None:
        return ""
    if not isinstance(parts, dict):
        return KEY
    for name, items in sorted(parts.items()):
        if name not in _KNOWN or not isinstance(items, list):
            return f"{KEY}.{name}"
        for item in items:
            if not isinstance(item, dict):
                return f"{KEY}.{name}[]"
            if more := sorted(item.keys() - _KNOWN[name]):
                return f"{KEY}.{name}[].{more[0]}"
    return ""


def alike(one: bytes, other: bytes) -> bool:
    """Whether two canonical data differ at most in constraints and in the order of the overlays:
    what is known bad of one is known bad of the other."""
    return one == other or _compared(one) == _compared(other)


def _compared(data: bytes) -> tuple[bytes, list[bytes]]:
    template, parts = split(data)
    return template, sorted(dumped(each) for each in parts.get(OVERLAYS, ()))


def _part(name: str, value: Any) -> Any:
    if name != OVERLAYS or not isinstance(value, list):
        return pruned(value)
    return [_overlay(item) if isinstance(item, dict) else pruned(item) for item in value]


def _overlay(overlay: Object) -> Object:
    return {
        name: pruned(value, nulls=name == _PATCH)
        for name, value in overlay.items()
        if value is not None
    }
