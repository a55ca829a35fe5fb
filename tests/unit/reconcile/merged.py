"""JSON merge patches as an API server applies them (RFC 7386)."""

from __future__ import annotations

from typing import Any


def merged(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """``old`` with the patch ``new``; neither is changed."""
    made = {k: v for k, v in old.items() if new.get(k, v) is not None}
    for key, value in new.items():
        if isinstance(value, dict):
            there = made.get(key)
            made[key] = merged(there if isinstance(there, dict) else {}, value)
        elif value is not None:
            made[key] = value
    return made
