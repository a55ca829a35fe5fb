"""Job: N instances of one pod template, each with a stable integer id."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from controller.api.ids import MAX_ID, NONE, Ids
from controller.api.labels import API_VERSION
from controller.api.meta import MAX_INT32, Condition, Model, ObjectMeta, Time, empty
from controller.api.policy import UpdatePolicy

KIND = "EchelonJob"
MAX_INSTANCES = MAX_ID + 1

Count = Annotated[int, Field(ge=0)]
Limit = Annotated[int, Field(ge=0, le=MAX_INT32)]


class JobType(StrEnum):
    """What kind of work the instances do."""

    SERVICE = "Service"


class JobSpec(Model):
    """What a user wants."""

    type: Annotated[
        JobType,
        Field(description="Kind of work. `Service` runs for ever: ended pods are made again."),
    ] = JobType.SERVICE
    instances: Annotated[
        int,
        Field(
            ge=0,
            le=MAX_INSTANCES,
            description="How many instances there are. Their ids are 0 to instances-1. "
            "`kubectl scale` and a HorizontalPodAutoscaler set it.",
        ),
    ] = 1
    template: Annotated[
        dict[str, Any],
        Field(
            description="Pod template (PodTemplateSpec), kept as given. A changed template makes "
            "a new revision and starts an Update. {{echelon.instance}}, {{echelon.instances}}, "
            "{{echelon.job}} and {{echelon.namespace}} in its strings are replaced in each pod. "
            "`restartPolicy` must be Always or absent."
        ),
    ]
    min_ready_seconds: Annotated[
        int,
        Field(
            ge=0,
            le=MAX_INT32,
            description="How many seconds an instance must stay Ready to be good. 0: being Ready "
            "is enough.",
        ),
    ] = 10
    update: Annotated[UpdatePolicy, Field(description="How changes roll out.")] = UpdatePolicy()
    revision_history_limit: Annotated[
        Limit,
        Field(
            description="How many old ControllerRevisions are kept. Those that are in use or "
            "needed to undo an active Update are kept besides."
        ),
    ] = 10
    update_history_limit: Annotated[
        Limit, Field(description="How many finished Updates made by the operator are kept.")
    ] = 10


class RevisionRange(Model):
    """Instances that share a revision."""

    revision: Annotated[str, Field(description="Name of the ControllerRevision.")]
    instances: Annotated[Ids, Field(description='Their ids as a range string, such as "0-3,7".')]


class ActiveUpdate(Model):
    """Which Update holds the Job."""

    name: Annotated[str, Field(description="Name of the Update.")]
    uid: Annotated[str, Field(description="Its uid: a namesake made later is another one.")]


class LastAttempt(Model):
    """The last update that was admitted: what an Automatic Job will not try again by itself."""

    revision: Annotated[
        str, Field(description="Revision that was tried: the Job's own template at that time.")
    ]
    retry_token: Annotated[
        str | None, Field(description="`spec.update.retryToken` at that time.")
    ] = None
    update: Annotated[
        str | None, Field(description="Name of the Update; absent for the first creation.")
    ] = None
    update_uid: Annotated[
        str | None, Field(alias="updateUID", description="Its uid: a namesake is another one.")
    ] = None
    outcome: Annotated[
        str | None, Field(description="Phase it ended in; absent while it is active.")
    ] = None
    reason: Annotated[
        str | None,
        Field(
            description="What it left behind, where that is less than the whole Job at its "
            "revision: Canary, OlderRevision, FailuresTolerated, NothingLeft."
        ),
    ] = None
    message: Annotated[
        str | None, Field(description="Why it ended so; absent while it is active.")
    ] = None


class KnownBad(Model):
    """A revision whose update failed."""

    revision: Annotated[str, Field(description="Name of the ControllerRevision.")]
    images: Annotated[
        tuple[str, ...], Field(description="Images of its containers.", exclude_if=empty)
    ] = ()
    reason: Annotated[str, Field(description="Why its update failed.")] = ""
    time: Annotated[Time, Field(description="When its update failed.")] = 0.0


class JobStatus(Model):
    """What the operator sees and keeps."""

    observed_generation: Annotated[
        int, Field(description="metadata.generation this status speaks of; -1: not seen yet.")
    ] = -1
    conditions: Annotated[
        tuple[Condition, ...],
        Field(
            description="Ready, Reconciling, Stalled, Available, UpdatePending, RolledBack, "
            "PodNameConflict. One that is absent is False; UpdatePending and RolledBack always "
            "are there.",
            exclude_if=empty,
            json_schema_extra={
                "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["type"],
            },
        ),
    ] = ()
    instances: Annotated[Count, Field(description="Instances that have a pod.")] = 0
    ready_instances: Annotated[Count, Field(description="Instances whose pod is Ready.")] = 0
    available_instances: Annotated[
        Count, Field(description="Instances Ready for `minReadySeconds`, at any revision.")
    ] = 0
    updated_instances: Annotated[
        Count, Field(description="Instances whose pod is at `updateRevision`.")
    ] = 0
    selector: Annotated[
        str | None, Field(description="Label selector of the pods, for the scale subresource.")
    ] = None
    instances_in_force: Annotated[
        Count | None,
        Field(
            description="How many instances the operator keeps. It follows `spec.instances`; an "
            "Update that changes the count moves it step by step, and its rollback restores it."
        ),
    ] = None
    instances_refused: Annotated[
        Count | None,
        Field(
            description="The `spec.instances` that a rollback overruled; obeyed again when "
            "`spec.instances` differs from it."
        ),
    ] = None
    current_revision: Annotated[
        str | None, Field(description="Revision that the whole Job last completed.")
    ] = None
    update_revision: Annotated[
        str | None, Field(description="Revision of the present `spec.template`.")
    ] = None
    assigned: Annotated[
        tuple[RevisionRange, ...],
        Field(
            description="Which revision each instance should run. Written before a pod is touched.",
            exclude_if=empty,
        ),
    ] = ()
    revisions: Annotated[
        tuple[RevisionRange, ...],
        Field(description="Which revision each instance runs now.", exclude_if=empty),
    ] = ()
    slots: Annotated[
        Ids,
        Field(
            description="Ids of the instances whose pod is named `<job>-<id>-s`, as a range "
            "string.",
            exclude_if=empty,
        ),
    ] = NONE
    down_since: dict[str, Ids] = Field(
        default_factory=dict,
        description="Since when instances are not available, of the first 64 and while no Update "
        'is active: {"2026-01-02T03:04:05Z": "4,7"}.',
        exclude_if=empty,
    )
    active_update: Annotated[
        ActiveUpdate | None, Field(description="The one Update that may change this Job now.")
    ] = None
    last_attempt: Annotated[
        LastAttempt | None,
        Field(
            description="The last admitted update. An Automatic Job acts only while its template "
            "differs from the revision named here."
        ),
    ] = None
    known_bad: Annotated[
        tuple[KnownBad, ...],
        Field(description="Revisions whose update failed, newest 10.", exclude_if=empty),
    ] = ()


class Job(Model):
    """A Job keeps instances of one pod template running and owns the rolling updates of them.

    Every change of the template becomes an Update, which advances group by group only while the
    instances answer, and undoes itself when they do not.
    """

    api_version: str = API_VERSION
    kind: str = KIND
    metadata: ObjectMeta
    spec: Annotated[JobSpec, Field(description="What is wanted.")]
    status: Annotated[
        JobStatus, Field(description="What is seen. Written by the operator alone.")
    ] = JobStatus()
