"""The JSON merge patch that turns one status into another (RFC 7386)."""

from __future__ import annotations

from typing import Any


def merge_patch(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """The patch that turns ``old`` into ``new``: changed fields, and null for removed fields."""
    patch: dict[str, Any] = {key: None for key in old if key not in new}
    for key, value in new.items():
        before = old.get(key)
        if isinstance(value, dict) and isinstance(before, dict):
            if changed := merge_patch(before, value):
                patch[key] = changed
        elif key not in old or before != value:
            patch[key] = value
    return patch
