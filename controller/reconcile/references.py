"""Owner references of created objects, and the subjects of Events and log lines."""

from __future__ import annotations

from typing import Any

from controller.api import labels
from controller.api.job import KIND
from controller.reconcile.entry import Entry


def reference(entry: Entry, update: str | None) -> dict[str, Any] | None:
    """The ObjectReference of the Job, or of its Update named ``update``, for an Event. Returns None
    if the object does not exist."""
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
    """The ``extra`` fields of a log line about the Job or its Update named ``update``."""
    about: dict[str, Any] = {"job": "/".join(entry.key)}
    return about if update is None else {**about, "update": f"{entry.key[0]}/{update}"}


def owner_reference(entry: Entry) -> dict[str, Any]:
    """The owner reference to the Job as controller; the garbage collector uses it."""
    assert entry.job is not None
    return {
        "apiVersion": labels.API_VERSION,
        "kind": KIND,
        "name": entry.key[1],
        "uid": entry.job.metadata.uid,
        "controller": True,
        "blockOwnerDeletion": True,
    }
