"""The output of a decision, as frozen values; `controller.reconcile` carries it out.

A plan either writes intent (``write``: one compare-and-swap, after which the Job is decided again)
or acts on intent that the API server has acknowledged (``actions``). It may also report
(``reports``: status writes that can wait for a second).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal

from controller.api.ids import NONE, Ids
from controller.api.job import JobStatus
from controller.api.pods.move import Move
from controller.api.update import UpdateStatus
from controller.core.model.ask import AskGate as AskGate
from controller.core.model.budget import KeepBudget as KeepBudget
from controller.core.model.claims import MakeClaims as MakeClaims
from controller.core.model.claims import OwnClaim as OwnClaim
from controller.core.model.coordination import Question
from controller.core.model.revision_writes import AdoptRevisions as AdoptRevisions
from controller.core.model.revision_writes import EnsureRevision as EnsureRevision
from controller.core.model.revision_writes import ReadRevision as ReadRevision
from controller.core.model.revision_writes import ReleaseRevisions as ReleaseRevisions
from controller.core.model.revision_writes import StampRevision as StampRevision
from controller.core.model.runs import EndRun as EndRun
from controller.core.model.runs import KeepCronJob as KeepCronJob
from controller.core.model.runs import MakeRun as MakeRun
from controller.core.pods.ended import UNKNOWN, Intent
from controller.core.revisions.changeable_in_place import Change

EventType = Literal["Normal", "Warning"]
#: An action on an existing object: the verb and the object's uid.
ActionKey = tuple[Literal["delete", "change", "repair", "prune", "budget", "own"], str]


@dataclass(frozen=True, slots=True)
class Event:
    """A Kubernetes Event, recorded after the write that it belongs to. ``update``: name of the
    Update that it is about; None for an Event about the Job."""

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
    """Create the operator's own Update ``name`` for the Job's present spec, of ``revision``.
    ``instances``: the only ids that it is for, which go to ``revision`` whatever the template."""

    name: str
    revision: str
    force: bool = False
    paused: bool = False
    #: Who made the pause that it inherits from the Update it supersedes.
    paused_by: str = ""
    instances: Ids = NONE


@dataclass(frozen=True, slots=True)
class MarkAdmitted:
    """Set an Update's annotation ``echelon.dev/admitted`` to the Update's own uid."""

    name: str


@dataclass(frozen=True, slots=True)
class ReadJob:
    """GET the Job live before going on."""


@dataclass(frozen=True, slots=True)
class ReadUpdate:
    """GET an Update live: it counts as deleted only when the API server answers 404."""

    name: str


@dataclass(frozen=True, slots=True)
class CheckTemplate:
    """Ask the API server by a dry run whether it accepts a pod of ``revision`` ("": of none), its
    claims and the Jobs of job gates. ``update``: uid of the user-made Update; "" for none."""

    revision: str
    update: str = ""


@dataclass(frozen=True, slots=True)
class ReadNodes:
    """GET nodes, to know whether they are lost; "" stands for all nodes of the cluster as one."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CountDomains:
    """Count how many values each of these labels of nodes has."""

    labels: tuple[str, ...]


#: A plan holds at most one write; after it the Job is decided again.
Write = (
    WriteJob
    | WriteUpdate
    | MakeUpdate
    | MarkAdmitted
    | ReadJob
    | ReadUpdate
    | CheckTemplate
    | ReadNodes
    | CountDomains
    | ReadRevision
    | EnsureRevision
    | StampRevision
    | ReleaseRevisions
    | AdoptRevisions
    | MakeRun
    | EndRun
    | KeepCronJob
)

# Subjects of writes.
THE_STATUS: Final = "the Job's status"
THE_UPDATE: Final = "the Update"
THE_ADOPTION: Final = "the adoption of ControllerRevisions"


def subject(write: Write) -> str:
    """The object of a write, as the message of a refusal names it; "" for a read."""
    match write:
        case WriteJob():
            return THE_STATUS
        case WriteUpdate() | MarkAdmitted():
            return subject_of_update(write.name)
        case MakeUpdate():
            return THE_UPDATE
        case EnsureRevision():
            return subject_of_revision(write.revision)
        case StampRevision():
            # A subject of its own: no Update waits for it.
            return f"the source of {subject_of_revision(write.revision)}"
        case ReleaseRevisions():
            return "the release of ControllerRevisions"
        case AdoptRevisions():
            return THE_ADOPTION
        case MakeRun() | EndRun() | KeepCronJob():
            return write.subject
    return ""


def subject_of_update(name: str) -> str:
    """The subject of writes to an existing Update."""
    return f"Update {name}"


def subject_of_revision(name: str) -> str:
    """The subject of writes to a ControllerRevision."""
    return f"ControllerRevision {name}"


@dataclass(frozen=True, slots=True)
class CreatePod:
    """Create the pod of an instance. ``surge``: in the ``-s`` slot; ``update``: uid of its Update;
    ``failures``: of the instance so far; ``remade``: how often in a row the pod was created again;
    ``move``: the move in which it is to replace a marked pod."""

    instance: int
    revision: str
    surge: bool = False
    update: str = ""
    failures: int = 0
    remade: int = 0
    move: Move | None = None


@dataclass(frozen=True, slots=True)
class DeletePod:
    """Delete the pod of an instance if it still has this uid. ``force``: without a grace period,
    because the pod's own one ended ``terminationTimeoutSeconds`` ago. ``evict``: by an eviction, so
    that disruption budgets are obeyed; ``question``: only as long as the coordinator's answer to it
    holds."""

    instance: int
    surge: bool
    name: str
    uid: str
    force: bool = False
    evict: bool = False
    intent: Intent = field(default=UNKNOWN, compare=False)
    question: Question | None = None

    @property
    def key(self) -> ActionKey:
        return ("delete", self.uid)


@dataclass(frozen=True, slots=True)
class ChangePod:
    """Change the running pod of an instance to another revision in place (contract rule 16).
    ``budgeted``: only if disruption budgets would let the pod go; ``question``: see `DeletePod`."""

    instance: int
    surge: bool
    name: str
    uid: str
    revision: str
    update: str
    failures: int
    change: Change
    budgeted: bool = False
    question: Question | None = None

    @property
    def key(self) -> ActionKey:
        return ("change", self.uid)


@dataclass(frozen=True, slots=True)
class RepairPod:
    """Restore a pod's labels; ``adopt``: its owner, too; ``undo``: take its announced resize back;
    ``finish``: change the labels and annotations that its resize left as they were;
    ``relabel``: nothing but the revision changes;
    ``surplus``: the pod belongs to no instance; once adopted, it is deleted; ``moved``: the move in
    which the pod was created is over."""

    instance: int
    surge: bool
    name: str
    uid: str
    revision: str
    adopt: bool = False
    surplus: bool = False
    undo: bool = False
    moved: bool = False
    finish: bool = False
    relabel: bool = False

    @property
    def key(self) -> ActionKey:
        return ("repair", self.uid)


@dataclass(frozen=True, slots=True)
class Prune:
    """Delete an old ControllerRevision, a finished Update or run, or the budget of the Job."""

    kind: Literal["ControllerRevision", "Update", "PodDisruptionBudget", "Job"]
    name: str
    uid: str

    @property
    def key(self) -> ActionKey:
        return ("prune", self.uid)


ActionOnObject = DeletePod | ChangePod | RepairPod | Prune | KeepBudget | OwnClaim
#: What makes objects of an instance; its refusal is one of the instance.
Creation = CreatePod | MakeClaims
Action = Creation | ActionOnObject


@dataclass(frozen=True, slots=True)
class Plan:
    """The result of ``decide``. ``wake_at``: epoch seconds at which to decide again even if nothing
    happens, None for never; ``waiting``: ids that wait; ``illegal``: refused transitions;
    ``question``: what the coordinator is to be asked, or has allowed; what it is asked besides is
    not wanted any more."""

    write: Write | None = None
    actions: tuple[Action, ...] = ()
    reports: tuple[WriteJob | WriteUpdate, ...] = ()
    wake_at: float | None = None
    asks: tuple[AskGate, ...] = ()
    #: Actions that are left out only because the API server has just refused them. All other
    #: stored refusals are outdated. None if this plan did not look for actions.
    held: frozenset[ActionKey] | None = None
    waiting: Ids = NONE
    illegal: tuple[str, ...] = ()
    question: Question | None = None
