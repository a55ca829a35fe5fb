"""Who owns what the operator makes, and whom an Event or a line of the log speaks of."""

from __future__ import annotations

from typing import Any

from controller.api import labels
from controller.api.job import KIND
from controller.reconcile.entry import Entry


def reference(entry: Entry, update: str | None) -> dict[str, Any] | None:
    """What an Event is about: the Job, or one of its Updates; None: it is not there."""
    if update is None:
        kind, name = KIND, entry.key[1]
        uid = entry.uid or None
    else:
        known = entry.updates.get(update)
        kind, name, uid = "Update", update, known.uid if known else None
    if uid is None:
        return None
    return {
        "apiVersion": labels.API_VERSION,
        "kind": kind,
        "namespace": entry.key[0],
        "name": name,
        "uid": uid,
    }


def about_line(entry: Entry, update: str | None = None) -> dict[str, Any]:
    """Whom a log line speaks of."""
    about: dict[str, Any] = {"job": "/".join(entry.key)}
    return about if update is None else {**about, "update": f"{entry.key[0]}/{update}"}


def owner_reference(entry: Entry) -> dict[str, Any]:
    """The Job as the controller of what it makes; the garbage collector follows it."""
    assert entry.job is not None
    return {
        "apiVersion": labels.API_VERSION,
        "kind": KIND,
        "name": entry.key[1],
        "uid": entry.job.metadata.uid,
        "controller": True,
        "blockOwnerDeletion": True,
    }
