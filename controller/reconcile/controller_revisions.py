"""Creates, updates, adopts and releases the ControllerRevisions of a Job.

Their ``data`` is sent as Go would write it, so that the API server accepts later patches (see
`controller.kube.go_json`). An earlier version of this program sent what Python writes. If that
differs from Go's bytes, the object cannot be patched; it is replaced as a whole, with the bytes
that Python writes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from controller.api import labels
from controller.api.job import KIND
from controller.core.model import plan
from controller.core.revisions import data as revision_data
from controller.kube import go_json
from controller.kube.client import Client
from controller.kube.errors import AlreadyExists, ApiError, Conflict, Invalid, NotFound
from controller.kube.resources import CONTROLLER_REVISIONS
from controller.reconcile.entry import Entry
from controller.reconcile.references import owner_reference
from controller.reconcile.revision_objects import RevisionWire, revision_of
from controller.reconcile.store import Store


@dataclass(frozen=True)
class ControllerRevisions:
    """Writes ControllerRevisions through one client and records the answers in one store. All
    methods raise ``ApiError``."""

    client: Client
    store: Store

    async def read(self, entry: Entry, name: str) -> None:
        """GET a ControllerRevision and keep its template."""
        raw = await self._get(entry, name)
        entry.keep_template(name, revision_data.of_data(raw.get("data") or {}))

    async def keep(self, entry: Entry, write: plan.EnsureRevision) -> None:
        """Create the ControllerRevision of the present template, or update an existing one so that
        it is the Job's newest."""
        namespace, ours = entry.key[0], _ours(entry)
        if notes := write.provenance.annotations:
            ours["annotations"] = notes
        try:
            if write.revision != entry.revision:
                raise AlreadyExists(409)
            body = {
                "apiVersion": "apps/v1",
                "kind": "ControllerRevision",
                "metadata": {"name": write.revision, "namespace": namespace, **ours},
                "data": json.loads(entry.template),
                "revision": write.number,
            }
            raw = await self.client.create(CONTROLLER_REVISIONS, namespace, go_json.dump(body))
        except AlreadyExists:
            raw = await self._take(entry, write, ours)
        self._put(raw)

    async def stamp(self, entry: Entry, write: plan.StampRevision) -> None:
        """Write the source of the present template to its ControllerRevision, unless another
        version of the object has it already."""
        notes = {labels.SOURCE: write.source}

        def stamped(live: dict[str, Any]) -> dict[str, Any] | None:
            has = live["metadata"].get("annotations", {}).get(labels.SOURCE)
            return None if has == write.source else {"annotations": notes}

        await self._each(entry, [write.revision], stamped)

    async def adopt(self, entry: Entry, names: Iterable[str]) -> None:
        """Adopt ControllerRevisions that a former Job of this name left, unless another controller
        owns them by now."""

        def adopted(live: dict[str, Any]) -> dict[str, Any] | None:
            free = revision_of(RevisionWire.model_validate(live)).free
            return _ours(entry) if free else None

        await self._each(entry, names, adopted)

    async def release(self, entry: Entry, names: Iterable[str]) -> None:
        """Remove the owner reference to the Job, which is being deleted with orphaned dependents.

        The garbage collector does this too, but by a patch, which some of the objects do not allow.
        """
        assert entry.job is not None
        uid = entry.job.metadata.uid

        def released(live: dict[str, Any]) -> dict[str, Any] | None:
            owners = live["metadata"].get("ownerReferences", ())
            others = [owner for owner in owners if owner["uid"] != uid]
            return {"ownerReferences": others} if len(others) < len(owners) else None

        await self._each(entry, names, released)

    async def _each(
        self,
        entry: Entry,
        names: Iterable[str],
        wanted: Callable[[dict[str, Any]], dict[str, Any] | None],
    ) -> None:
        """Read each object and change its metadata to what ``wanted`` returns for it, if not None.

        Objects that are gone are skipped. If an object changed in between, the store gets the new
        version, so that the next decision uses it.
        """
        for name in names:
            try:
                live = await self._get(entry, name)
                if (metadata := wanted(live)) is not None:
                    live = await self._change(live, metadata)
                self._put(live)
            except NotFound:
                continue
            except Conflict:
                self._put(await self._get(entry, name))

    async def _take(
        self, entry: Entry, write: plan.EnsureRevision, ours: dict[str, Any]
    ) -> dict[str, Any]:
        """Take over an existing ControllerRevision: the Job used it before, or a former Job of this
        name left it."""
        live = await self._get(entry, write.revision)
        owners = live["metadata"].get("ownerReferences", [])
        other = next((o for o in owners if o.get("controller") and o["kind"] != KIND), None)
        if other is not None:
            who = f"{other['kind']} {other['name']}"
            raise ApiError(
                409, "NameTaken", f"ControllerRevision {write.revision} belongs to {who}"
            )
        return await self._change(live, ours, write.number)

    async def _change(
        self, live: dict[str, Any], metadata: dict[str, Any], number: int | None = None
    ) -> dict[str, Any]:
        """Change the metadata, and ``.revision`` if ``number`` is given, by a compare-and-swap."""
        old = live["metadata"]
        namespace, name = old["namespace"], old["name"]
        changed = {"revision": live.get("revision", 0) if number is None else number}
        patch = {"metadata": {"resourceVersion": old["resourceVersion"], **metadata}, **changed}
        try:
            return await self.client.patch(CONTROLLER_REVISIONS, namespace, name, patch)
        except Invalid:
            maps = ("labels", "annotations")
            kept = {name: old.get(name, {}) | metadata.get(name, {}) for name in maps}
            whole = {**live, "metadata": {**old, **metadata, **kept}, **changed}
            # Written as Python does, because the stored data has these bytes, and the API server
            # accepts no others.
            body = json.dumps(whole, separators=(",", ":")).encode()
            return await self.client.replace(CONTROLLER_REVISIONS, namespace, name, body)

    async def _get(self, entry: Entry, name: str) -> dict[str, Any]:
        """The present ControllerRevision. If it is gone, the store drops it and ``NotFound`` is
        raised."""
        try:
            return await self.client.get(CONTROLLER_REVISIONS, entry.key[0], name)
        except NotFound:
            if (known := entry.revisions.get(name)) is not None:
                self.store.drop_revision(known.key, known.uid)
            raise

    def _put(self, raw: dict[str, Any]) -> None:
        self.store.put_revision(revision_of(RevisionWire.model_validate(raw)))


def _ours(entry: Entry) -> dict[str, Any]:
    """The metadata of a ControllerRevision that belongs to the Job."""
    return {
        "labels": {labels.JOB: entry.key[1], labels.MANAGED_BY: labels.MANAGER},
        "ownerReferences": [owner_reference(entry)],
    }
