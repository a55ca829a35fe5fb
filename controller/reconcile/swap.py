"""Compare-and-swap of a status: it is written only to the version that was decided on."""

from __future__ import annotations

from typing import Any

from controller.api.job import Job, JobStatus
from controller.api.meta import ObjectMeta, wire
from controller.api.update import Update, UpdateStatus
from controller.kube.client import Client
from controller.kube.errors import Conflict
from controller.reconcile.merge import merge_patch
from controller.resource import Resource


def check(stored: Job | Update | None, observed: Job | Update) -> None:
    """Raise ``Conflict`` unless the store still has the version that was decided on."""
    now, meta = stored.metadata if stored else ObjectMeta(), observed.metadata
    if (now.uid, now.resource_version) != (meta.uid, meta.resource_version):
        raise Conflict(409, "Conflict", f"{meta.name} has changed since the decision")


def change(old: JobStatus | UpdateStatus, new: JobStatus | UpdateStatus) -> dict[str, Any]:
    """The merge patch from one status to another."""
    # Unset fields are left out: a default of the model is not a field of the stored object.
    stored, wanted = old.model_dump(mode="json", by_alias=True, exclude_unset=True), wire(new)
    # What cannot be read there would stay under what is merged into it, and spoil it again.
    stored |= {name: raw for name, raw in old._unread.items() if name in wanted}
    return merge_patch(stored, wanted)


async def status(
    client: Client, resource: Resource, of: ObjectMeta, patch: dict[str, Any]
) -> dict[str, Any]:
    """Merge ``patch`` into the status of the object if it still is the version ``of``. Returns the
    object as stored. Raises ``ApiError``: ``Conflict`` if it is another version."""
    body = {
        "metadata": {"uid": of.uid, "resourceVersion": of.resource_version},
        "status": patch,
    }
    return await client.patch(resource, of.namespace, of.name, body, subresource="status")
