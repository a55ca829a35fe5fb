"""Makes, renews and releases the ControllerRevisions of a Job.

Their ``data`` is sent as Go would write it, so that the API server can patch them later, whoever
asks (see `controller.kube.go_json`). Those that an earlier version of this program made cannot be
patched when Python wrote something otherwise than Go; they are replaced whole, with the bytes that
Python wrote.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from controller.api import labels
from controller.api.job import KIND
from controller.core.model import plan
from controller.core.revisions import revision as revisions
from controller.kube import go_json
from controller.kube.client import Client
from controller.kube.errors import AlreadyExists, ApiError, Conflict, Invalid, NotFound
from controller.kube.resources import CONTROLLER_REVISIONS
from controller.reconcile.decode import RevisionWire, revision_of
from controller.reconcile.entry import Entry
from controller.reconcile.references import owner_reference
from controller.reconcile.store import Store


@dataclass(frozen=True)
class ControllerRevisions:
    """Those of one store, through one client. All methods raise ``ApiError``."""

    client: Client
    store: Store

    async def read(self, entry: Entry, name: str) -> None:
        """GET one for its template."""
        raw = await self._get(entry, name)
        entry.keep_template(name, revisions.canonical(raw.get("data") or {}))

    async def keep(self, entry: Entry, write: plan.EnsureRevision) -> None:
        """Make the present template's, or let one that is there be the newest."""
        namespace, ours = entry.key[0], _ours(entry)
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

    async def adopt(self, entry: Entry, names: Iterable[str]) -> None:
        """Own those that a former Job of this name left, unless somebody else does by now."""

        def taken(there: dict[str, Any]) -> dict[str, Any] | None:
            free = revision_of(RevisionWire.model_validate(there)).free
            return _ours(entry) if free else None

        await self._each(entry, names, taken)

    async def release(self, entry: Entry, names: Iterable[str]) -> None:
        """Take the Job out of their owners: it is deleted, and they are to stay. The garbage
        collector does so, too, but it patches, which not all of them allow."""
        assert entry.job is not None
        uid = entry.job.metadata.uid

        def released(there: dict[str, Any]) -> dict[str, Any] | None:
            owners = there["metadata"].get("ownerReferences", ())
            others = [owner for owner in owners if owner["uid"] != uid]
            return {"ownerReferences": others} if len(others) < len(owners) else None

        await self._each(entry, names, released)

    async def _each(
        self,
        entry: Entry,
        names: Iterable[str],
        wanted: Callable[[dict[str, Any]], dict[str, Any] | None],
    ) -> None:
        """Read each as it is and give it the metadata that is ``wanted`` of it, if any. One that is
        gone is passed over; one that moved meanwhile is told to the store and decided anew."""
        for name in names:
            try:
                there = await self._get(entry, name)
                if (metadata := wanted(there)) is not None:
                    there = await self._change(there, metadata)
                self._put(there)
            except NotFound:
                continue
            except Conflict:
                self._put(await self._get(entry, name))

    async def _take(
        self, entry: Entry, write: plan.EnsureRevision, ours: dict[str, Any]
    ) -> dict[str, Any]:
        """It is there already: used again, or left by a former Job of this name."""
        there = await self._get(entry, write.revision)
        owners = there["metadata"].get("ownerReferences", [])
        other = next((o for o in owners if o.get("controller") and o["kind"] != KIND), None)
        if other is not None:
            who = f"{other['kind']} {other['name']}"
            raise ApiError(
                409, "NameTaken", f"ControllerRevision {write.revision} belongs to {who}"
            )
        return await self._change(there, ours, write.number)

    async def _change(
        self, there: dict[str, Any], metadata: dict[str, Any], number: int | None = None
    ) -> dict[str, Any]:
        """Other metadata, another ``.revision``: a compare-and-swap."""
        old = there["metadata"]
        namespace, name = old["namespace"], old["name"]
        changed = {"revision": there.get("revision", 0) if number is None else number}
        patch = {"metadata": {"resourceVersion": old["resourceVersion"], **metadata}, **changed}
        try:
            return await self.client.patch(CONTROLLER_REVISIONS, namespace, name, patch)
        except Invalid:
            kept = old.get("labels", {}) | metadata.get("labels", {})
            whole = {**there, "metadata": {**old, **metadata, "labels": kept}, **changed}
            # As Python writes JSON, for so the data is stored, and no other bytes are taken.
            body = json.dumps(whole, separators=(",", ":")).encode()
            return await self.client.replace(CONTROLLER_REVISIONS, namespace, name, body)

    async def _get(self, entry: Entry, name: str) -> dict[str, Any]:
        """As it is now; that it is gone is told to the store."""
        try:
            return await self.client.get(CONTROLLER_REVISIONS, entry.key[0], name)
        except NotFound:
            if (known := entry.revisions.get(name)) is not None:
                self.store.drop_revision(known.key, known.uid)
            raise

    def _put(self, raw: dict[str, Any]) -> None:
        self.store.put_revision(revision_of(RevisionWire.model_validate(raw)))


def _ours(entry: Entry) -> dict[str, Any]:
    """The metadata that makes one the Job's."""
    return {
        "labels": {labels.JOB: entry.key[1], labels.MANAGED_BY: labels.MANAGER},
        "ownerReferences": [owner_reference(entry)],
    }
