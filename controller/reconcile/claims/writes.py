"""Creates the claims of instances, and writes who owns them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from controller.api import labels
from controller.api.ids import NONE
from controller.api.job import KIND, Job
from controller.core.model import plan
from controller.core.model.observed import Refusal
from controller.core.refusals import judgement
from controller.core.revisions.claims import claim_name, manifest
from controller.core.rollout.claims import template
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
            if unseen := self._unseen(make):
                self._refused(make.instance, ApiError(0, "ClaimUnseen", unseen))
            return None
        finally:
            self.store.claims.end(self.entry.key, make.instance)

    def _unseen(self, make: plan.MakeClaims) -> str:
        """Which of the claims the store does not show, although they exist: the watch has just said
        that it is gone, for example because it lost its label. "" if there is none."""
        entry = self.entry
        known = self.store.claims.of(entry.key, entry.uid, frozenset())
        for name in make.templates:
            if make.instance not in known.present.get(name, NONE):
                return f"claim {claim_name(name, entry.key[1], make.instance)} is not seen yet"
        return ""

    async def _create(self, name: str, instance: int) -> None:
        if not self.entry.is_of(self.job):
            return
        known = self.store.claims.of(self.entry.key, self.entry.uid, frozenset())
        if (found := template(self.job, known, name)) is None:
            raw = await self._made_by_hand(name, instance)
        else:
            owner = _job_reference(self.job) if self.job.spec.claims_go_with_job else None
            body = manifest(found, self.entry.key[1], instance, owner)
            try:
                raw = await self.client.create(CLAIMS, self.entry.key[0], body)
            except (AlreadyExists, Forbidden, Invalid) as error:
                # The API server asks quotas and policies before it sees that a claim exists.
                raw = await self._taken(body["metadata"], error)
        if self.entry.is_of(self.job):
            self.store.claims.put(read_claim(raw))

    async def _made_by_hand(self, name: str, instance: int) -> dict[str, Any]:
        """The claim that an older revision mounts, and whose template is gone. Raises ``ApiError``
        if nobody has made it."""
        body = manifest({"metadata": {"name": name}}, self.entry.key[1], instance, None)
        wanted = body["metadata"]
        words = f"claim {wanted['name']} does not exist, and there is no template {name} in"
        words += " spec.volumeClaimTemplates: put it back, or make the claim"
        return await self._taken(wanted, ApiError(422, "Invalid", words))

    async def _taken(self, wanted: dict[str, Any], refused: ApiError) -> dict[str, Any]:
        """The claim that exists already; if there is none, ``refused`` is raised. One that a
        StatefulSet or a person made lacks our labels, by which the watch selects. Raises
        ``ApiError`` also for one of another Job: `a-b` and `b` may both have a claim `x-a-b-0`."""
        namespace = self.entry.key[0]
        try:
            raw = await self.client.get(CLAIMS, namespace, wanted["name"])
        except NotFound:
            raise refused from None
        meta = raw["metadata"]
        given, marks = meta.get("labels", {}), {key: wanted["labels"][key] for key in _OURS}
        if (other := given.get(labels.JOB)) not in (None, marks[labels.JOB]):
            words = (
                f"claim {meta['name']} belongs to Job {other}: give the claim template another name"
            )
            raise ApiError(422, "NameTaken", words)
        if marks.items() <= given.items():
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
    ``ApiError``, also if admission takes the owners away again."""
    namespace, job = entry.key
    if (owner_job := entry.job) is None:
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
            known.append(_job_reference(owner_job))
        if action.pod is not None:
            known.append(_reference("v1", PODS.kind, *action.pod))
        seen = {"uid": action.uid, "resourceVersion": meta["resourceVersion"]}
        patch = {"metadata": {**seen, "ownerReferences": known}}
        raw = await client.patch(CLAIMS, namespace, action.name, patch)
    except NotFound:
        store.claims.drop(f"{namespace}/{action.name}", action.uid)
        return
    item = read_claim(raw)
    store.claims.put(item)
    wanted = (owner_job.metadata.uid if action.job else "", action.pod[1] if action.pod else "")
    if item.claim is not None and (item.claim.job, item.claim.pod) != wanted:
        raise Forbidden(403, "Forbidden", f"admission changed the owners of claim {action.name}")


def _job_reference(job: Job) -> dict[str, Any]:
    return _reference(labels.API_VERSION, KIND, job.metadata.name, job.metadata.uid)


def _reference(version: str, kind: str, name: str, uid: str) -> dict[str, Any]:
    """An owner reference to an owner that does not control."""
    return {"apiVersion": version, "kind": kind, "name": name, "uid": uid}
