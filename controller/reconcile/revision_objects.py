"""ControllerRevisions as the store keeps them: metadata, but not the template."""

from __future__ import annotations

from dataclasses import dataclass
from sys import intern
from typing import Any

from pydantic import BaseModel

from controller.api.job import KIND
from controller.api.labels import JOB
from controller.api.meta import ObjectMeta
from controller.core.model.observed import Revision
from controller.core.revisions import data as revision_data
from controller.core.revisions import provenance
from controller.reconcile.decode import StoredObject, identity, owner_of
from controller.reconcile.lenient_codec import codec


@dataclass(frozen=True, slots=True)
class RevisionObject(StoredObject):
    """Metadata of a ControllerRevision, and its ``.revision`` as ``number``.

    ``unknown`` is a key under ``data`` that only a newer version knows, "" if there is none;
    ``shaped``: it has overlays or constraints.
    ``free``: it has no controller, or one that is a Job of the name in its label. ``source`` and
    ``parent``: where it comes from, "" if nothing says so.
    """

    job: str
    owner: str
    number: int
    unknown: str = ""
    free: bool = False
    source: str = ""
    parent: str = ""
    shaped: bool = False

    @property
    def brief(self) -> Revision:
        """The part that a decision needs."""
        return Revision(self.name, self.uid, self.number, self.source, self.parent, self.shaped)

    def is_orphan_of(self, job: str, uid: str) -> bool:
        """Whether a former Job of this name left it, and not the Job with this uid."""
        return self.owner != uid and self.free and self.name.startswith(f"{job}-")


class RevisionData(BaseModel):
    """The part of ``data`` that shows whether a revision consists of more than a template."""

    echelon: Any = None


class RevisionWire(BaseModel):
    """The fields of a ControllerRevision that are parsed; its template is not."""

    metadata: ObjectMeta
    revision: int = 0
    data: RevisionData | None = None


def revision_of(wire: RevisionWire) -> RevisionObject:
    """The slim form of a ControllerRevision."""
    meta, origin = wire.metadata, provenance.read(wire.metadata.annotations)
    job, controller = meta.labels.get(JOB, ""), meta.controller
    echelon = wire.data.echelon if wire.data else None
    return RevisionObject(
        *identity(meta),
        job,
        owner_of(meta),
        wire.revision,
        revision_data.unknown({revision_data.KEY: echelon}),
        controller is None or (controller.kind, controller.name) == (KIND, job),
        origin.source,
        # Another revision of the Job, whose name is kept already.
        intern(origin.parent),
        bool(echelon),
    )


REVISION_CODEC = codec(RevisionWire, revision_of)
