"""The API server of one Job: objects with versions, preconditions, and what a watch would say.

Statuses go through their wire form on each write, so that what is not stored is lost.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from controller.api.job import Job, JobStatus
from controller.api.labels import ADMITTED, API_VERSION, PULSED_AT
from controller.api.meta import ObjectMeta, OwnerReference, UpdateMeta, format_time, wire
from controller.api.pod import Pod, slot_of
from controller.api.update import Update, UpdateSpec, UpdateStatus
from controller.core import revision as revisions
from controller.core.observed import Revision

START = 1_750_000_000.0
GRACE = 5
T = TypeVar("T")


class ApiError(Exception):
    """The API server refuses or does not answer; ``reason`` as in its own Status."""

    def __init__(self, reason: str, message: str = "") -> None:
        super().__init__(f"{reason}: {message}")
        self.reason = reason
        self.message = message


class CrashError(Exception):
    """The operator was killed."""


@dataclass(frozen=True)
class Change:
    """One watch event; ``value`` None: the object is gone."""

    kind: str
    name: str
    uid: str
    value: Any


class Cluster:
    """``fates`` of the next writes of the operator: ok, down (not done), lost (done, but the answer
    is lost), crash (done, then the operator dies). When they are used up all is well."""

    def __init__(self, job: Job, now: float = START) -> None:
        self.now = now
        self._version = itertools.count(100)
        self._uid = itertools.count(1)
        self.updates: dict[str, Update] = {}
        self.revisions: dict[str, Revision] = {}
        self.templates: dict[str, dict[str, Any]] = {}
        self.pods: dict[str, Pod] = {}
        self.fates: deque[str] = deque()
        self.inbox: dict[str, deque[Change]] = {
            kind: deque() for kind in ("job", "update", "revision", "pod")
        }
        #: Verb and name of each write of the operator that took effect.
        self.writes: list[tuple[str, str]] = []
        self.bad_images: dict[str, str] = {}
        self.quota: int | None = None
        #: Instances whose pod the server does not change in place.
        self.stubborn: set[int] = set()
        self.job = job
        self.user_edit(lambda job: job)

    # Users.

    def user_edit(self, change: Callable[[Job], Job]) -> None:
        """A change of the Job's spec."""
        job = change(self.job)
        meta = job.metadata
        meta = meta.model_copy(
            update={
                "generation": meta.generation + 1,
                "uid": meta.uid or self.uid("job"),
                "resource_version": self.version(),
            }
        )
        self.job = job.model_copy(update={"metadata": meta})
        self.templates[self.revision] = self.job.spec.template
        self._tell("job", meta.name, meta.uid, self.job)

    def user_update(self, name: str, **spec: Any) -> None:
        """An Update made by hand."""
        self._new_update(name, UpdateSpec(job=self.job.metadata.name, **spec), owner=None)

    def user_edit_update(self, name: str, **spec: Any) -> None:
        """Somebody edits the spec of an Update; ``spec`` by attribute."""
        old = self.updates[name]
        meta = old.metadata.model_copy(update={"generation": old.metadata.generation + 1})
        changed = old.spec.model_copy(update=spec)
        self.updates[name] = old.model_copy(update={"metadata": meta, "spec": changed})
        self._store(name)

    def pulse(self, name: str, at: float | None = None) -> None:
        """A coordinator's pulse."""
        annotations = self.updates[name].metadata.annotations
        moment = format_time(self.now if at is None else at)
        self._store(name, annotations={**annotations, PULSED_AT: moment})

    def user_delete_update(self, name: str) -> None:
        gone = self.updates.pop(name)
        self._tell("update", name, gone.metadata.uid, None)

    @property
    def revision(self) -> str:
        """The name of the present template's revision."""
        digest = revisions.digest(revisions.canonical(self.job.spec.template))
        return revisions.revision_name(self.job.metadata.name, digest)

    def image(self, revision: str) -> str:
        """What a revision runs."""
        return (revisions.images(self.templates.get(revision, {})) or ("",))[0]

    # What the operator asks for.

    def write_job(self, seen: Job, status: JobStatus) -> Job:
        def apply() -> Job:
            self._compare(seen.metadata, self.job.metadata)
            stored = JobStatus.model_validate(wire(status))
            meta = self.job.metadata.model_copy(update={"resource_version": self.version()})
            self.job = self.job.model_copy(update={"metadata": meta, "status": stored})
            self._tell("job", meta.name, meta.uid, self.job)
            return self.job

        return self._ask("write job", seen.metadata.name, apply)

    def write_update(self, seen: Update, status: UpdateStatus) -> Update:
        name = seen.metadata.name

        def apply() -> Update:
            self._compare(seen.metadata, self._update(name).metadata)
            return self._store(name, status=UpdateStatus.model_validate(wire(status)))

        return self._ask("write update", name, apply)

    def mark_admitted(self, seen: Update) -> Update:
        name, uid = seen.metadata.name, seen.metadata.uid

        def apply() -> Update:
            self._compare(seen.metadata, self._update(name).metadata)
            annotations = self._update(name).metadata.annotations
            return self._store(name, annotations={**annotations, ADMITTED: uid})

        return self._ask("mark", name, apply)

    def make_update(self, name: str, force: bool, paused: bool) -> Update:
        def apply() -> Update:
            if name in self.updates:
                raise ApiError("AlreadyExists", name)
            meta = self.job.metadata
            owner = OwnerReference(
                api_version=API_VERSION, kind="Job", name=meta.name, uid=meta.uid, controller=True
            )
            spec = UpdateSpec(job=meta.name, force=force, paused=paused)
            return self._new_update(name, spec, owner)

        return self._ask("make update", name, apply)

    def keep_revision(self, name: str, number: int) -> Revision:
        def apply() -> Revision:
            known = self.revisions.get(name)
            uid = known.uid if known else self.uid("revision")
            self.revisions[name] = kept = Revision(name, uid, number)
            self._tell("revision", name, uid, kept)
            return kept

        return self._ask("keep revision", name, apply)

    def create_pod(self, pod: Pod) -> Pod:
        def apply() -> Pod:
            if pod.name in self.pods:
                raise ApiError("AlreadyExists", pod.name)
            if (words := self.bad_images.get(self.image(pod.revision))) is not None:
                raise ApiError("Invalid", words)
            if self.quota is not None and len(self.pods) >= self.quota:
                raise ApiError("QuotaExceeded", "exceeded quota: pods")
            made = replace(pod, uid=self.uid("pod"), created=float(int(self.now)), ready_since=0.0)
            return self.set_pod(made)

        return self._ask("create pod", pod.name, apply)

    def delete_pod(self, name: str, uid: str, force: bool = False) -> None:
        def apply() -> None:
            pod = self.pods.get(name)
            if pod is None or pod.uid != uid:
                raise ApiError("NotFound", name)
            if force:
                self.remove_pod(pod)
            else:
                self.let_go(pod)

        self._ask("delete pod", name, apply)

    def change_pod(self, name: str, uid: str, changed: Pod) -> Pod:
        """A change in place: what ``changed`` says of revision, update and failures."""

        def apply() -> Pod:
            pod = self.pods.get(name)
            if pod is None or pod.uid != uid:
                raise ApiError("NotFound", name)
            if changed.instance in self.stubborn:
                raise ApiError("Invalid", "cannot be changed in place")
            return self.set_pod(
                replace(
                    pod,
                    revision=changed.revision,
                    update=changed.update,
                    failures=changed.failures,
                    changed=float(int(self.now)),
                    in_effect=False,
                    restarts=0,
                )
            )

        return self._ask("change pod", name, apply)

    def mend_pod(self, name: str, uid: str, revision: str) -> Pod:
        def apply() -> Pod:
            pod = self.pods.get(name)
            if pod is None or pod.uid != uid:
                raise ApiError("NotFound", name)
            owner = self.job.metadata.uid
            return self.set_pod(replace(pod, labelled=True, owner=owner, revision=revision))

        return self._ask("mend pod", name, apply)

    def prune(self, kind: str, name: str, uid: str) -> None:
        store: dict[str, Any] = self.updates if kind == "Update" else self.revisions

        def apply() -> None:
            if store.pop(name, None) is None:
                raise ApiError("NotFound", name)
            self._tell("update" if kind == "Update" else "revision", name, uid, None)

        self._ask("prune", name, apply)

    # Pods, for the kubelet and for whoever disturbs.

    def set_pod(self, pod: Pod) -> Pod:
        """A new version of a pod."""
        stored = replace(pod, resource_version=int(self.version()))
        self.pods[pod.name] = stored
        self._tell("pod", pod.name, pod.uid, stored)
        return stored

    def let_go(self, pod: Pod) -> None:
        """A delete: ended pods go at once, others when the kubelet says so."""
        if pod.ended:
            self.remove_pod(pod)
        elif pod.deleted is None:
            self.set_pod(replace(pod, deleted=float(int(self.now)) + GRACE))

    def remove_pod(self, pod: Pod) -> None:
        """The pod is gone for good; a successor of its name stays."""
        if (there := self.pods.get(pod.name)) is not None and there.uid == pod.uid:
            del self.pods[pod.name]
            self._tell("pod", pod.name, pod.uid, None)

    def stranger(self, name: str, owner: str = "somebody") -> Pod:
        """A pod of somebody else under one of our names."""
        slot = slot_of(self.job.metadata.name, name)
        assert slot is not None
        return self.set_pod(
            Pod("default", name, self.uid("pod"), self.job.metadata.name, owner, *slot)
        )

    def uid(self, kind: str) -> str:
        return f"{kind}-{next(self._uid)}"

    def version(self) -> str:
        return str(next(self._version))

    def _ask(self, verb: str, name: str, apply: Callable[[], T]) -> T:
        fate = self.fates.popleft() if self.fates else "ok"
        if fate == "down":
            raise ApiError("Down", "the server is down")
        result = apply()
        self.writes.append((verb, name))
        if fate == "lost":
            raise ApiError("Down", "the answer was lost")
        if fate == "crash":
            raise CrashError
        return result

    def _new_update(self, name: str, spec: UpdateSpec, owner: OwnerReference | None) -> Update:
        meta = UpdateMeta(
            name=name,
            uid=self.uid("update"),
            generation=1,
            creation_timestamp=float(int(self.now)),
            owner_references=(owner,) if owner else (),
        )
        # As the CRD's default for status.
        status = UpdateStatus(observed_generation=-1)
        self.updates[name] = Update(metadata=meta, spec=spec, status=status)
        return self._store(name)

    def _store(
        self,
        name: str,
        status: UpdateStatus | None = None,
        annotations: dict[str, str] | None = None,
    ) -> Update:
        old = self.updates[name]
        meta = old.metadata.model_copy(
            update={
                "resource_version": self.version(),
                "annotations": annotations or old.metadata.annotations,
            }
        )
        new = old.model_copy(update={"metadata": meta, "status": status or old.status})
        self.updates[name] = new
        self._tell("update", name, meta.uid, new)
        return new

    def _update(self, name: str) -> Update:
        if name not in self.updates:
            raise ApiError("NotFound", name)
        return self.updates[name]

    @staticmethod
    def _compare(seen: ObjectMeta, there: ObjectMeta) -> None:
        if (seen.uid, seen.resource_version) != (there.uid, there.resource_version):
            raise ApiError("Conflict", seen.name)

    def _tell(self, kind: str, name: str, uid: str, value: Any) -> None:
        self.inbox[kind].append(Change(kind, name, uid, value))
