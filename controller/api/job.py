"""Job: N instances of one pod template, each with a stable integer id."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from controller.api.ended import Ended
from controller.api.ids import MAX_ID, NONE, Ids
from controller.api.known_bad import KnownBad
from controller.api.labels import API_VERSION
from controller.api.last_attempt import LastAttempt as LastAttempt
from controller.api.meta import (
    MAX_INT32,
    MAY_BE_LOST,
    Condition,
    Model,
    ObjectMeta,
    Since,
    SpecModel,
    Status,
    empty,
)
from controller.api.policy import UpdatePolicy
from controller.api.safety import Safety
from controller.api.sla import Sla

KIND = "EchelonJob"
MAX_INSTANCES = MAX_ID + 1

Count = Annotated[int, Field(ge=0)]
Limit = Annotated[int, Field(ge=0, le=MAX_INT32)]


class JobType(StrEnum):
    """Kind of work that the instances of a Job do."""

    SERVICE = "Service"


# A later field gets its default here only, never in the CRD: see `controller.api.crds`.
class JobSpec(SpecModel):
    """Desired state of a Job; written by users."""

    type: Annotated[
        JobType,
        Field(
            description="Kind of work that the instances do. `Service`: instances run for ever, "
            "and a pod that ends is replaced by a new pod."
        ),
    ] = JobType.SERVICE
    instances: Annotated[
        int,
        Field(
            ge=0,
            le=MAX_INSTANCES,
            description="Number of instances to run. Their ids are 0 to instances-1. Scaling needs "
            "no Update: new instances start at once, and the instances with the highest ids are "
            "removed. `kubectl scale` and a HorizontalPodAutoscaler set this field.",
        ),
    ] = 1
    template: Annotated[
        dict[str, Any],
        Field(
            description="Pod template (PodTemplateSpec), stored as given. Changing the template "
            "creates a revision and, with `update.mode: Automatic`, starts an Update. The "
            "placeholders {{echelon.instance}}, {{echelon.instances}}, {{echelon.job}} and "
            "{{echelon.namespace}} in its strings are replaced in each pod. `restartPolicy` must "
            "be Always or absent."
        ),
    ]
    min_ready_seconds: Annotated[
        int,
        Field(
            ge=0,
            le=MAX_INT32,
            description="Seconds that an instance must stay Ready before it counts as good in an "
            "update, and as available. 0: an instance counts as soon as it is Ready.",
        ),
    ] = 10
    update: Annotated[
        UpdatePolicy, Field(description="Policy by which changes of the template roll out.")
    ] = UpdatePolicy()
    sla: Annotated[
        Sla | None,
        Field(
            description="How many instances must stay available while instances are disrupted on "
            "purpose. Updates obey it with `update.slaAware`. Absent: no such number."
        ),
    ] = None
    frozen: Annotated[
        str | None,
        Field(
            max_length=8192,
            description="Ids of instances that Updates leave alone, as a range string such as "
            '"3,7-9". Their pods stay at the revision that they have; a lost pod is created again '
            "at that revision. When an id is taken out of this string, an Update brings it to "
            "`currentRevision`. Absent or empty: none.",
        ),
    ] = None
    revision_history_limit: Annotated[
        Limit,
        Field(
            description="Number of old ControllerRevisions to keep. Revisions that are in use, or "
            "that an active Update needs for its rollback, are kept in addition to this number."
        ),
    ] = 10
    update_history_limit: Annotated[
        Limit,
        Field(
            description="Number of finished Updates to keep; the operator deletes older ones. Only "
            "Updates that the operator created count and are deleted."
        ),
    ] = 10


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
