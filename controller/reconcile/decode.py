"""Decodes bytes of the API server into the slim objects that the store keeps.

Each slim object has ``key`` ("namespace/name"), ``uid`` and ``resource_version``, as an informer
requires.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from controller.api.job import KIND
from controller.api.labels import JOB
from controller.api.lenient import lenient, part, unreadable
from controller.api.meta import ObjectMeta
from controller.api.pods.pod import Pod
from controller.api.pods.slim import slim
from controller.api.pods.wire import PodMeta, PodWire
from controller.api.update import TERMINAL, Phase, Update
from controller.core.model.observed import Finished, Revision
from controller.kube.codec import Codec, Keyed, listed, struct_codec

log = logging.getLogger(__name__)

W = TypeVar("W", bound=BaseModel)
K = TypeVar("K", bound=Keyed)


class _Event(BaseModel, Generic[W]):
    type: str
    object: W


class _Page(BaseModel, Generic[W]):
    metadata: dict[str, Any]
    items: list[W]


def codec(
    wire: type[W],
    slim: Callable[[W], K],
    too_new: Callable[[dict[str, Any], str], K | None] = lambda *_: None,
) -> Codec[K]:
    """A codec that parses the fields of ``wire`` and keeps what ``slim`` makes of them.

    ``too_new(raw, words)`` returns what is kept of an object that cannot be read, or None;
    ``words`` say what cannot be read.
    """

    def read(raw: dict[str, Any]) -> K | None:
        try:
            return slim(lenient(wire, raw))
        except ValidationError as error:
            log.error("%s cannot be read: %s", raw["metadata"].get("name"), error)
            return too_new(raw, unreadable(error))

    event: TypeAdapter[_Event[W]] = TypeAdapter(_Event[wire])  # type: ignore[valid-type]
    page: TypeAdapter[_Page[W]] = TypeAdapter(_Page[wire])  # type: ignore[valid-type]

    def read_event(line: bytes) -> tuple[str, K]:
        try:
            parsed = event.validate_json(line)
        except ValidationError:
            raw = json.loads(line)
            if (item := read(raw["object"])) is None:
                raise
            return raw["type"], item
        return parsed.type, slim(parsed.object)

    def read_page(raw: bytes) -> tuple[list[K], str, str]:
        try:
            parsed = page.validate_json(raw)
        except ValidationError:
            # One object that cannot be read must not keep the others from being read.
            content = json.loads(raw)
            meta = content["metadata"]
            items = [kept for item in content["items"] if (kept := read(item)) is not None]
        else:
            meta, items = parsed.metadata, [slim(item) for item in parsed.items]
        return listed(items, meta)

    return Codec(event=read_event, page=read_page)


@dataclass(frozen=True, slots=True)
class _Object:
    namespace: str
    name: str
    uid: str
    resource_version: str

    @property
    def key(self) -> str:
        """The key of the object in an informer."""
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class PodObject(_Object):
    """A pod. ``pod`` is None if its name is not that of an instance of ``job``.

    ``job`` is the Job's name in its label. ``foreign_controller`` is the controller that owns it;
    "" if that is an EchelonJob or there is none.
    """

    pod: Pod | None
    job: str = ""
    foreign_controller: str = ""


@dataclass(frozen=True, slots=True)
class UpdateObject(_Object):
    """An Update. In a terminal phase ``update`` is None, unless someone has edited the spec since;
    then only the fields here are kept.

    ``owner`` is the uid of the Job that owns the Update as its controller, "" if there is none.
    ``started`` and ``finished`` are epoch seconds (0: unknown). ``updated`` is the number of
    instances that it updated. ``too_new`` says what this version cannot read ("": nothing); such an
    Update is left alone.
    """

    job: str
    owner: str
    created: float
    phase: Phase
    update: Update | None
    started: float = 0.0
    finished: float = 0.0
    updated: int = 0
    too_new: str = ""

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


@dataclass(frozen=True, slots=True)
class RevisionObject(_Object):
    """Metadata of a ControllerRevision, and its ``.revision`` as ``number``.

    ``unknown`` is a key under ``data`` that only a newer version knows, "" if there is none.
    ``free``: it has no controller, or one that is a Job of the name in its label.
    """

    job: str
    owner: str
    number: int
    unknown: str = ""
    free: bool = False

    @property
    def brief(self) -> Revision:
        """The part that a decision needs."""
        return Revision(self.name, self.uid, self.number)


#: The key under which a newer version stores further parts of a revision besides the template.
NEWER = "echelon"


class RevisionData(BaseModel):
    """The part of ``data`` that shows whether a revision consists of more than a template."""

    echelon: Any = None


class RevisionWire(BaseModel):
    """The fields of a ControllerRevision that are parsed; its template is not."""

    metadata: ObjectMeta
    revision: int = 0
    data: RevisionData | None = None


def pod_of(wire: PodWire) -> PodObject:
    """The slim form of a pod."""
    job = wire.metadata.labels.get(JOB, "")
    return PodObject(*_identity(wire.metadata), slim(wire), job, wire.foreign_controller)


def update_of(update: Update) -> UpdateObject:
    """The slim form of an Update."""
    meta, phase = update.metadata, update.status.phase
    answered = update.status.observed_generation == meta.generation
    return UpdateObject(
        *_identity(meta),
        update.spec.job,
        _owner_of(meta),
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
        *_identity(meta),
        job,
        _owner_of(meta),
        meta.creation_timestamp or 0.0,
        next((known for known in Phase if known == phase), Phase.ERROR),
        None,
        too_new=words,
    )


def revision_of(wire: RevisionWire) -> RevisionObject:
    """The slim form of a ControllerRevision."""
    meta = wire.metadata
    job, controller = meta.labels.get(JOB, ""), meta.controller
    return RevisionObject(
        *_identity(meta),
        job,
        _owner_of(meta),
        wire.revision,
        NEWER if wire.data and NEWER in wire.data.model_fields_set else "",
        controller is None or (controller.kind, controller.name) == (KIND, job),
    )


def _identity(meta: ObjectMeta | PodMeta) -> tuple[str, str, str, str]:
    """The fields of `_Object`, in their order."""
    return meta.namespace, meta.name, meta.uid, meta.resource_version


def _owner_of(meta: ObjectMeta) -> str:
    """The uid of the controller that owns an object; "" if there is none."""
    return meta.controller.uid if meta.controller else ""


POD_CODEC = struct_codec(PodWire, pod_of)
UPDATE_CODEC = codec(Update, update_of, update_too_new)
REVISION_CODEC = codec(RevisionWire, revision_of)
