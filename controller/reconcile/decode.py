"""Decodes bytes of the API server into the slim objects that the store keeps.

Each slim object has ``key`` ("namespace/name"), ``uid`` and ``resource_version``, as an informer
requires.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from sys import intern
from typing import Any

from pydantic import ValidationError

from controller.api import engine
from controller.api.job import Job
from controller.api.kinds import JOBS, UPDATES
from controller.api.labels import JOB
from controller.api.lenient import lenient, part, unreadable
from controller.api.meta import ObjectMeta, wire
from controller.api.pods.pod import Pod
from controller.api.pods.slim import slim
from controller.api.pods.wire import PodMeta, PodWire
from controller.api.update import TERMINAL, Phase, Update
from controller.core.model.observed import Finished, Unknown
from controller.core.status import too_new
from controller.kube.codec import struct_codec
from controller.reconcile.lenient_codec import codec


@dataclass(frozen=True, slots=True)
class StoredObject:
    """What every slim object has."""

    namespace: str
    name: str
    uid: str
    resource_version: str

    @property
    def key(self) -> str:
        """The key of the object in an informer."""
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class PodObject(StoredObject):
    """A pod. ``pod`` is None if its name is not that of an instance of ``job``.

    ``job`` is the Job's name in its label. ``foreign_controller`` is the controller that owns it;
    "" if that is an EchelonJob or there is none.
    """

    pod: Pod | None
    job: str = ""
    foreign_controller: str = ""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A version of a Job that cannot be read: its JSON data, and why."""

    raw: dict[str, Any]
    unknown: Unknown

    @classmethod
    def of(cls, raw: dict[str, Any], error: ValidationError) -> Unreadable:
        return cls(raw, too_new.of_object(JOBS, raw, unreadable(error)))

    @property
    def uid(self) -> str:
        uid: str = self.raw["metadata"]["uid"]
        return uid

    @property
    def version(self) -> int:
        return int(self.raw["metadata"]["resourceVersion"])


@dataclass(frozen=True, slots=True)
class TooNew:
    """An Update that is left to a newer operator, and why. ``raw``: of its JSON data the parts that
    are needed to say so in its conditions; None if it has ended, or seems to: then nothing is
    written. ``job_uid``: uid of the Job for which it was admitted, "" if it was not."""

    unknown: Unknown
    raw: dict[str, Any] | None = None
    job_uid: str = ""


@dataclass(frozen=True, slots=True)
class UpdateObject(StoredObject):
    """An Update. In a terminal phase ``update`` is None, unless someone has edited the spec since;
    then only the fields here are kept.

    ``owner`` is the uid of the Job that owns the Update as its controller, "" if there is none.
    ``started`` and ``finished`` are epoch seconds (0: unknown). ``updated`` is the number of
    instances that it updated. ``too_new``: why the Update is left to a newer operator, None if it
    is not.
    """

    job: str
    owner: str
    created: float
    phase: Phase
    update: Update | None
    started: float = 0.0
    finished: float = 0.0
    updated: int = 0
    too_new: TooNew | None = None

    def brief(self, job: str) -> Finished:
        """The part of an ended Update that a decision about the Job with uid ``job`` needs."""
        return Finished(
            self.name,
            self.uid,
            self.phase,
            self.owner == job,
            self.created,
            started=self.started,
            finished=self.finished,
            updated=self.updated,
        )


def pod_of(wire: PodWire) -> PodObject:
    """The slim form of a pod."""
    job = intern(wire.metadata.labels.get(JOB, ""))
    return PodObject(*identity(wire.metadata), slim(wire), job, wire.foreign_controller)


def update_of(update: Update) -> UpdateObject:
    """The slim form of an Update."""
    meta, phase = update.metadata, update.status.phase
    if phase not in TERMINAL and engine.is_newer(update.status.engine_version):
        return _of_newer_engine(update)
    answered = update.status.observed_generation == meta.generation
    return UpdateObject(
        *identity(meta),
        update.spec.job,
        owner_of(meta),
        meta.creation_timestamp or 0.0,
        phase,
        None if phase in TERMINAL and answered else update,
        update.status.started_at or 0.0,
        update.status.finished_at or 0.0,
        update.status.counts.updated,
    )


def read_update(raw: dict[str, Any]) -> UpdateObject:
    """The slim form of an Update from an answer of the API server, even if it is too new to read.
    Raises ``ValidationError`` if it does not name its Job."""
    try:
        return update_of(lenient(Update, raw))
    except ValidationError as error:
        kept = update_too_new(raw, unreadable(error))
        if kept is None:
            raise
        return kept


def update_too_new(raw: dict[str, Any], words: str) -> UpdateObject | None:
    """The slim form of an Update that cannot be read; ``words`` say why. Returns None if it does
    not name its Job."""
    job = part(raw, "spec").get("job")
    phase = part(raw, "status").get("phase", Phase.PENDING)
    if not isinstance(job, str):
        return None
    meta = ObjectMeta.model_validate(raw["metadata"])
    return UpdateObject(
        *identity(meta),
        job,
        owner_of(meta),
        meta.creation_timestamp or 0.0,
        next((known for known in Phase if known == phase), Phase.ERROR),
        None,
        too_new=TooNew(too_new.of_object(UPDATES, raw, words), _part_to_say(raw)),
    )


def _part_to_say(raw: dict[str, Any]) -> dict[str, Any] | None:
    """The part of an Update that cannot be read from which its conditions are made; None if the
    Update has ended."""
    status = part(raw, "status")
    conditions = status.get("conditions")
    ended = {"type": "Complete", "status": "True"}.items()
    for each in conditions if isinstance(conditions, list) else ():
        if isinstance(each, dict) and ended <= each.items():
            return None
    if any(phase == status.get("phase") for phase in TERMINAL):
        return None
    kept = {k: v for k, v in status.items() if k in ("observedGeneration", "conditions")}
    names = ("namespace", "name", "uid", "resourceVersion", "generation")
    return {"metadata": {k: v for k, v in raw["metadata"].items() if k in names}, "status": kept}


def _of_newer_engine(update: Update) -> UpdateObject:
    """The slim form of an active or pending Update that only a newer operator may carry on."""
    meta, status = update.metadata, update.status
    unknown = too_new.of_engine(meta.name, engine.version_of(status.engine_version))
    return UpdateObject(
        *identity(meta),
        update.spec.job,
        owner_of(meta),
        meta.creation_timestamp or 0.0,
        status.phase,
        None,
        too_new=TooNew(unknown, _part_to_say(wire(update)), status.job_uid or ""),
    )


def left_alone_for(updates: Iterable[UpdateObject], job: Job) -> Unknown | None:
    """Why a Job that can be read itself is left to a newer operator: its active Update cannot be
    read, or a newer engine has admitted one of its Updates. None if it is not."""
    lock, uid = job.status.active_update, job.metadata.uid
    for update in updates:
        if update.too_new is None:
            continue
        unknown, held = update.too_new.unknown, lock is not None and lock.uid == update.uid
        if unknown.reason == too_new.ENGINE_REASON and (held or update.too_new.job_uid == uid):
            return unknown
        if held:
            return replace(unknown, what=f"Update {update.name}: {unknown.what}")
    return None


def identity(meta: ObjectMeta | PodMeta) -> tuple[str, str, str, str]:
    """The fields of `StoredObject`, in their order."""
    return intern(meta.namespace), meta.name, meta.uid, meta.resource_version


def owner_of(meta: ObjectMeta) -> str:
    """The uid of the controller that owns an object; "" if there is none."""
    return meta.controller.uid if meta.controller else ""


POD_CODEC = struct_codec(PodWire, pod_of)
UPDATE_CODEC = codec(Update, update_of, update_too_new)
