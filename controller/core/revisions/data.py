"""The ``data`` of a ControllerRevision: a pod template, and what else shapes the pods (§1 of the
contract).

Without overlays and constraints ``data`` is the template. Else it is the template with one more
key, ``echelon``, that holds them::

    {"metadata": …, "spec": …, "echelon": {"overlays": […], "constraints": […]}}

Claim templates are volumes of the template (`claims`).

The digest of a revision covers ``data`` in its canonical form: that of the template (`revision`),
but the nulls inside a ``patch`` stay, because there null deletes a field.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from controller.api.lenient import items, part
from controller.core.revisions.claims import with_volumes
from controller.core.revisions.revision import canonical, dumped, pruned

Object = dict[str, Any]

KEY: Final = "echelon"
TEMPLATE: Final = "template"
OVERLAYS: Final = "overlays"
CONSTRAINTS: Final = "constraints"
CLAIMS: Final = "volumeClaimTemplates"
#: The fields that this version knows, below `KEY` and in the items of its lists.
_KNOWN: Final = {
    OVERLAYS: frozenset({"name", "instances", "match", "patch"}),
    CONSTRAINTS: frozenset({"key", "limit"}),
}
_PATCH: Final = "patch"
# Most revisions have no such key at all: their text need not be read.
_MARK: Final = f'"{KEY}":'.encode()


def of_spec(
    template: Object,
    overlays: Sequence[Object] = (),
    constraints: Sequence[Object] = (),
    claims: Sequence[Object] = (),
) -> bytes:
    """The canonical data of a Job's spec; all as they are in JSON. ``claims``: templates of
    PersistentVolumeClaims. Raises ``ValueError`` for NaN and infinities."""
    template = with_volumes(template, claims)
    parts = {OVERLAYS: list(overlays), CONSTRAINTS: list(constraints)}
    parts = {name: items for name, items in parts.items() if items}
    return of_data({**template, KEY: parts}) if parts else canonical(template)


def of_job(spec: Object) -> bytes:
    """The canonical data of a Job's spec as it was read; a part that is of another type counts as
    absent. Raises as `of_spec`."""
    parts = (items(spec, field) for field in (OVERLAYS, CONSTRAINTS, CLAIMS))
    return of_spec(part(spec, TEMPLATE), *parts)


def without(spec: Object) -> Object:
    """A Job's spec without what the data of its revision has. A part of another type stays, so that
    who reads the spec finds it invalid."""
    read = {TEMPLATE: part, OVERLAYS: items, CONSTRAINTS: items}
    kept = {name: value for name, value in spec.items() if name in read}
    return {**spec, **{n: type(v)() for n, v in kept.items() if v == read[n](spec, n)}}


def of_data(data: Any) -> bytes:
    """The canonical form of the data of a stored ControllerRevision. What is no object counts as an
    empty one."""
    text = canonical(data)
    if _MARK not in text or not isinstance(parts := data.get(KEY), dict):
        return text
    whole = json.loads(text)
    whole[KEY] = {name: _part(name, value) for name, value in parts.items() if value is not None}
    return dumped(whole)


def is_shaped(data: bytes) -> bool:
    """Whether canonical data has more than a template."""
    return _MARK in data and bool(split(data)[1])


def likeness(data: bytes) -> bytes:
    """What canonical data have in common that are `alike`: the data without constraints, and with
    the overlays sorted."""
    template, parts = split(data)
    overlays = sorted(parts.get(OVERLAYS, ()), key=dumped)
    return of_data({**json.loads(template), KEY: {OVERLAYS: overlays}}) if overlays else template


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
    for name, each in sorted(parts.items()):
        if name not in _KNOWN or not isinstance(each, list):
            return f"{KEY}.{name}"
        for item in each:
            if not isinstance(item, dict):
                return f"{KEY}.{name}[]"
            if more := sorted(item.keys() - _KNOWN[name]):
                return f"{KEY}.{name}[].{more[0]}"
    return ""


def alike(one: bytes, other: bytes) -> bool:
    """Whether two canonical data differ at most in constraints and in the order of the overlays:
    what is known bad of one is known bad of the other."""
    return one == other or likeness(one) == likeness(other)


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
