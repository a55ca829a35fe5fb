"""Creates the claims of instances, and writes who owns them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from controller.api import labels
from controller.api.claims import name_of
from controller.api.job import KIND, Job
from controller.core.model import plan
from controller.core.model.observed import Refusal
from controller.core.refusals import judgement
from controller.core.revisions.claims import manifest
from controller.kube.client import Client
from controller.kube.errors import (
    AlreadyExists,
    ApiError,
    Forbidden,
    Invalid,
    NotFound,
    NotHolderError,
)
from controller.kube.resources import CLAIMS, PODS
from controller.reconcile import refusal
from controller.reconcile.claims.objects import read_claim
from controller.reconcile.entry import Entry
from controller.reconcile.ramp import in_groups
from controller.reconcile.store import Store

log = logging.getLogger(__name__)

_OURS: Final = (labels.JOB, labels.INSTANCE)
#: What is said of a claim that the API server refuses, as of a pod.
_REFUSED: Final = ("Forbidden", "InvalidPod")


@dataclass(frozen=True)
class ClaimCreation:
    """The claims that one decision about ``job`` makes."""

    client: Client
    store: Store
    entry: Entry
    job: Job
    clock: Callable[[], float]

    def assume(self, makes: Sequence[plan.MakeClaims]) -> None:
        """Show in the store that these claims are being created."""
        for make in makes:
            self.store.claims.begin(self.entry.key, make.instance)

    async def run(self, makes: Sequence[plan.MakeClaims]) -> bool:
        """Create the claims. Returns False if one was refused; after the first refusal no further
        creates are sent, and the other instances wait as long."""
        open_ = {make.instance: make for make in makes}
        held: ApiError | None = None
        try:
            careful = bool(self.entry.refusals)
            held = await in_groups(open_, self._make, careful, lambda: self.entry.is_of(self.job))
        finally:
            for make in open_.values():
                self.store.claims.end(self.entry.key, make.instance)
                if held is not None and make.instance not in self.entry.refusals:
                    self._refused(make.instance, held)
        return held is None

    async def _make(self, make: plan.MakeClaims) -> ApiError | None:
        """Create the claims of one instance. A refusal is recorded and returned."""
        try:
            for name in make.templates:
                await self._create(name, make.instance)
        except ApiError as error:
            self._refused(make.instance, error)
            return error
        else:
            self.entry.refusals.pop(make.instance, None)
            return None
        finally:
            self.store.claims.end(self.entry.key, make.instance)

    async def _create(self, name: str, instance: int) -> None:
        spec = self.job.spec
        template = next((t for t in spec.volume_claim_templates if name_of(t) == name), None)
        if template is None or not self.entry.is_of(self.job):
            return
        owner = _job_reference(self.job) if spec.claims_go_with_job else None
        body = manifest(template, self.entry.key[1], instance, owner)
        try:
            raw = await self.client.create(CLAIMS, self.entry.key[0], body)
        except (AlreadyExists, Forbidden, Invalid) as error:
            # The API server asks quotas and policies before it sees that a claim exists.
            raw = await self._taken(body["metadata"], error)
        if self.entry.is_of(self.job):
            self.store.claims.put(read_claim(raw))

    async def _taken(self, wanted: dict[str, Any], refused: ApiError) -> dict[str, Any]:
        """The claim that exists already; if there is none, ``refused`` is raised. One that a
        StatefulSet or a person made lacks our labels, by which the watch selects."""
        namespace = self.entry.key[0]
        try:
            raw = await self.client.get(CLAIMS, namespace, wanted["name"])
        except NotFound:
            raise refused from None
        meta = raw["metadata"]
        marks = {key: wanted["labels"][key] for key in _OURS}
        if marks.items() <= meta.get("labels", {}).items():
            return raw
        patch = {"metadata": {"uid": meta["uid"], "labels": marks}}
        return await self.client.patch(CLAIMS, namespace, wanted["name"], patch)

    def _refused(self, instance: int, error: ApiError) -> None:
        if isinstance(error, NotHolderError) or not self.entry.is_of(self.job):
            return
        before = self.entry.refusals.get(instance)
        found = judgement.refusal(refusal.answer(error), before, self.clock())
        self.entry.refusals[instance] = _of_claim(found)
        about = {"job": "/".join(self.entry.key), "instance": instance}
        log.debug("create of a claim refused: %s", error, extra=about)


def _of_claim(found: Refusal) -> Refusal:
    """The refusal of a claim, which is no fault of the pod's revision."""
    return replace(found, reason="ClaimRefused") if found.reason in _REFUSED else found


async def own(client: Client, store: Store, entry: Entry, action: plan.OwnClaim) -> None:
    """Write the owners of a claim, by a compare-and-swap: others write owners, too. Raises
    ``ApiError``."""
    namespace, job = entry.key
    if entry.job is None:
        return
    try:
        raw = await client.get(CLAIMS, namespace, action.name)
        meta = raw["metadata"]
        if meta["uid"] != action.uid:
            raise NotFound(404, "NotFound", f"claim {action.name} is another one")
        pods = (f"{job}-{action.instance}", f"{job}-{action.instance}-s")
        known = [
            owner
            for owner in meta.get("ownerReferences", ())
            if not (owner["kind"] == KIND and owner["name"] == job)
            and not (owner["kind"] == PODS.kind and owner["name"] in pods)
        ]
        if action.job:
            known.append(_job_reference(entry.job))
        if action.pod is not None:
            known.append(_reference("v1", PODS.kind, *action.pod))
        seen = {"uid": action.uid, "resourceVersion": meta["resourceVersion"]}
        patch = {"metadata": {**seen, "ownerReferences": known}}
        raw = await client.patch(CLAIMS, namespace, action.name, patch)
    except NotFound:
        store.claims.drop(f"{namespace}/{action.name}", action.uid)
        return
    store.claims.put(read_claim(raw))


def _job_reference(job: Job) -> dict[str, Any]:
    return _reference(labels.API_VERSION, KIND, job.metadata.name, job.metadata.uid)


def _reference(version: str, kind: str, name: str, uid: str) -> dict[str, Any]:
    """An owner reference to an owner that does not control."""
    return {"apiVersion": version, "kind": kind, "name": name, "uid": uid}
