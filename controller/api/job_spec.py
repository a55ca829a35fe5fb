"""The desired state of a Job, as users write it."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from controller.api.claims import MAX_CLAIMS, Retention, RetentionPolicy, with_name
from controller.api.ids import MAX_ID
from controller.api.meta import MAX_INT32, SpecModel
from controller.api.overlay import MAX_CONSTRAINTS, MAX_OVERLAYS
from controller.api.policy import UpdatePolicy
from controller.api.runs import CollisionPolicy, CronSpec
from controller.api.sla import Sla

MAX_INSTANCES = MAX_ID + 1

Limit = Annotated[int, Field(ge=0, le=MAX_INT32)]


class JobType(StrEnum):
    """Kind of work that the instances of a Job do."""

    SERVICE = "Service"
    CRON = "Cron"
    ADHOC = "Adhoc"


class Ordering(StrEnum):
    """In which order instances are created and removed."""

    PARALLEL = "Parallel"
    ORDERED = "Ordered"


# A later field gets its default here only, never in the CRD: see `controller.api.crds`.
class JobSpec(SpecModel):
    """Desired state of a Job; written by users."""

    type: Annotated[
        JobType,
        Field(
            description="Kind of work that the instances do. `Service`: instances run for ever, "
            "and a pod that ends is replaced by a new pod. `Adhoc`: instances run to completion "
            "once for each template. `Cron`: instances run to completion at each time of a "
            "schedule. It cannot be changed."
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
            "be Always or absent for type Service, and Never or absent for the other types."
        ),
    ]
    overlays: Annotated[
        tuple[dict[str, Any], ...],
        Field(
            max_length=MAX_OVERLAYS,
            description="Patches of the template for some of the instances, applied in this order. "
            "They are part of the revision: a changed overlay starts an Update of the instances "
            "whose pods differ.",
        ),
    ] = ()
    constraints: Annotated[
        tuple[dict[str, Any], ...],
        Field(
            max_length=MAX_CONSTRAINTS,
            description="How many instances may be on nodes with the same value of a label. They "
            "are part of the revision.",
        ),
    ] = ()
    volume_claim_templates: Annotated[
        tuple[Annotated[dict[str, Any], AfterValidator(with_name)], ...],
        Field(
            max_length=MAX_CLAIMS,
            description="Templates of PersistentVolumeClaims that each instance has, as those of a "
            "StatefulSet. Before the pod of an instance is created, the claim `NAME-JOB-ID` of "
            "each template is created, or used if it exists, and the pod gets a volume of the "
            "template's name. The names are part of the revision; another change of a template "
            "holds for claims that are created later.",
        ),
    ] = ()
    persistent_volume_claim_retention_policy: Annotated[
        RetentionPolicy | None,
        Field(
            description="Whether the claims of `volumeClaimTemplates` are kept or deleted when "
            "their instance is gone. Absent: they are kept."
        ),
    ] = None
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
    cron: Annotated[
        CronSpec | None, Field(description="Schedule of a Job of type Cron; required there.")
    ] = None
    collision_policy: Annotated[
        CollisionPolicy | None,
        Field(
            description="What happens when a run is due while another one is active, for types "
            "Cron and Adhoc. `KillExisting`: the active run is deleted, and the new one starts "
            "when its pods are gone. `CancelNew`: the new run waits for the end of the active one. "
            "Absent: KillExisting for Cron, CancelNew for Adhoc."
        ),
    ] = None
    max_task_failures: Annotated[
        int | None,
        Field(
            ge=0,
            le=MAX_INT32,
            description="Number of failures that are tolerated per instance of a run, for types "
            "Cron and Adhoc: so often the pod of an instance is created again. Absent: 0.",
        ),
    ] = None
    deadline_seconds: Annotated[
        int | None,
        Field(
            ge=1,
            le=MAX_INT32,
            description="Seconds after which a run that has not ended fails, for types Cron and "
            "Adhoc. Absent: no limit.",
        ),
    ] = None
    sla: Annotated[
        Sla | None,
        Field(
            description="How many instances must stay available while instances are disrupted on "
            "purpose. Updates obey it with `update.slaAware`. Absent: no such number."
        ),
    ] = None
    ordering: Annotated[
        Ordering | None,
        Field(
            description="In which order instances are created first and scaled. `Parallel`: all at "
            "once. `Ordered`: one at a time, as a StatefulSet does with `OrderedReady`: created "
            "ascending, the next one when the one before is good; removed descending, the next one "
            "when the pod of the one before is gone. Lost pods are created again at once, and "
            "Updates follow `update.strategy`, in both. Absent: Parallel."
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
            "Updates that the operator created count and are deleted. For types Cron and Adhoc: "
            "number of finished runs to keep."
        ),
    ] = 10

    @property
    def has_runs(self) -> bool:
        """Whether the instances run to completion, instead of for ever."""
        return self.type is not JobType.SERVICE

    @property
    def kills_existing(self) -> bool:
        """Whether a run that is due ends the active one."""
        default = (
            CollisionPolicy.KILL_EXISTING
            if self.type is JobType.CRON
            else CollisionPolicy.CANCEL_NEW
        )
        return (self.collision_policy or default) is CollisionPolicy.KILL_EXISTING

    @property
    def has_claims(self) -> bool:
        """Whether instances have claims, or may have some that were made before."""
        policy = self.persistent_volume_claim_retention_policy
        return bool(self.volume_claim_templates) or policy is not None

    @property
    def claims_go_with_scale(self) -> bool:
        """Whether the claims of an instance are deleted when scaling removes it."""
        policy = self.persistent_volume_claim_retention_policy
        return policy is not None and policy.when_scaled is Retention.DELETE

    @property
    def claims_go_with_job(self) -> bool:
        """Whether claims are deleted with the Job."""
        policy = self.persistent_volume_claim_retention_policy
        return policy is not None and policy.when_deleted is Retention.DELETE

    @property
    def is_suspended(self) -> bool:
        """Whether its schedule starts no runs now."""
        return self.cron is not None and self.cron.suspend

    @property
    def checked(self) -> tuple[object, ...]:
        """What a dry run of the template tries besides the template itself."""
        if not self.has_runs:
            return (self.update.gates, self.volume_claim_templates)
        schedule = self.cron.model_copy(update={"suspend": False}) if self.cron else None
        return (schedule, self.instances, self.max_task_failures, self.deadline_seconds)
