"""How changes roll out: the policy of a Job, its override in an Update, and the snapshot.

The three models have the same fields. `UpdatePolicy` has the defaults. `PolicyPatch` has no
defaults: an absent field takes the Job's value. `ResolvedPolicy` has percentages replaced by
numbers.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import Field, WithJsonSchema, model_validator

from controller.api.gate import Gate as Gate
from controller.api.meta import (
    MAX_INT32,
    IntOrPercent,
    Model,
    PositiveIntOrPercent,
    SpecModel,
    empty,
)


class StrategyType(StrEnum):
    """How an update groups instances."""

    QUEUE = "Queue"
    BATCH = "Batch"
    VARIABLE_BATCH = "VariableBatch"


class Mode(StrEnum):
    """Whether the operator or a user starts an update."""

    AUTOMATIC = "Automatic"
    MANUAL = "Manual"


class Replacement(StrEnum):
    """How an update replaces one instance."""

    RECREATE = "Recreate"
    IN_PLACE = "InPlace"
    SURGE = "Surge"


_TYPE = (
    "How instances are grouped. `Queue`: a sliding window; as soon as one instance is good, the "
    "next one is replaced, with at most `size` in flight. `Batch`: `size` instances are replaced, "
    "and the next batch starts when the whole batch is done. `VariableBatch`: as Batch, with the "
    "batch sizes from `sizes`."
)
_SIZE = (
    "Number of instances that are replaced at a time: a number of at least 1, or a percentage such "
    'as "25%" of the instances of the Update, rounded up. Required with Batch. Absent with Queue: '
    "1. Not used with VariableBatch."
)
_SIZES = (
    'Sizes of consecutive batches, such as [1, 10, "25%"]: numbers of instances, or percentages of '
    "the instances of the Update, rounded up. The last size repeats until all instances are done. "
    "Required with VariableBatch, and allowed only there."
)
_AUTO_PAUSE = (
    "true: the Update pauses before each new batch until its `resumeToken` is changed. Only with "
    "Batch and VariableBatch. Absent: false."
)


class Strategy(SpecModel):
    """How many instances are replaced at a time, and in which groups."""

    # No enum: a CEL rule refuses other words and names the equivalents of other controllers' words.
    type: Annotated[
        StrategyType,
        Field(description=_TYPE),
        WithJsonSchema({"type": "string", "maxLength": 64}),
    ]
    size: Annotated[PositiveIntOrPercent | None, Field(description=_SIZE)] = None
    sizes: Annotated[
        tuple[PositiveIntOrPercent, ...] | None,
        Field(description=_SIZES, min_length=1, max_length=100),
    ] = None
    auto_pause: Annotated[bool, Field(description=_AUTO_PAUSE, exclude_if=empty)] = False


class ResolvedStrategy(Model):
    """A strategy that has numbers instead of percentages."""

    type: Annotated[StrategyType, Field(description=_TYPE)]
    size: Annotated[
        int | None, Field(description="Number of instances that are replaced at a time.")
    ] = None
    sizes: Annotated[
        tuple[int, ...] | None,
        Field(
            description="Numbers of instances of consecutive batches; the last one repeats until "
            "all instances are done."
        ),
    ] = None
    auto_pause: Annotated[bool, Field(description=_AUTO_PAUSE)] = False

    @model_validator(mode="before")
    @classmethod
    def _one_size(cls, data: Any) -> Any:
        """Accept `sizes` for every type: the first becomes `size`, unless it is a VariableBatch."""
        if isinstance(data, dict) and data.get("type") != StrategyType.VARIABLE_BATCH:
            sizes = data.get("sizes")
            if sizes and data.get("size") is None:
                return {**data, "size": sizes[0], "sizes": None}
        return data

    @model_validator(mode="after")
    def _positive(self) -> Self:
        if min(self.groups) < 1:
            raise ValueError("a group has at least one instance")
        return self

    @property
    def groups(self) -> tuple[int, ...]:
        """The sizes of consecutive groups; the last one repeats."""
        return self.sizes or (1 if self.size is None else self.size,)


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
