"""Placeholders in the strings of a pod template, such as ``{{echelon.instance}}``. They may have
blanks within their braces."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

#: Those that a pod template may have.
NAMES: Final = ("instance", "instances", "job", "namespace")
PLACEHOLDER: Final = re.compile(r"\{\{\s*echelon\.(" + "|".join(NAMES) + r")\s*\}\}")
_ANY: Final = re.compile(r"\{\{\s*echelon\.([^{}]*?)\s*\}\}")


def filled(node: Any, values: Mapping[str, str]) -> Any:
    """A copy of ``node`` with the placeholders in its strings replaced, but not in keys: if two
    keys became equal, a field would be lost."""
    if isinstance(node, str):
        return PLACEHOLDER.sub(lambda match: values[match[1]], node) if "{{" in node else node
    if isinstance(node, dict):
        return {key: filled(value, values) for key, value in node.items()}
    if isinstance(node, list):
        return [filled(item, values) for item in node]
    return node


def unknown(data: bytes) -> str:
    """Why the placeholders of a revision cannot be replaced, for a message that names the field and
    the mend; "" if they can. ``data``: of the revision, canonical."""
    if b"{{" not in data:
        return ""
    whole = json.loads(data)
    parts = whole.pop("echelon", None)
    for path, name in (*_unknown(whole, "spec.template"), *_unknown(parts, "spec")):
        known = ", ".join(f"{{{{echelon.{each}}}}}" for each in NAMES)
        return f"{path}: there is no placeholder {{{{echelon.{name}}}}}; use one of {known}"
    return ""


def _unknown(node: Any, path: str) -> Iterator[tuple[str, str]]:
    """Paths of strings with a placeholder that does not exist, and its name."""
    if isinstance(node, str):
        yield from ((path, name) for name in _ANY.findall(node) if name not in NAMES)
    elif isinstance(node, dict):
        for key, value in node.items():
            yield from _unknown(value, f"{path}.{key}")
    elif isinstance(node, list):
        for place, item in enumerate(node):
            yield from _unknown(item, f"{path}[{place}]")
