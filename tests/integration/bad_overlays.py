"""Overlays and constraints that the API server refuses."""

from __future__ import annotations

from typing import Any

Object = dict[str, Any]
OVERLAY: Object = {"name": "a", "instances": "0", "patch": {}}


def _overlays(*items: Object) -> Object:
    return {"spec": {"overlays": list(items)}}


def _constraints(*items: Object) -> Object:
    return {"spec": {"constraints": list(items)}}


#: The change, and texts that the refusal must contain; the first is the field.
OVERLAYS: dict[str, tuple[Object, tuple[str, ...]]] = {
    "an overlay for no instances": (
        _overlays({"name": "a", "patch": {}}),
        ("spec.overlays[0]", "exactly one of instances and match"),
    ),
    "an overlay for two kinds of instances": (
        _overlays(OVERLAY, {**OVERLAY, "name": "b", "match": "instance == 1"}),
        ("spec.overlays[1]", "exactly one of instances and match"),
    ),
    "an overlay without a patch": (
        _overlays({"name": "a", "instances": "0"}),
        ("spec.overlays[0].patch", "Required value"),
    ),
    "an overlay whose patch is a list": (
        _overlays({**OVERLAY, "patch": []}),
        ("spec.overlays[0].patch", "must be of type object"),
    ),
    "an overlay whose name is none": (
        _overlays({**OVERLAY, "name": "Canary"}),
        ("spec.overlays[0].name", "should match"),
    ),
    "two overlays of one name": (
        _overlays(OVERLAY, OVERLAY),
        ("spec.overlays[1]", "Duplicate value"),
    ),
    "17 overlays": (
        _overlays(*({**OVERLAY, "name": f"a{i}"} for i in range(17))),
        ("spec.overlays", "must have at most 16 items"),
    ),
    "a constraint without a limit": (
        _constraints({"key": "host"}),
        ("spec.constraints[0].limit", "Required value"),
    ),
    "a constraint of no instance": (
        _constraints({"key": "host", "limit": 0}),
        ("spec.constraints[0].limit", "greater than or equal to 1"),
    ),
    "two constraints of one key": (
        _constraints({"key": "host", "limit": 1}, {"key": "host", "limit": 2}),
        ("spec.constraints[1]", "Duplicate value"),
    ),
    "9 constraints": (
        _constraints(*({"key": f"rack{i}", "limit": 1} for i in range(9))),
        ("spec.constraints", "must have at most 8 items"),
    ),
}
