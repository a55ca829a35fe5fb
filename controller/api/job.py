"""Job: N instances of one pod template, each with a stable integer id."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from controller.api.ended import Ended
from controller.api.ids import NONE, Ids
from controller.api.job_spec import MAX_INSTANCES as MAX_INSTANCES
from controller.api.job_spec import JobSpec as JobSpec
from controller.api.job_spec import JobType as JobType
from controller.api.known_bad import KnownBad
from controller.api.labels import API_VERSION
from controller.api.last_attempt import LastAttempt as LastAttempt
from controller.api.meta import (
    MAY_BE_LOST,
    Condition,
    Model,
    ObjectMeta,
    Since,
    Status,
    Time,
    empty,
)
from controller.api.runs import LastRun
from controller.api.safety import Safety

KIND = "EchelonJob"

Count = Annotated[int, Field(ge=0)]


class RevisionRange(Model):
    """Instances that have the same revision."""

    revision: Annotated[str, Field(description="Name of the ControllerRevision.")]
    instances: Annotated[
        Ids, Field(description='Ids of these instances as a range string, such as "0-3,7".')
    ]


class ActiveUpdate(Model):
    """The Update that holds the lock of the Job."""

    name: Annotated[str, Field(description="Name of the Update.")]
    uid: Annotated[
        str,
        Field(
            description="uid of the Update; it distinguishes this Update from a later one of the "
            "same name."
        ),
    ]


class JobStatus(Status):
    """Observed state of a Job; written only by the operator."""

    observed_generation: Annotated[
        int,
        MAY_BE_LOST,
        Field(
            description="metadata.generation that this status was computed from; -1: the operator "
            "has not observed the Job yet."
        ),
    ] = -1
    conditions: Annotated[
        tuple[Condition, ...],
        MAY_BE_LOST,
        Field(
            description="Conditions of the Job: Ready, Reconciling, Stalled, Available, "
            "UpdatePending, RolledBack, PodNameConflict, BudgetOverlap, Moving, SafetyStop, "
            "Truncated. An absent one is False; UpdatePending and RolledBack are always present.",
            exclude_if=empty,
            json_schema_extra={
                "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["type"],
            },
        ),
    ] = ()
    instances: Annotated[
        Count, MAY_BE_LOST, Field(description="Number of instances that have a pod.")
    ] = 0
    ready_instances: Annotated[
        Count, MAY_BE_LOST, Field(description="Number of instances whose pod is Ready.")
    ] = 0
    available_instances: Annotated[
        Count,
        MAY_BE_LOST,
        Field(
            description="Number of instances, at any revision, that have been Ready for "
            "`minReadySeconds`."
        ),
    ] = 0
    updated_instances: Annotated[
        Count,
        MAY_BE_LOST,
        Field(description="Number of instances whose pod is at `updateRevision`."),
    ] = 0
    selector: Annotated[
        str | None,
        MAY_BE_LOST,
        Field(description="Label selector of the Job's pods, for the scale subresource."),
    ] = None
    instances_in_force: Annotated[
        Count | None,
        Field(
            description="Number of instances that the operator keeps now. It follows "
            "`spec.instances`. An Update that changes the number moves it step by step, and a "
            "rollback of that Update restores it."
        ),
    ] = None
    instances_refused: Annotated[
        Count | None,
        Field(
            description="Value of `spec.instances` that a rollback overruled. The operator ignores "
            "`spec.instances` while it has this value. Absent: none."
        ),
    ] = None
    current_revision: Annotated[
        str | None,
        Field(
            description="Name of the last ControllerRevision to which the whole Job was updated "
            "successfully."
        ),
    ] = None
    update_revision: Annotated[
        str | None,
        MAY_BE_LOST,
        Field(description="Name of the ControllerRevision of the present `spec.template`."),
    ] = None
    assigned: Annotated[
        tuple[RevisionRange, ...],
        Field(
            description="The revision that each instance should run. The operator writes it before "
            "it changes a pod.",
            exclude_if=empty,
        ),
    ] = ()
    revisions: Annotated[
        tuple[RevisionRange, ...],
        MAY_BE_LOST,
        Field(description="The revision that each instance runs now.", exclude_if=empty),
    ] = ()
    slots: Annotated[
        Ids,
        Field(
            description="Ids of the instances whose pod is named `<job>-<id>-s` instead of "
            "`<job>-<id>`, as a range string.",
            exclude_if=empty,
        ),
    ] = NONE
    frozen: Annotated[
        Ids,
        Field(
            description="Ids of instances that Updates leave alone now, as a range string. It "
            "follows `spec.frozen`; an id that is no longer named there stays in it until an "
            "Update takes it along.",
            exclude_if=empty,
        ),
    ] = NONE
    down_since: Annotated[dict[Since, Ids], MAY_BE_LOST] = Field(
        default_factory=dict,
        description="Times since which instances are not available, with the ids of these "
        'instances: {"2026-01-02T03:04:05Z": "4,7"}. At most 64 instances are recorded, and only '
        "while no Update is active.",
        exclude_if=empty,
    )
    active_update: Annotated[
        ActiveUpdate | None,
        Field(
            description="The one Update that may change this Job now. Absent: no Update is active."
        ),
    ] = None
    last_attempt: Annotated[
        LastAttempt | None,
        Field(
            description="The last admitted update. An Automatic Job starts an Update only if the "
            "revision of its template differs from `lastAttempt.revision`, or "
            "`spec.update.retryToken` has changed."
        ),
    ] = None
    known_bad: Annotated[
        tuple[KnownBad, ...],
        Field(
            description="Revisions whose update failed; the newest 10 are kept. An Update to such "
            "a revision needs `force`.",
            exclude_if=empty,
        ),
    ] = ()
    ended: Annotated[
        tuple[Ended, ...],
        MAY_BE_LOST,
        Field(
            description="The newest 50 pods that are no more, newest first. What ended while no "
            "operator was at work may be missing.",
            exclude_if=empty,
        ),
    ] = ()
    safety: Annotated[
        Safety | None,
        Field(
            description="Deletions of running pods that no Update, scale or move explains, and the "
            "stop that they caused. Absent: there were none."
        ),
    ] = None
    last_run: Annotated[
        LastRun | None, Field(description="The last run of a Job of type Cron or Adhoc.")
    ] = None
    last_scheduled_at: Annotated[
        Time | None,
        MAY_BE_LOST,
        Field(description="Scheduled time of the last run of a Job of type Cron."),
    ] = None


class Job(Model):
    """A Job runs a number of instances of one pod template and owns their rolling updates.

    Every change of the template becomes an Update. The Update replaces one group of instances after
    the other as long as the updated instances become good and the health gates pass; otherwise the
    Update rolls back.
    """

    api_version: str = API_VERSION
    kind: str = KIND
    metadata: ObjectMeta
    spec: Annotated[JobSpec, Field(description="Desired state of the Job.")]
    status: Annotated[
        JobStatus, Field(description="Observed state of the Job. Only the operator writes it.")
    ] = JobStatus()
