"""What a decision may ask for. Frozen values; `controller.reconcile` acts on them.

A plan either writes intent (``write``: one compare-and-swap, then the key is decided anew) or acts
on intent that was acknowledged (``actions``), and besides may report (``reports``: status that can
wait for a second).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from controller.api.gate import Gate
from controller.api.ids import NONE, Ids
from controller.api.job import JobStatus
from controller.api.update import UpdateStatus
from controller.core.revisions.change import Change
from controller.core.verdicts.builtin import Evidence

EventType = Literal["Normal", "Warning"]
#: What is done to an object that is there: the verb, and the object's uid.
ActionKey = tuple[Literal["delete", "change", "repair", "prune"], str]


@dataclass(frozen=True, slots=True)
class Event:
    """A Kubernetes Event, recorded after the write it belongs to. ``update`` None: on the Job."""

    reason: str
    note: str
    update: str | None = None
    type: EventType = "Normal"


@dataclass(frozen=True, slots=True)
class WriteJob:
    """Compare-and-swap of Job.status."""

    status: JobStatus
    events: tuple[Event, ...] = ()


@dataclass(frozen=True, slots=True)
class WriteUpdate:
    """Compare-and-swap of an Update's status."""

    name: str
    status: UpdateStatus
    events: tuple[Event, ...] = ()


@dataclass(frozen=True, slots=True)
class MakeUpdate:
    """Create the operator's own Update ``name`` for the Job's present spec, of ``revision``."""

    name: str
    revision: str
    force: bool = False
    paused: bool = False
    #: Who made the pause that it inherits.
    paused_by: str = ""


@dataclass(frozen=True, slots=True)
class MarkAdmitted:
    """Put the annotation ``echelon.dev/admitted`` with its own uid on an Update."""

    name: str


@dataclass(frozen=True, slots=True)
class ReadJob:
    """GET the Job live before going on."""


@dataclass(frozen=True, slots=True)
class ReadUpdate:
    """GET an Update live: only a 404 says that it was deleted."""

    name: str


@dataclass(frozen=True, slots=True)
class CheckTemplate:
    """Ask the API server by a dry run whether it takes a pod of this revision ("": of none), and
    the Jobs of the job gates that an Update to it is asked through. ``update``: uid of
    the Update made by a person that asks; "" for the Job's own present template."""

    revision: str
    update: str = ""


@dataclass(frozen=True, slots=True)
class ReadNodes:
    """GET nodes: whether they are lost."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReadRevision:
    """GET a ControllerRevision for its template."""

    name: str


@dataclass(frozen=True, slots=True)
class KeepRevision:
    """Make the present template's ControllerRevision, or raise its ``.revision`` to ``number``."""

    revision: str
    number: int


@dataclass(frozen=True, slots=True)
class ReleaseRevisions:
    """Take the Job out of the owners of ControllerRevisions: it goes, they are to stay."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AdoptRevisions:
    """Make the Job the owner of ControllerRevisions that a former Job of its name left."""

    names: tuple[str, ...]


#: Asked for one at a time; each is followed by a fresh decision.
Write = (
    WriteJob
    | WriteUpdate
    | MakeUpdate
    | MarkAdmitted
    | ReadJob
    | ReadUpdate
    | CheckTemplate
    | ReadNodes
    | ReadRevision
    | KeepRevision
    | ReleaseRevisions
    | AdoptRevisions
)


#: The subject of the writes of Job.status.
THE_STATUS: Final = "the Job's status"
#: The subject of the operator's next Update, whose name is not taken yet.
THE_UPDATE: Final = "the Update"
#: The subject of taking in what a former Job left.
THE_ADOPTION: Final = "the adoption of ControllerRevisions"


def subject(write: Write) -> str:
    """What a write is about, in words that a refusal of it begins with; "" for a question."""
    match write:
        case WriteJob():
            return THE_STATUS
        case WriteUpdate() | MarkAdmitted():
            return subject_of_update(write.name)
        case MakeUpdate():
            return THE_UPDATE
        case KeepRevision():
            return subject_of_revision(write.revision)
        case ReleaseRevisions():
            return "the release of ControllerRevisions"
        case AdoptRevisions():
            return THE_ADOPTION
    return ""


def subject_of_update(name: str) -> str:
    """The subject of the writes about an Update that is there."""
    return f"Update {name}"


def subject_of_revision(name: str) -> str:
    """The subject of the writes about a ControllerRevision."""
    return f"ControllerRevision {name}"


@dataclass(frozen=True, slots=True)
class CreatePod:
    """Make the pod of an instance; ``remade``: how often in a row that was so."""

    instance: int
    revision: str
    surge: bool = False
    update: str = ""
    failures: int = 0
    remade: int = 0


@dataclass(frozen=True, slots=True)
class DeletePod:
    """Delete the pod of an instance if it still has this uid. ``force``: without a grace period,
    for it has not ended long after its own (contract: terminationTimeoutSeconds)."""

    instance: int
    surge: bool
    name: str
    uid: str
    force: bool = False

    @property
    def key(self) -> ActionKey:
        return ("delete", self.uid)


@dataclass(frozen=True, slots=True)
class ChangePod:
    """Bring the running pod of an instance to another revision in place (contract rule 16)."""

    instance: int
    surge: bool
    name: str
    uid: str
    revision: str
    update: str
    failures: int
    change: Change

    @property
    def key(self) -> ActionKey:
        return ("change", self.uid)


@dataclass(frozen=True, slots=True)
class MendPod:
    """Restore labels (and, of a pod that nobody owns, the owner) of one of our pods."""

    instance: int
    surge: bool
    name: str
    uid: str
    revision: str
    adopt: bool = False
    #: It is none of the Job's instances: once adopted it goes.
    surplus: bool = False

    @property
    def key(self) -> ActionKey:
        return ("repair", self.uid)


@dataclass(frozen=True, slots=True)
class Prune:
    """Delete an old ControllerRevision or a finished Update."""

    kind: Literal["ControllerRevision", "Update"]
    name: str
    uid: str

    @property
    def key(self) -> ActionKey:
        return ("prune", self.uid)


@dataclass(frozen=True, slots=True)
class AskGate:
    """Ask a gate of the Update ``update`` about a group. ``run`` tells this asking from another,
    ``question`` within it one verdict from the next.
    ``updated`` and ``baseline``: instances that run the new revision, and those that do not yet."""

    gate: Gate
    update: str
    group: int
    run: str
    updated: Ids
    baseline: Ids
    #: When it was due, in epoch seconds.
    due: float = 0.0
    question: str = ""
    #: How many instances are through.
    through: int = 0
    #: What a gate `builtin` judges.
    evidence: Evidence | None = None


#: What is done to an object that is there.
ActionOnObject = DeletePod | ChangePod | MendPod | Prune
Action = CreatePod | ActionOnObject


@dataclass(frozen=True, slots=True)
class Plan:
    """The answer of ``decide``. ``wake_at``: epoch seconds of the next moment time changes it;
    ``waiting``: ids held up; ``illegal``: transitions that were wanted and refused, as words."""

    write: Write | None = None
    actions: tuple[Action, ...] = ()
    reports: tuple[WriteJob | WriteUpdate, ...] = ()
    wake_at: float | None = None
    #: Gates to ask; their answers come back with a later observation.
    asks: tuple[AskGate, ...] = ()
    #: What is not done only because the API server has just refused it; None: nobody looked. All
    #: other refusals are of the past.
    held: frozenset[ActionKey] | None = None
    waiting: Ids = NONE
    illegal: tuple[str, ...] = ()
