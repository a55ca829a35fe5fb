"""Creates runs and CronJobs, and deletes runs that are in the way.

Each create has a name that is known beforehand, so that its repeat finds the same object; each
delete says by uid which run it means; a CronJob is changed by a compare-and-swap.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from controller.api import labels
from controller.core.model import plan
from controller.core.model.observed import Observed
from controller.core.runs import manifest
from controller.kube.client import Client
from controller.kube.errors import AlreadyExists, ApiError, Conflict, NotFound
from controller.kube.resources import BATCH_JOBS, CRON_JOBS
from controller.reconcile.entry import Entry
from controller.reconcile.references import owner_reference
from controller.reconcile.runs.objects import RunObject, read_cron, read_run
from controller.reconcile.runs.store import RunStore

RunWrite = plan.MakeRun | plan.EndRun | plan.KeepCronJob


@dataclass(frozen=True)
class RunWrites:
    """Writes through one client; the answers go into one store. Raises ``ApiError``."""

    client: Client
    store: RunStore

    async def perform(self, entry: Entry, write: RunWrite, observed: Observed) -> None:
        """Perform a write that was decided from ``observed``."""
        match write:
            case plan.MakeRun():
                await self._make(entry, write, observed)
            case plan.EndRun():
                await self._end(entry, write)
            case plan.KeepCronJob():
                await self._keep(entry, write, observed)

    async def _make(self, entry: Entry, write: plan.MakeRun, observed: Observed) -> None:
        """Create a run. The watch may not show yet that another one was created under a status
        that has changed since, so the runs are listed before."""
        found = [run async for run in self._listed(entry)]
        for item in found:
            self.store.put_run(item)
        if any(item.run.is_active for item in found):
            return
        template = observed.templates[write.revision]
        body = manifest.run(observed.job, write.name, write.revision, template)
        body["metadata"]["ownerReferences"] = [owner_reference(entry)]
        try:
            raw = await self.client.create(BATCH_JOBS, entry.key[0], body)
        except AlreadyExists:
            raw = await self._taken(entry, write)
        self.store.put_run(read_run(raw))

    async def _taken(self, entry: Entry, write: plan.MakeRun) -> dict[str, Any]:
        """The run that exists already: of this Job, or left by a former one."""
        raw = await self.client.get(BATCH_JOBS, entry.key[0], write.name)
        _check_owner(entry, raw, write.subject)
        if read_run(raw).run.owner == entry.uid:
            return raw
        meta = {"uid": raw["metadata"]["uid"], "ownerReferences": [owner_reference(entry)]}
        return await self.client.patch(BATCH_JOBS, entry.key[0], write.name, {"metadata": meta})

    async def _listed(self, entry: Entry) -> AsyncIterator[RunObject]:
        """The runs that the Job owns now."""
        selector = f"{labels.JOB}={entry.key[1]},!{labels.GATE}"
        listed = self.client.list(BATCH_JOBS, entry.key[0], label_selector=selector)
        async for raw in listed:
            item = read_run(raw)
            if item.run.owner == entry.uid:
                yield item

    async def _end(self, entry: Entry, write: plan.EndRun) -> None:
        name = f"{entry.key[0]}/{write.name}"
        try:
            raw = await self.client.delete(
                BATCH_JOBS, entry.key[0], write.name, uid=write.uid, propagation="Foreground"
            )
        except (NotFound, Conflict):
            # It is gone, or another one has its name.
            self.store.drop_run(name, write.uid)
            return
        if raw.get("kind") == BATCH_JOBS.kind:
            self.store.put_run(read_run(raw))
        else:
            self.store.drop_run(name, write.uid)

    async def _keep(self, entry: Entry, write: plan.KeepCronJob, observed: Observed) -> None:
        if write.revision is None:
            await self._keep_settings(entry, write, observed)
            return
        template = observed.templates[write.revision]
        body = manifest.cron_job(observed.job, write.revision, template)
        body["metadata"]["ownerReferences"] = [owner_reference(entry)]
        namespace = entry.key[0]
        try:
            live = await self.client.get(CRON_JOBS, namespace, write.name)
        except NotFound:
            raw = await self.client.create(CRON_JOBS, namespace, body)
        else:
            _check_owner(entry, live, write.subject)
            whole = _merged(live, body)
            raw = await self.client.replace(
                CRON_JOBS, namespace, write.name, json.dumps(whole).encode()
            )
        kept = read_cron(raw)
        self.store.put_cron(kept)
        if not manifest.is_as_made(kept.cron, observed.job, write.revision, template):
            raise _changed_by_admission(write)

    async def _keep_settings(
        self, entry: Entry, write: plan.KeepCronJob, observed: Observed
    ) -> None:
        """Write what the spec of the CronJob says besides the template of its runs."""
        namespace = entry.key[0]
        live = await self.client.get(CRON_JOBS, namespace, write.name)
        _check_owner(entry, live, write.subject)
        spec = {**live["spec"], **manifest.cron_spec(observed.job)}
        whole = json.dumps({**live, "spec": {k: v for k, v in spec.items() if v is not None}})
        raw = await self.client.replace(CRON_JOBS, namespace, write.name, whole.encode())
        kept = read_cron(raw)
        self.store.put_cron(kept)
        if kept.cron.settings != manifest.settings(observed.job):
            raise _changed_by_admission(write)


def _changed_by_admission(write: plan.KeepCronJob) -> ApiError:
    """The error that keeps a CronJob from being written again at once."""
    return ApiError(422, "Invalid", f"{write.subject}: admission changed its spec")


def _merged(live: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    """The CronJob with the spec of ``body``, and with what others have written to its metadata."""
    meta, ours = live["metadata"], body["metadata"]
    maps = {part: meta.get(part, {}) | ours[part] for part in ("labels", "annotations")}
    metadata = {**meta, **maps, "ownerReferences": ours["ownerReferences"]}
    return {**live, "metadata": metadata, "spec": body["spec"]}


def _check_owner(entry: Entry, live: dict[str, Any], subject: str) -> None:
    """Raise if the object is somebody else's. One without a controller that names the Job in its
    label was left by a former Job, and is taken over."""
    meta = live["metadata"]
    controller = next((o for o in meta.get("ownerReferences", ()) if o.get("controller")), None)
    if controller is None and meta.get("labels", {}).get(labels.JOB) == entry.key[1]:
        return
    if controller is None or controller["uid"] != entry.uid:
        who = f"{controller['kind']} {controller['name']}" if controller else "nobody"
        raise ApiError(
            422, "NameTaken", f"{subject} belongs to {who}: delete it, or rename the Job"
        )
