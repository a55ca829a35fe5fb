"""Update: one recorded rolling update of one Job; its plan, live state and audit trail."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from controller.api.ids import NONE, Ids
from controller.api.job import RevisionRange
from controller.api.labels import API_VERSION
from controller.api.meta import Condition, Model, Time, UpdateMeta, empty
from controller.api.policy import PolicyPatch, ResolvedPolicy
from controller.api.preview import UpdatePlan
from controller.api.progress import (
    ACTIVE,
    BACKWARD,
    FORWARD,
    TERMINAL,
    BatchStatus,
    Counts,
    Failure,
    GateStatus,
    HistoryEntry,
    IdSet,
    InstanceSets,
    Phase,
    Pulse,
    Target,
)

KIND = "Update"

__all__ = [
    "ACTIVE",
    "BACKWARD",
    "FORWARD",
    "KIND",
    "TERMINAL",
    "Action",
    "BatchStatus",
    "Counts",
    "Failure",
    "GateStatus",
    "HistoryEntry",
    "InstanceSets",
    "Phase",
    "Pulse",
    "RevisionRange",
    "Target",
    "Update",
    "UpdateSpec",
    "UpdateStatus",
]


class Action(StrEnum):
    """What a person wants of an Update."""

    PROCEED = "Proceed"
    ROLLBACK = "Rollback"
    ABORT = "Abort"


Flag = Annotated[bool, Field(exclude_if=empty)]


class UpdateSpec(Model):
    """What is asked for."""

    job: Annotated[
        str,
        Field(
            min_length=1,
            max_length=50,
            description="Name of the Job in the same namespace. Cannot be changed.",
        ),
    ]
    revision: Annotated[
        str | None,
        Field(
            min_length=1,
            max_length=253,
            description="Name of the ControllerRevision to go to; an older one is a deliberate "
            "roll back. Absent: the Job's template at the time of admission. Cannot be changed.",
        ),
    ] = None
    instances: Annotated[
        str | None,
        Field(
            max_length=32768,
            description='Only these instances, as a range string such as "0-3,7": a canary. '
            "Absent: all. Cannot be changed.",
        ),
    ] = None
    policy: Annotated[
        PolicyPatch | None,
        Field(
            description="What this Update does otherwise than `spec.update` of the Job, field by "
            "field; `strategy` and `gates` replace the Job's whole. Taken at admission: later "
            "edits do not change a running Update."
        ),
    ] = None
    parent: Annotated[
        str | None,
        Field(
            min_length=1,
            max_length=253,
            description="Revision that must be the Job's `currentRevision`; if it is not, the "
            "Update is Rejected with reason ParentMismatch.",
        ),
    ] = None
    restart: Annotated[
        Flag,
        Field(
            description="Replace all selected instances, even those already at the revision. "
            "Without `revision` each stays at its own. Absent: false."
        ),
    ] = False
    force: Annotated[
        Flag, Field(description="Go even to a revision known to be bad. Absent: false.")
    ] = False
    dry_run: Annotated[
        Flag,
        Field(
            description="Write `status.plan`, touch nothing and end in phase Planned. "
            "Absent: false."
        ),
    ] = False
    paused: Annotated[
        Flag,
        Field(
            description="Start no new replacements while true. It wins over everything but "
            "`action: Abort`. Absent: false."
        ),
    ] = False
    resume_token: Annotated[
        str | None,
        Field(
            max_length=253,
            description="Any text. Changing it ends a pause that the operator made.",
        ),
    ] = None
    action: Annotated[
        Action,
        Field(
            description="`Proceed`, `Rollback` (restore what ran before) or `Abort` (stop where "
            "it is). It moves only in that direction."
        ),
    ] = Action.PROCEED
    message: Annotated[
        str | None, Field(max_length=1024, description="Why this update is made, in free text.")
    ] = None


class UpdateStatus(Model):
    """What the operator sees and keeps."""

    phase: Annotated[
        Phase,
        Field(
            description="Where the update is. Pending: not admitted yet. Active: RollingForward, "
            "RollingBack, their Paused and AwaitingPulse forms. All others are final."
        ),
    ] = Phase.PENDING
    reason: Annotated[str, Field(description="Why it is there, as one CamelCase word.")] = ""
    message: Annotated[
        str,
        Field(description="Why it is there: which instance, what happened, what is waited for."),
    ] = ""
    started_at: Annotated[Time | None, Field(description="When it was admitted.")] = None
    finished_at: Annotated[Time | None, Field(description="When it ended.")] = None
    watching_since: Annotated[
        Time | None, Field(description="When its last instance became good.")
    ] = None
    observed_generation: Annotated[
        int, Field(description="metadata.generation this status speaks of; -1: not seen yet.")
    ] = -1
    conditions: Annotated[
        tuple[Condition, ...],
        Field(
            description="Ready, Reconciling, Stalled, Complete, Succeeded, Failed, Paused, "
            "AwaitingPulse, GatesPassed, VerbRefused. Of these only the last two can be absent, "
            "which is False.",
            exclude_if=empty,
            json_schema_extra={
                "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["type"],
            },
        ),
    ] = ()
    job_uid: Annotated[
        str | None, Field(alias="jobUID", description="uid of the Job it was admitted for.")
    ] = None
    policy: Annotated[
        ResolvedPolicy | None, Field(description="The policy it runs by, as of its admission.")
    ] = None
    min_ready_seconds: Annotated[
        int | None, Field(description="`spec.minReadySeconds` of the Job as of its admission.")
    ] = None
    from_: Annotated[
        tuple[RevisionRange, ...],
        Field(
            alias="from",
            description="Each instance's own revision before the update: what a rollback "
            "restores. Instances the update creates are absent.",
            exclude_if=empty,
        ),
    ] = ()
    to: Annotated[Target | None, Field(description="Where it goes.")] = None
    plan: Annotated[
        UpdatePlan | None, Field(description="What it would do; only with `dryRun`.")
    ] = None
    counts: Annotated[Counts, Field(description="How many instances are where.")] = Counts()
    instances: Annotated[
        InstanceSets, Field(description="Which instances are where, as range strings.")
    ] = InstanceSets()
    batch: Annotated[
        BatchStatus | None,
        Field(
            description="The group in flight. In a Queue: the instances that may be replaced "
            "without writing this status again."
        ),
    ] = None
    failure_counts: dict[str, Ids] = Field(
        default_factory=dict,
        description='Failures counted so far: {"1": "4,7"} says that instances 4 and 7 had '
        "one each.",
        exclude_if=empty,
    )
    down_since: dict[str, Ids] = Field(
        default_factory=dict,
        description="Since when instances whose turn came cannot be brought up, because their pod "
        'is refused or evicted again and again: {"2026-01-02T03:04:05Z": "4,7"}. A failure that '
        "is counted begins that time anew.",
        exclude_if=empty,
    )
    failures: Annotated[
        tuple[Failure, ...], Field(description="The failures, newest 50.", exclude_if=empty)
    ] = ()
    gates: Annotated[
        tuple[GateStatus, ...],
        Field(
            description="What each gate said last.",
            exclude_if=empty,
            json_schema_extra={
                "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["name"],
            },
        ),
    ] = ()
    history: Annotated[
        tuple[HistoryEntry, ...], Field(description="Transitions, newest 50.", exclude_if=empty)
    ] = ()
    observed_resume_token: Annotated[
        str | None, Field(description="The `spec.resumeToken` that was last answered.")
    ] = None
    observed_verbs: Annotated[
        tuple[str, ...],
        Field(
            description="Verbs that its spec showed when it ended, or that were answered since.",
            exclude_if=empty,
        ),
    ] = ()
    observed_pulse: Annotated[
        Pulse | None,
        Field(description="A pulse dated in the future, with the time from which it counts."),
    ] = None
    turn: Annotated[
        HistoryEntry | None,
        Field(description="When and why it began to roll back. The history may forget it."),
    ] = None
    restart: Annotated[
        Flag, Field(description="Whether it replaces instances that are at their revision already.")
    ] = False
    scaled: Annotated[
        IdSet, Field(description="Ids that a scale gave to it while it was active. They come last.")
    ] = NONE


class Update(Model):
    """An Update is one rolling update of one Job: what was asked, where it is, what happened.

    Made by the operator when a Job's template changes, or by a person or a pipeline. At most one
    is active per Job.
    """

    api_version: str = API_VERSION
    kind: str = KIND
    metadata: UpdateMeta
    spec: Annotated[UpdateSpec, Field(description="What is asked for.")]
    status: Annotated[
        UpdateStatus, Field(description="What is seen. Written by the operator alone.")
    ] = UpdateStatus()
