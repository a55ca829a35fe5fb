"""Performs the one write (or read) that a plan contains, and puts the answer into the store.

A write of an existing object is a merge patch with the uid and resourceVersion of the version from
which the decision was made: a compare-and-swap, for intent as well as for reports. Raises
``ApiError``; after a ``Conflict`` the object has been read again.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from controller.api import labels
from controller.api.job import Job
from controller.api.kinds import JOBS, UPDATES
from controller.api.meta import ObjectMeta
from controller.api.update import TERMINAL, Phase, Update
from controller.core.model import plan
from controller.core.model.observed import Observed
from controller.kube.client import Client
from controller.kube.errors import (
    AlreadyExists,
    Conflict,
    NotFound,
)
from controller.reconcile import nodes, swap
from controller.reconcile.controller_revisions import ControllerRevisions
from controller.reconcile.decode import read_update
from controller.reconcile.entry import Entry
from controller.reconcile.references import owner_reference
from controller.reconcile.runs.writes import RunWrites
from controller.reconcile.store import Store
from controller.reconcile.template_check import TemplateCheck

log = logging.getLogger(__name__)


#: Called after the write that ends an Update, with its final phase and its seconds.
Ended = Callable[[Phase, float], None]


class Intent:
    """Writes for one store through one client."""

    def __init__(
        self,
        client: Client,
        store: Store,
        clock: Callable[[], float] = time.time,
        ended: Ended = lambda _phase, _seconds: None,
    ) -> None:
        self._client = client
        self._store = store
        self._clock = clock
        self._ended = ended
        self._revisions = ControllerRevisions(client, store)
        self._runs = RunWrites(client, store.runs)

    async def perform(self, entry: Entry, write: plan.Write, observed: Observed) -> None:
        """Perform ``write``, which was decided from ``observed``."""
        match write:
            case plan.WriteJob():
                await self._write_job(entry, write, observed.job)
            case plan.WriteUpdate():
                await self.write_update(entry, write, observed.updates[write.name])
            case plan.MakeUpdate():
                await self._make_update(entry, write)
            case plan.MarkAdmitted():
                await self._mark_admitted(entry, observed.updates[write.name])
            case plan.ReadJob():
                await self.read_job(entry)
            case plan.ReadUpdate():
                await self._read_update(entry, write.name)
            case plan.CheckTemplate():
                await self._check_template(entry, write)
            case plan.ReadNodes():
                entry.nodes = await nodes.read(
                    self._client, entry.nodes, write.names, self._clock()
                )
            case plan.CountDomains():
                entry.domains = await nodes.count_domains(self._client, write.labels, self._clock())
            case plan.ReadRevision():
                await self._revisions.read(entry, write.name)
            case plan.EnsureRevision():
                await self._revisions.keep(entry, write)
            case plan.StampRevision():
                await self._revisions.stamp(entry, write)
            case plan.ReleaseRevisions():
                await self._revisions.release(entry, write.names)
            case plan.AdoptRevisions():
                await self._revisions.adopt(entry, write.names)
            case plan.MakeRun() | plan.EndRun() | plan.KeepCronJob():
                await self._runs.perform(entry, write, observed)

    async def read_job(self, entry: Entry) -> None:
        """GET the Job, so that the next decision may rely on the present version."""
        namespace, name = entry.key
        try:
            with entry.existence.proving():
                raw = await self._client.get(JOBS, namespace, name)
        except NotFound as error:
            error.prove()
            if entry.job is not None:
                self._store.drop_job(entry.key, entry.job.metadata.uid)
            raise
        self._store.put_job(raw)
        entry.live = raw["metadata"]["resourceVersion"]

    async def say_of_job(self, entry: Entry, raw: dict[str, Any], status: dict[str, Any]) -> None:
        """Merge ``status`` into the status of a Job that cannot be read."""
        meta = ObjectMeta.model_validate(raw["metadata"])
        try:
            told = await swap.status(self._client, JOBS, meta, status)
        except (Conflict, NotFound):
            await self.read_job(entry)
            raise
        self._store.put_job(told)

    async def say_of_update(
        self, entry: Entry, raw: dict[str, Any], status: dict[str, Any]
    ) -> None:
        """Merge ``status`` into the status of an Update that is left alone."""
        meta = ObjectMeta.model_validate(raw["metadata"])
        try:
            told = await swap.status(self._client, UPDATES, meta, status)
        except (Conflict, NotFound):
            await self._read_update(entry, meta.name)
            raise
        self._store.put_update(read_update(told))

    async def _write_job(self, entry: Entry, write: plan.WriteJob, observed: Job) -> None:
        swap.check(entry.job, observed)
        change = swap.change(observed.status, write.status)
        try:
            with entry.existence.proving():
                raw = await swap.status(self._client, JOBS, observed.metadata, change)
        except (Conflict, NotFound):
            await self.read_job(entry)
            raise
        # The answer is the present Job, so a Job that was read live still counts as live.
        if entry.live == observed.metadata.resource_version:
            entry.live = raw["metadata"]["resourceVersion"]
        self._store.put_job(raw)

    async def write_update(self, entry: Entry, write: plan.WriteUpdate, observed: Update) -> None:
        """Write the status of an Update; ``observed`` is the version that was decided on."""
        known = entry.updates.get(write.name)
        swap.check(known.update if known else None, observed)
        change = swap.change(observed.status, write.status)
        try:
            raw = await swap.status(self._client, UPDATES, observed.metadata, change)
        except (Conflict, NotFound):
            await self._read_update(entry, write.name)
            raise
        self._store.put_update(read_update(raw))
        after = write.status
        if after.phase in TERMINAL and observed.status.phase not in TERMINAL:
            begun = after.started_at or observed.metadata.creation_timestamp or 0.0
            self._ended(after.phase, max(0.0, (after.finished_at or begun) - begun))

    async def _make_update(self, entry: Entry, write: plan.MakeUpdate) -> None:
        assert entry.job is not None
        namespace, job_name = entry.key
        spec: dict[str, Any] = {"job": job_name}
        if write.force:
            spec["force"] = True
        if write.paused:
            spec["paused"] = True
        if write.instances:
            spec |= {"revision": write.revision, "instances": str(write.instances)}
        body = {
            "apiVersion": labels.API_VERSION,
            "kind": "Update",
            "metadata": {
                "name": write.name,
                "namespace": namespace,
                "labels": {labels.JOB: job_name, labels.MANAGED_BY: labels.MANAGER},
                "annotations": {labels.REVISION: write.revision}
                | ({labels.PAUSED_BY: write.paused_by} if write.paused_by else {}),
                "ownerReferences": [owner_reference(entry)],
            },
            "spec": spec,
        }
        try:
            raw = await self._client.create(UPDATES, namespace, body)
        except AlreadyExists:
            raw = await self._client.get(UPDATES, namespace, write.name)
        self._store.put_update(read_update(raw))

    async def _mark_admitted(self, entry: Entry, observed: Update) -> None:
        meta, name = observed.metadata, observed.metadata.name
        body = {
            "metadata": {
                "uid": meta.uid,
                "resourceVersion": meta.resource_version,
                "annotations": {labels.ADMITTED: meta.uid},
            }
        }
        try:
            raw = await self._client.patch(UPDATES, entry.key[0], name, body)
        except (Conflict, NotFound):
            await self._read_update(entry, name)
            raise
        self._store.put_update(read_update(raw))

    async def _read_update(self, entry: Entry, name: str) -> None:
        """GET an Update. Only this GET, not the watch, proves that an Update is gone."""
        key = f"{entry.key[0]}/{name}"
        try:
            raw = await self._client.get(UPDATES, entry.key[0], name)
        except NotFound as error:
            error.prove()
            if (known := entry.updates.get(name)) is not None:
                self._store.drop_update(key, known.uid)
            entry.gone.add(name)
            return
        self._store.put_update(read_update(raw))
        held = entry.job.status.active_update if entry.job else None
        if held and held.name == name and held.uid != raw["metadata"]["uid"]:
            entry.gone.add(name)

    async def _check_template(self, entry: Entry, write: plan.CheckTemplate) -> None:
        """Check a template by a dry run (contract rule 13)."""
        assert entry.job is not None
        job, template = entry.job, entry.revision
        tries = entry.verdict_tries.get(write.update, 0) + 1
        verdict = await TemplateCheck(self._client, entry, write).verdict(tries, self._clock())
        same = entry.job is not None and entry.job.spec.checked == job.spec.checked
        if not (same and entry.is_of(job)) or entry.revision != template:
            return  # The template or the gates have changed, so the verdict does not apply.
        entry.verdict_tries[write.update] = 0 if verdict.accepted else tries
        entry.verdicts[write.update] = verdict
