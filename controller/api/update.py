"""Update: one recorded rolling update of one Job, with its plan, live state and audit trail."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from controller.api.ids import NONE, Ids
from controller.api.job import RevisionRange
from controller.api.labels import API_VERSION
from controller.api.meta import (
    MAY_BE_LOST,
    Condition,
    CountKey,
    Model,
    Since,
    Status,
    Time,
    UpdateMeta,
    empty,
)
from controller.api.policy import ResolvedPolicy
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
    Moved,
    Phase,
    Pulse,
    Target,
)
from controller.api.update_spec import Action, Flag, UpdateSpec

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
    "generation_in",
]


class UpdateStatus(Status):
    """Observed state of an Update; written only by the operator."""

    phase: Annotated[
        Phase,
        Field(
            description="Phase of the Update. Pending: not admitted yet. Active: RollingForward, "
            "RollingBack, RollForwardPaused, RollBackPaused, RollForwardAwaitingPulse, "
            "RollBackAwaitingPulse. Final: RolledForward, RolledBack, Aborted, Failed, Error, "
            "Superseded, Rejected, Planned."
        ),
    ] = Phase.PENDING
    reason: Annotated[
        str, Field(description="Why the Update is in its phase, as one CamelCase word.")
    ] = ""
    message: Annotated[
        str,
        MAY_BE_LOST,
        Field(
            description="Why the Update is in its phase, as a sentence: which instance, what "
            "happened, what the Update waits for."
        ),
    ] = ""
    started_at: Annotated[Time | None, Field(description="When the Update was admitted.")] = None
    finished_at: Annotated[
        Time | None,
        MAY_BE_LOST,
        Field(description="When the Update ended. Absent: it has not ended."),
    ] = None
    watching_since: Annotated[
        Time | None,
        MAY_BE_LOST,
        Field(
            description="When the last instance of the Update became good; `watchAfterSeconds` "
            "counts from then."
        ),
    ] = None
    observed_generation: Annotated[
        int,
        MAY_BE_LOST,
        Field(
            description="metadata.generation that this status was computed from; -1: the operator "
            "has not observed the Update yet."
        ),
    ] = -1
    conditions: Annotated[
        tuple[Condition, ...],
        MAY_BE_LOST,
        Field(
            description="Conditions of the Update: Ready, Reconciling, Stalled, Complete, "
            "Succeeded, Failed, Paused, AwaitingPulse, GatesPassed, VerbRefused. Only GatesPassed "
            "and VerbRefused can be absent; an absent condition is False.",
            exclude_if=empty,
            json_schema_extra={
                "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["type"],
            },
        ),
    ] = ()
    job_uid: Annotated[
        str | None,
        Field(alias="jobUID", description="uid of the Job for which the Update was admitted."),
    ] = None
    engine_version: Annotated[
        int | None,
        Field(
            ge=1,
            description="Version of the rules by which the operator that last moved the Update "
            "carries it out. An operator with an older engine leaves the Update and its Job alone. "
            "Absent: 1.",
        ),
    ] = None
    policy: Annotated[
        ResolvedPolicy | None,
        Field(
            description="Policy of this Update: `spec.update` of the Job with the overrides of "
            "`spec.policy`, fixed at admission, with percentages turned into numbers."
        ),
    ] = None
    min_ready_seconds: Annotated[
        int | None,
        Field(
            description="`spec.minReadySeconds` of the Job when the Update was admitted, in "
            "seconds; this Update uses it."
        ),
    ] = None
    from_: Annotated[
        tuple[RevisionRange, ...],
        Field(
            alias="from",
            description="The revision of each instance before the Update, which a rollback "
            "restores. Instances that the Update creates are not listed.",
            exclude_if=empty,
        ),
    ] = ()
    to: Annotated[
        Target | None, Field(description="Target of the Update: revision and instances.")
    ] = None
    plan: Annotated[
        UpdatePlan | None,
        MAY_BE_LOST,
        Field(description="What the Update would do. Present only with `spec.dryRun`."),
    ] = None
    counts: Annotated[
        Counts,
        MAY_BE_LOST,
        Field(
            description="Number of instances in each state of the Update. Instances that the "
            "Update removes are included."
        ),
    ] = Counts()
    instances: Annotated[
        InstanceSets,
        Field(
            description="Ids of the instances in each state of the Update, as range strings. An id "
            "is in at most one of them; an id in none of them is pending."
        ),
    ] = InstanceSets()
    batch: Annotated[
        BatchStatus | None,
        Field(
            description="The group of instances that is being replaced now. With strategy Queue: "
            "the next instances in order that the operator may replace before it writes this "
            "status again. Absent: no group is in flight."
        ),
    ] = None
    failure_counts: dict[CountKey, Ids] = Field(
        default_factory=dict,
        description="Number of failures counted so far, with the ids of the instances that had so "
        'many: {"1": "4,7"} means that instances 4 and 7 had one failure each.',
        exclude_if=empty,
    )
    down_since: Annotated[dict[Since, Ids], MAY_BE_LOST] = Field(
        default_factory=dict,
        description="Times since which instances that the Update is replacing cannot be brought up "
        "because their pod is refused or evicted again and again, with the ids of these "
        'instances: {"2026-01-02T03:04:05Z": "4,7"}. The time restarts when a failure of the '
        "instance is counted.",
        exclude_if=empty,
    )
    moved: Moved = NONE
    failures: Annotated[
        tuple[Failure, ...],
        Field(description="Failures of instances; the newest 50 are kept.", exclude_if=empty),
    ] = ()
    gates: Annotated[
        tuple[GateStatus, ...],
        Field(
            description="State of the last run of each health gate.",
            exclude_if=empty,
            json_schema_extra={
                "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["name"],
            },
        ),
    ] = ()
    history: Annotated[
        tuple[HistoryEntry, ...],
        MAY_BE_LOST,
        Field(description="Changes of phase or reason; the newest 50 are kept.", exclude_if=empty),
    ] = ()
    observed_resume_token: Annotated[
        str | None,
        Field(description="The last `spec.resumeToken` to which the operator has responded."),
    ] = None
    observed_verbs: Annotated[
        tuple[str, ...],
        MAY_BE_LOST,
        Field(
            description="Verbs (such as a set `paused` or `action`) that the spec contained when "
            "the Update ended, or to which the operator has responded since.",
            exclude_if=empty,
        ),
    ] = ()
    observed_pulse: Annotated[
        Pulse | None,
        Field(
            description="A pulse whose time lies in the future, and the time from which it counts "
            "instead."
        ),
    ] = None
    turn: Annotated[
        HistoryEntry | None,
        Field(
            description="When and why the Update began to roll back; kept even when `history` no "
            "longer contains that entry."
        ),
    ] = None
    restart: Annotated[
        Flag,
        Field(
            description="Whether the Update replaces instances even if they are at their revision "
            "already."
        ),
    ] = False
    scaled: Annotated[
        IdSet,
        Field(
            description="Ids of instances that were added by scaling the Job while the Update was "
            "active. The Update replaces them last."
        ),
    ] = NONE


class Update(Model):
    """An Update is one rolling update of one Job: its target, its progress and its history.

    The operator creates an Update when the template of a Job changes; users and pipelines can
    create one too. At most one Update of a Job is active at a time.
    """

    api_version: str = API_VERSION
    kind: str = KIND
    metadata: UpdateMeta
    spec: Annotated[UpdateSpec, Field(description="Desired state of the Update.")]
    status: Annotated[
        UpdateStatus,
        Field(description="Observed state of the Update. Only the operator writes it."),
    ] = UpdateStatus()


def generation_in(name: str) -> int:
    """The Job's generation in the name of an Update that the operator made
    (``<job>-g<generation>``); 0 if the name has none."""
    tail = name.rpartition("-g")[2]
    return int(tail) if tail.isdecimal() else 0
