"""How changes roll out: the policy of a Job, its override in an Update, and the snapshot.

The three models have the same fields. `UpdatePolicy` has the defaults. `PolicyPatch` has no
defaults: an absent field takes the Job's value. `ResolvedPolicy` has percentages replaced by
numbers.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from controller.api.gate import Gate as Gate
from controller.api.meta import (
    MAX_INT32,
    IntOrPercent,
    Model,
    PositiveIntOrPercent,
    SpecModel,
    empty,
)
from controller.api.strategy import ResolvedStrategy as ResolvedStrategy
from controller.api.strategy import Strategy as Strategy
from controller.api.strategy import StrategyType as StrategyType


class Mode(StrEnum):
    """Whether the operator or a user starts an update."""

    AUTOMATIC = "Automatic"
    MANUAL = "Manual"


class Replacement(StrEnum):
    """How an update replaces one instance."""

    RECREATE = "Recreate"
    IN_PLACE = "InPlace"
    SURGE = "Surge"


# The three policies share these descriptions, which `kubectl explain` shows.
Seconds = Annotated[int, Field(ge=0, le=MAX_INT32)]
StrategyField = Annotated[
    Strategy,
    Field(
        description="How many instances are replaced at a time, and in which groups.",
        # Atomic, so that a server-side apply of another type leaves no old `size` behind.
        json_schema_extra={"x-kubernetes-map-type": "atomic"},
    ),
]
ReplacementField = Annotated[
    Replacement,
    Field(
        description="How one instance is replaced. `Recreate`: the old pod is deleted, and the new "
        "pod is created when it is gone. `InPlace`: the running pod is changed where Kubernetes "
        "allows it (only images or only resources differ), otherwise as Recreate. `Surge`: the new "
        "pod is created first, and the old pod is deleted when the new pod is good."
    ),
]
MaxUnavailable = Annotated[
    PositiveIntOrPercent | None,
    Field(
        description="The Update does not replace an available instance while this many instances "
        "are unavailable for any reason (a drained node, a crash, this Update). A number of at "
        "least 1, or a percentage of `status.instancesInForce`, rounded down but at least 1. "
        "Unavailable instances are replaced first. Instances that failed in this Update do not "
        "count. Absent: no limit beyond the strategy."
    ),
]
ReadyTimeout = Annotated[
    Seconds,
    Field(
        description="Seconds, in addition to `minReadySeconds`, within which a new pod must become "
        "good. If it does not, that counts as a failure of the instance. 0: wait for ever."
    ),
]
TerminationTimeout = Annotated[
    Seconds,
    Field(
        description="Seconds after the end of its grace period at which an old pod that still "
        "exists (for example on a lost node) is force-deleted. 0: never."
    ),
]
MaxFailuresPerInstance = Annotated[
    int,
    Field(
        ge=0,
        le=MAX_INT32,
        description="Number of failures of its new pod that are tolerated per instance. A failure "
        "is a container restart, the end of the pod, or a pod that is not good in time. An "
        "instance with more failures has failed.",
    ),
]
_MAX_FAILED = (
    "Number of failed instances that are tolerated: a number, or a percentage of the instances of "
    "the Update, rounded down. With more failed instances the Update fails."
)
RollbackOnFailure = Annotated[
    bool,
    Field(
        description="true: a failed Update rolls back, so that each instance gets the revision "
        "that it had before. false: a failed Update ends in phase Failed and leaves the instances "
        "partly updated."
    ),
]
Gates = Annotated[
    tuple[Gate, ...],
    Field(
        max_length=16,
        description="Health gates of the Update. Each gate must pass before the Update goes on; "
        "its `scope` says when it is asked. A failed gate fails the Update, however many failed "
        "instances are tolerated.",
        json_schema_extra={
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["name"],
        },
    ),
]
WatchAfter = Annotated[
    Seconds,
    Field(
        description="Seconds for which the Update stays in phase RollingForward after its last "
        "instance became good. In that time Continuous gates and failures still count. 0: the "
        "Update ends at once."
    ),
]
PulseInterval = Annotated[
    int,
    Field(
        ge=1,
        le=MAX_INT32,
        description="Seconds without a pulse (a renewed annotation `echelon.dev/pulsed-at` on the "
        "Update) after which the Update stops replacing instances until the next pulse. Absent: "
        "the Update needs no pulse.",
    ),
]
SlaAware = Annotated[
    bool,
    Field(
        description="true: the Update, in either direction, takes an instance down only if "
        "`spec.sla` of the Job and the PodDisruptionBudgets of its pod allow it. Absent: false."
    ),
]
DEFAULT_STRATEGY = Strategy(type=StrategyType.QUEUE, size=1)


# A later field gets its default here only, never in the CRD: see `controller.api.crds`.
class UpdatePolicy(SpecModel):
    """Policy by which changes of a Job roll out: `Job.spec.update`."""

    mode: Annotated[
        Mode,
        Field(
            description="What follows a changed template. `Automatic`: the operator creates an "
            "Update. `Manual`: the Job has the condition UpdatePending until a user creates an "
            "Update. Changes of other fields start no Update; the next Update uses them."
        ),
    ] = Mode.AUTOMATIC
    strategy: StrategyField = DEFAULT_STRATEGY
    replacement: ReplacementField = Replacement.RECREATE
    max_unavailable: MaxUnavailable = None
    ready_timeout_seconds: ReadyTimeout = 600
    termination_timeout_seconds: TerminationTimeout = 0
    max_failures_per_instance: MaxFailuresPerInstance = 1
    max_failed_instances: Annotated[IntOrPercent, Field(description=_MAX_FAILED)] = 0
    rollback_on_failure: RollbackOnFailure = True
    gates: Gates = ()
    watch_after_seconds: WatchAfter = 0
    pulse_interval_seconds: PulseInterval | None = None
    sla_aware: Annotated[SlaAware, Field(exclude_if=empty)] = False
    retry_token: Annotated[
        str | None,
        Field(
            max_length=253,
            description="Any text. Changing it makes an Automatic Job try its present template "
            "again, even if that template is known to be bad. Absent: no retry.",
        ),
    ] = None


class PolicyPatch(SpecModel):
    """Policy fields with which one Update overrides its Job's: `Update.spec.policy`."""

    strategy: StrategyField | None = None
    replacement: ReplacementField | None = None
    max_unavailable: MaxUnavailable = None
    ready_timeout_seconds: ReadyTimeout | None = None
    termination_timeout_seconds: TerminationTimeout | None = None
    max_failures_per_instance: MaxFailuresPerInstance | None = None
    max_failed_instances: Annotated[IntOrPercent | None, Field(description=_MAX_FAILED)] = None
    rollback_on_failure: RollbackOnFailure | None = None
    gates: Gates | None = None
    watch_after_seconds: WatchAfter | None = None
    pulse_interval_seconds: PulseInterval | None = None
    sla_aware: SlaAware | None = None


class ResolvedPolicy(Model):
    """Policy of one Update, fixed at admission and with numbers: `Update.status.policy`."""

    strategy: Annotated[
        ResolvedStrategy,
        Field(description="How many instances are replaced at a time, and in which groups."),
    ]
    replacement: ReplacementField = Replacement.RECREATE
    # A percentage is kept: it refers to instancesInForce, which changes while the Update runs.
    max_unavailable: MaxUnavailable = None
    ready_timeout_seconds: ReadyTimeout = 600
    termination_timeout_seconds: TerminationTimeout = 0
    max_failures_per_instance: MaxFailuresPerInstance = 1
    max_failed_instances: Annotated[
        int,
        Field(
            ge=0,
            description="Number of failed instances that are tolerated; with more failed instances "
            "the Update fails.",
        ),
    ] = 0
    rollback_on_failure: RollbackOnFailure = True
    gates: Annotated[Gates, Field(exclude_if=empty)] = ()
    watch_after_seconds: WatchAfter = 0
    pulse_interval_seconds: PulseInterval | None = None
    sla_aware: Annotated[SlaAware, Field(exclude_if=empty)] = False
