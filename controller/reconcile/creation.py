"""Creates the pods of one Job, in growing groups.

The store shows each pod as an assumption before the request is sent. However a create ends (an
answer, a refusal, a bug, a cancellation, the end of the Job), its assumption is removed. No pod is
created for another Job than the one of the decision.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from controller.api.job import Job
from controller.api.pods.pod import Pod
from controller.api.pods.wire import PodWire
from controller.core.model import plan
from controller.core.overlays.manifests import Manifests
from controller.core.overlays.problem import RefusedError
from controller.core.refusals import judgement
from controller.core.revisions import data as revision_data
from controller.core.revisions.template import Prepared
from controller.kube.client import Client
from controller.kube.errors import AlreadyExists, ApiError, NotFound, NotHolderError
from controller.kube.resources import CONTROLLER_REVISIONS, PODS
from controller.reconcile import refusal
from controller.reconcile.apart import is_kept, name_conflict_of
from controller.reconcile.decode import pod_of
from controller.reconcile.entry import Entry
from controller.reconcile.ramp import in_groups
from controller.reconcile.store import Store

log = logging.getLogger(__name__)

#: Number of manifests kept per Job: the present revision, earlier ones, one to roll back to.
PREPARED_KEPT = 4


async def prepared(client: Client, entry: Entry, job: Job, revision: str) -> Manifests:
    """The manifests of a revision, from the Job's spec or from the ControllerRevision. Raises
    ``ApiError``: ``NotFound`` if the ControllerRevision is gone, `REFUSED` if it has overlays that
    must not be used."""
    if (known := entry.prepared.get(revision)) is not None:
        return known
    namespace, name = entry.key
    if revision == entry.revision:
        data = entry.template
    elif (read := entry.templates.get(revision)) is not None:
        data = read
    else:
        raw = await client.get(CONTROLLER_REVISIONS, namespace, revision)
        data = revision_data.of_data(raw["data"])
    try:
        made = Manifests.of(
            job=name, namespace=namespace, job_uid=job.metadata.uid, revision=revision, data=data
        )
    except RefusedError as error:
        raise ApiError(422, error.reason, str(error)) from error
    if not entry.is_of(job):
        return made
    while len(entry.prepared) >= PREPARED_KEPT:
        entry.prepared.pop(next(iter(entry.prepared)))
    entry.prepared[revision] = made
    return made


@dataclass(frozen=True)
class Creation:
    """The creates of one decision about ``job``."""

    client: Client
    store: Store
    entry: Entry
    job: Job
    clock: Callable[[], float]

    def assume(self, creates: Sequence[plan.CreatePod]) -> None:
        """Show the pods in the store as if they existed."""
        for create in creates:
            self.entry.instances.assume_created(self._assumed(create))

    async def run(self, creates: Sequence[plan.CreatePod]) -> bool:
        """Create the pods. Returns False if one was refused; after the first refusal no further
        creates are sent."""
        open_ = {create.instance: create for create in creates}
        held: ApiError | None = None
        try:
            makers, held = await self._makers({c.revision for c in creates})
            held = held or await in_groups(
                open_,
                lambda c: self._make(c, makers[c.revision].of_instance(c.instance)),
                bool(self.entry.refusals),
                lambda: self.entry.is_of(self.job),
            )
        finally:
            if self.entry.is_of(self.job):
                self._take_back(list(open_.values()), held)
        return held is None

    def _take_back(self, creates: Sequence[plan.CreatePod], held: ApiError | None) -> None:
        for create in creates:
            self.entry.instances.not_created((create.instance, create.surge))
            if held is not None and not isinstance(held, NotHolderError):
                kept = judgement.refusal(refusal.answer(held), None, self.clock(), create.surge)
                self.entry.refusals.setdefault(create.instance, kept)

    async def _makers(self, revisions: set[str]) -> tuple[dict[str, Manifests], ApiError | None]:
        """The manifests of the revisions, read once for all creates, and an error if one failed."""
        found: dict[str, Manifests] = {}
        for revision in revisions:
            try:
                found[revision] = await prepared(self.client, self.entry, self.job, revision)
            except NotFound as error:
                if (known := self.entry.revisions.get(revision)) is not None:
                    self.store.drop_revision(known.key, known.uid)
                return found, ApiError(0, "RevisionMissing", error.message)
            except ApiError as error:
                return found, error
        return found, None

    async def _make(self, action: plan.CreatePod, maker: Prepared) -> ApiError | None:
        """Create one pod. A refusal is recorded and returned."""
        body = maker.pod(
            instance=action.instance,
            instances=self.job.status.instances_in_force or 0,
            slot_s=action.surge,
            update_uid=action.update or None,
            failures=action.failures,
            remade=action.remade,
            notes=action.move.annotations if action.move else None,
        )
        answer: dict[str, Any] | None = None
        error: ApiError | None = None
        made = True
        try:
            namespace = self.entry.key[0]
            answer = await self.client.create(PODS, namespace, body, metadata_only=True)
        except AlreadyExists:
            answer, made = await self._held_by_us(action), False
        except ApiError as refused:
            error = refused
        if not self.entry.is_of(self.job):
            return error
        if answer is not None:
            item = pod_of(PodWire.of(answer))
            if made:
                self.store.made_pod(item)
            else:
                self.store.read_pod(item, self.clock())
            self.entry.refusals.pop(action.instance, None)
        self.entry.instances.not_created((action.instance, action.surge))
        if error is not None and not isinstance(error, NotHolderError):
            before = self.entry.refusals.get(action.instance)
            self.entry.refusals[action.instance] = judgement.refusal(
                refusal.answer(error), before, self.clock(), action.surge
            )
            about = {"job": "/".join(self.entry.key), "instance": action.instance}
            log.debug("create refused: %s", error, extra=about)
        return error

    async def _held_by_us(self, action: plan.CreatePod) -> dict[str, Any] | None:
        """The pod that holds the name, if the store keeps such a pod (contract rule 14).

        Returns None if that pod is gone by now, or belongs to someone else; then the name conflict
        is recorded.
        """
        name = self._assumed(action).name
        try:
            raw = await self.client.get(PODS, self.entry.key[0], name)
        except ApiError as error:
            log.debug("cannot read %s: %s", name, error)
            return None
        if is_kept(raw, self.entry):
            return raw
        conflict = name_conflict_of(raw, self.entry, action.revision, self.clock())
        self.entry.apart.conflicts[action.instance] = conflict
        return None

    def _assumed(self, action: plan.CreatePod) -> Pod:
        """The pod to create, still without uid and resourceVersion."""
        namespace, job = self.entry.key
        return Pod(
            namespace=namespace,
            name=f"{job}-{action.instance}" + ("-s" if action.surge else ""),
            uid="",
            job=job,
            owner=self.job.metadata.uid,
            instance=action.instance,
            surge=action.surge,
            revision=action.revision,
            update=action.update,
            failures=action.failures,
            remade=action.remade,
            move=action.move,
            created=self.clock(),
        )
