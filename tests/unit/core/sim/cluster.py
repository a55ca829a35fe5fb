"""The API server as the operator writes to it: preconditions, refusals, and writes that go wrong.

Statuses go through their wire form on each write, so that what is not stored is lost.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from controller.api.job import Job, JobStatus
from controller.api.labels import ADMITTED, API_VERSION, PAUSED_BY, REVISION
from controller.api.meta import OwnerReference
from controller.api.pods.pod import Pod
from controller.api.update import Update, UpdateSpec, UpdateStatus
from controller.core.model.claims import Claim
from controller.core.model.observed import Revision
from controller.core.model.plan import AskGate, KeepBudget, MakeUpdate, OwnClaim
from controller.core.revisions.data import is_shaped
from controller.core.revisions.provenance import UNKNOWN, Provenance
from controller.core.verdicts.answer import Answer, Verdict
from tests.unit.core.sim.answering import Answering
from tests.unit.core.sim.answering import CrashError as CrashError
from tests.unit.core.sim.answering import stored as stored
from tests.unit.core.sim.store import ApiError
from tests.values import replace


class Cluster(Answering):
    """What the operator may ask for."""

    # Statuses.

    def answer(self, ask: AskGate) -> Answer:
        """What the outside world says to a gate."""
        self.asked.append(ask)
        return self.answers.get(ask.gate.name, Answer(Verdict.PASS))

    def write_job(self, seen: Job, status: JobStatus) -> Job:
        def apply() -> Job:
            self._compare(seen.metadata, self.job.metadata)
            stored = self.stored(status)
            meta = self.job.metadata.model_copy(update={"resource_version": self.version()})
            self.job = self.job.model_copy(update={"metadata": meta, "status": stored})
            self.tell("job", meta.name, meta.uid, self.job)
            return self.job

        return self._ask("write job", seen.metadata.name, apply)

    def write_update(self, seen: Update, status: UpdateStatus) -> Update:
        name = seen.metadata.name

        def apply() -> Update:
            self._compare(seen.metadata, self._update(name).metadata)
            return self.put_update(name, status=self.stored(status))

        return self._ask("write update", name, apply)

    def mark_admitted(self, seen: Update) -> Update:
        name, uid = seen.metadata.name, seen.metadata.uid

        def apply() -> Update:
            self._compare(seen.metadata, self._update(name).metadata)
            annotations = self._update(name).metadata.annotations
            return self.put_update(name, annotations={**annotations, ADMITTED: uid})

        return self._ask("mark", name, apply)

    def make_update(self, made: MakeUpdate) -> Update:
        name = made.name

        def apply() -> Update:
            if name in self.updates:
                raise ApiError("AlreadyExists", name)
            meta = self.job.metadata
            owner = OwnerReference(
                api_version=API_VERSION,
                kind="EchelonJob",
                name=meta.name,
                uid=meta.uid,
                controller=True,
            )
            spec = UpdateSpec(job=meta.name, force=made.force, paused=made.paused)
            if made.instances:
                only = {"revision": made.revision, "instances": str(made.instances)}
                spec = spec.model_copy(update=only)
            by = {PAUSED_BY: made.paused_by} if made.paused_by else {}
            return self.new_update(name, spec, owner, {REVISION: made.revision, **by})

        return self._ask("make update", name, apply)

    def keep_revision(
        self, name: str, number: int | None = None, origin: Provenance = UNKNOWN
    ) -> Revision:
        """``number``: None for that which it has."""

        def apply() -> Revision:
            known = self.revisions.get(name)
            if number is None and known is None:
                raise ApiError("NotFound", name)
            kept = known or Revision(
                name, self.uid("revision"), 0, shaped=is_shaped(self.canonical(name))
            )
            self.revisions[name] = kept = replace(
                kept,
                number=kept.number if number is None else number,
                source=origin.source or kept.source,
                parent=origin.parent or kept.parent,
            )
            self.tell("revision", name, kept.uid, kept)
            return kept

        return self._ask("keep revision", name, apply)

    def adopt_revisions(self, names: Iterable[str]) -> dict[str, Revision]:
        def apply() -> dict[str, Revision]:
            taken = {name: self.orphans.pop(name) for name in names if name in self.orphans}
            self.revisions |= taken
            for name, kept in taken.items():
                self.tell("revision", name, kept.uid, kept)
            return taken

        return self._ask("adopt revisions", "", apply)

    # Pods.

    def create_pod(self, pod: Pod) -> Pod:
        def apply() -> Pod:
            if pod.name in self.pods:
                raise ApiError("AlreadyExists", pod.name)
            if (words := self.bad_images.get(self.image(pod.revision))) is not None:
                raise ApiError("Invalid", words)
            if self.quota is not None and len(self.pods) >= self.quota:
                raise ApiError("QuotaExceeded", "exceeded quota: pods")
            made = replace(pod, uid=self.uid("pod"), created=self.stamp, ready_since=0.0)
            return self.set_pod(made)

        return self._ask("create pod", pod.name, apply)

    def delete_pod(self, name: str, uid: str, force: bool = False) -> None:
        def apply() -> None:
            pod = self._pod(name, uid)
            if force:
                self.remove_pod(pod)
            else:
                self.let_go(pod)

        self._ask("delete pod", name, apply)

    def evict_pod(self, name: str, uid: str) -> None:
        """An eviction after its dry run."""
        self._pod(name, uid)
        self.ask_to_evict()

        def apply() -> None:
            pod = self._pod(name, uid)
            self.let_go(replace(pod, disrupted=True))
            self.note_eviction(pod)

        self._ask("evict pod", name, apply)

    def keep_budget(self, action: KeepBudget) -> None:
        def apply() -> None:
            known = self.budgets.get(action.name)
            if known is None or known.uid == action.uid:
                self.put_budget(action.name, action.least, self.job.metadata.uid)

        self._ask("keep budget", action.name, apply)

    def change_pod(
        self, name: str, uid: str, seen: int, changed: Pod, *, restarts: bool = True
    ) -> Pod:
        """A change in place, as ``changed`` says it. ``seen``: the resourceVersion that was decided
        on; ``restarts``: whether the kubelet has anything to do for it."""

        def apply() -> Pod:
            if (pod := self._pod(name, uid)).resource_version != seen:
                raise ApiError("Conflict", name)
            if changed.instance in self.in_place_refused:
                raise ApiError("Invalid", "cannot be changed in place")
            return self.set_pod(
                replace(
                    pod,
                    revision=changed.revision,
                    update=changed.update,
                    failures=changed.failures,
                    changed=self.stamp,
                    in_effect=pod.in_effect and not restarts,
                    infeasible=False,
                    restarts=0,
                    changing_to="",
                    labelled=not changed.unfinished,
                    unfinished=changed.unfinished,
                )
            )

        return self._ask("change pod", name, apply)

    def announce(self, name: str, uid: str, seen: int, revision: str) -> int:
        """The first half of a change of resources: the labels are told, the kubelet is not yet."""

        def apply() -> int:
            pod = self._pod(name, uid)
            if pod.resource_version != seen:
                raise ApiError("Conflict", name)
            if pod.instance in self.in_place_refused:
                raise ApiError("Invalid", "cannot be changed in place")
            half = replace(pod, changing_to=revision, labelled=False)
            return self.set_pod(half).resource_version

        return self._ask("announce resize of pod", name, apply)

    def finish_pod(self, name: str, uid: str) -> Pod:
        """The labels and annotations of the template, after a resize."""

        def apply() -> Pod:
            return self.set_pod(replace(self._pod(name, uid), unfinished=False, labelled=True))

        return self._ask("finish pod", name, apply)

    def repair_pod(self, name: str, uid: str, revision: str, undo: bool, moved: bool) -> Pod:
        def apply() -> Pod:
            pod, owner = self._pod(name, uid), self.job.metadata.uid
            if moved:
                pod = replace(pod, move=None)
            if undo:
                return self.set_pod(replace(pod, labelled=True, changing_to=""))
            labelled = not pod.changing_to
            assert revision == (pod.changing_to or revision)
            revised = pod.revision if pod.changing_to else revision
            return self.set_pod(replace(pod, labelled=labelled, owner=owner, revision=revised))

        return self._ask("repair pod", name, apply)

    # Claims.

    def make_claim(self, template: str, instance: int) -> Claim:
        name, meta = f"{template}-web-{instance}", self.job.metadata

        def apply() -> Claim:
            if (there := self.claims.get(name)) is not None:
                return there
            if self.quota is not None and len(self.claims) >= self.quota:
                raise ApiError("QuotaExceeded", "exceeded quota: claims")
            job = meta.uid if self.job.spec.claims_go_with_job else ""
            uid = self.uid("claim")
            return self.set_claim(Claim(template, instance, name, uid, self.claim_phase, job=job))

        return self._ask("make claim", name, apply)

    def own_claim(self, action: OwnClaim) -> Claim:
        def apply() -> Claim:
            claim = self.claims.get(action.name)
            if claim is None or claim.uid != action.uid:
                raise ApiError("NotFound", action.name)
            job = self.job.metadata.uid if action.job else ""
            return self.set_claim(replace(claim, job=job, pod=action.pod[1] if action.pod else ""))

        return self._ask("own claim", action.name, apply)

    def prune(self, kind: str, name: str, uid: str) -> None:
        store: dict[str, Any] = self.updates if kind == "Update" else self.revisions

        def apply() -> None:
            if kind == "PodDisruptionBudget":
                self.drop_budget(name)
                return
            if store.pop(name, None) is None:
                raise ApiError("NotFound", name)
            self.tell("update" if kind == "Update" else "revision", name, uid, None)

        self._ask("prune", name, apply)
