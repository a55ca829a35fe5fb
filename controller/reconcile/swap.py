"""Compare-and-swap of a status: written only to the very version that was decided on."""

from __future__ import annotations

from typing import Any

from controller.api.job import Job, JobStatus
from controller.api.meta import ObjectMeta, wire
from controller.api.update import Update, UpdateStatus
from controller.kube.client import Client
from controller.kube.errors import Conflict
from controller.reconcile.merge import merge_patch
from controller.resource import Resource


def check(there: Job | Update | None, seen: Job | Update) -> None:
    """Raise ``Conflict`` unless what the store has is the version that was decided on."""
    mine, meta = there.metadata if there else ObjectMeta(), seen.metadata
    if (mine.uid, mine.resource_version) != (meta.uid, meta.resource_version):
        raise Conflict(409, "Conflict", f"{meta.name} is no longer what was decided on")


def change(old: JobStatus | UpdateStatus, new: JobStatus | UpdateStatus) -> dict[str, Any]:
    """The merge patch from one status to another."""
    # What is unset is not there: a default of ours is no field of theirs.
    there = old.model_dump(mode="json", by_alias=True, exclude_unset=True)
    return merge_patch(there, wire(new))


async def status(
    client: Client, resource: Resource, of: ObjectMeta, patch: dict[str, Any]
) -> dict[str, Any]:
    """Merge ``patch`` into the status of the object that still is the version ``of``; the object as
    it is now. Raises ``ApiError``: ``Conflict`` when it is another one."""
    body = {
        "metadata": {"uid": of.uid, "resourceVersion": of.resource_version},
        "status": patch,
    }
    return await client.patch(resource, of.namespace, of.name, body, subresource="status")
