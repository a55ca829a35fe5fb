"""Fields that a manifest leaves out, and that stay all the same, because a person set them once.

A server-side apply removes only what an earlier apply of the same manager has named. What came by
`kubectl apply`, `kubectl edit` or `kubectl create` belongs to that manager, and stays.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from controller.cli import owners
from controller.cli.manifest import Manifest
from controller.cli.output import Object, note
from controller.escapes import clean

_ABSENT: Final = object()


def tell(stored: Object, manifest: Manifest) -> None:
    """A note for each such field of the Job that an apply would leave, or has left."""
    at = f"{manifest.name} -n {stored['metadata']['namespace']}"
    for path, manager in kept(stored, manifest.obj).items():
        note(
            clean(
                f"warning: {manifest.source} has no {path}, but the Job keeps it: it was set by "
                f"{owners.called(manager)}; remove it with `kubectl edit ejob {at}`"
            )
        )


def kept(stored: Object, wanted: Object) -> dict[str, str]:
    """Path below ``spec`` -> manager, for each field of ``stored`` that ``wanted`` does not have
    and that a person set, not with this program. Of a whole subtree only its root is named."""
    found: dict[str, str] = {}
    for entry in owners.by_hand(stored):
        fields = (entry.get("fieldsV1") or {}).get("f:spec") or {}
        for path in _missing(fields, stored.get("spec"), wanted.get("spec") or {}, "spec"):
            found.setdefault(path, str(entry.get("manager")))
    return found


def _missing(fields: Any, stored: Any, wanted: Any, path: str) -> Iterator[str]:
    """The paths of ``fieldsV1`` that ``stored`` has and ``wanted`` has not."""
    for key, below in fields.items():
        kind, _, name = key.partition(":")
        if kind == "f" and isinstance(stored, dict) and isinstance(wanted, dict):
            where = f"{path}.{name}"
            old, new = stored.get(name, _ABSENT), wanted.get(name, _ABSENT)
        elif kind == "k":
            where = f"{path}[{name}]"
            old, new = _item(stored, json.loads(name)), _item(wanted, json.loads(name))
        else:
            continue
        if old is _ABSENT:
            continue
        if new is _ABSENT or new is None:
            yield where
        else:
            yield from _missing(below, old, new, where)


def _item(items: Any, keys: Object) -> Any:
    """The item of a list that has these values."""
    for each in items if isinstance(items, list) else ():
        if isinstance(each, dict) and keys.items() <= each.items():
            return each
    return _ABSENT
