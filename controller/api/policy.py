"""How changes roll out: the policy of a Job, its override in an Update, and the snapshot.

The three carry the same fields. `UpdatePolicy` has the defaults, `PolicyPatch` has none (an absent
field means the Job's), `ResolvedPolicy` has percentages turned into counts.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, WithJsonSchema, model_validator

from controller.api.gate import Gate as Gate
from controller.api.meta import MAX_INT32, IntOrPercent, Model, PositiveIntOrPercent, empty


class StrategyType(StrEnum):
    """How instances are grouped."""

    QUEUE = "Queue"
    BATCH = "Batch"
    VARIABLE_BATCH = "VariableBatch"


class Mode(StrEnum):
    """Who starts an update."""

    AUTOMATIC = "Automatic"
    MANUAL = "Manual"


class Replacement(StrEnum):
    """How one instance is changed."""

    RECREATE = "Recreate"
    IN_PLACE = "InPlace"
    SURGE = "Surge"


_TYPE = (
    "`Queue` is a sliding window: as soon as one instance is good the next is replaced, at most "
    "`size` at a time. `Batch` replaces `size` instances and starts the next batch when the whole "
    "batch is done. `VariableBatch` takes the batch sizes from `sizes`; the last one repeats."
)
_SIZE = (
    "How many instances are replaced at a time: a number of at least 1, or a percentage such as "
    '"25%" of the instances of the update, rounded up. Required with Batch; 1 when absent with '
    "Queue; not used with VariableBatch."
)
_SIZES = (
    'Sizes of the batches one after the other, such as [1, 10, "25%"]; the last one repeats until '
    "all instances are done. Required with, and only with, VariableBatch."
)
_AUTO_PAUSE = (
    "Pause before each new batch until the Update's `resumeToken` is changed. Only with Batch and "
    "VariableBatch. Absent: false."
)


class Strategy(Model):
    """In which groups instances are replaced."""

    # No enum: a rule refuses other words, and says what those of other controllers are called here.
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
    """A strategy with its percentages turned into counts."""

    type: Annotated[StrategyType, Field(description=_TYPE)]
    size: Annotated[int | None, Field(description="Instances replaced at a time.")] = None
    sizes: Annotated[
        tuple[int, ...] | None, Field(description="Sizes of the batches; the last one repeats.")
    ] = None
    auto_pause: Annotated[bool, Field(description=_AUTO_PAUSE)] = False

    @model_validator(mode="before")
    @classmethod
    def _one_size(cls, data: Any) -> Any:
        """Let a caller give `sizes` for every type; only VariableBatch keeps the list."""
        if isinstance(data, dict) and data.get("type") != StrategyType.VARIABLE_BATCH:
            sizes = data.get("sizes")
            if sizes and data.get("size") is None:
                return {**data, "size": sizes[0], "sizes": None}
        return data

    @property
    def groups(self) -> tuple[int, ...]:
        """The sizes of the groups one after the other; the last one repeats."""
        return self.sizes or (self.size or 1,)


# One description for the three policies. `kubectl explain` shows them.
Seconds = Annotated[int, Field(ge=0, le=MAX_INT32)]
StrategyField = Annotated[
    Strategy,
    Field(
        description="In which groups, and how many at a time, instances are replaced.",
        # Whoever applies a strategy applies it whole: no `size` is left behind by another type.
        json_schema_extra={"x-kubernetes-map-type": "atomic"},
    ),
]
ReplacementField = Annotated[
    Replacement,
    Field(
        description="How one instance is changed. `Recreate`: the old pod goes, then the new one "
        "comes with the same id. `InPlace`: the running pod is changed where Kubernetes allows "
        "it, else as Recreate. `Surge`: the new pod becomes good first, then the old one goes."
    ),
]
MaxUnavailable = Annotated[
    PositiveIntOrPercent | None,
    Field(
        description="An available instance is not replaced while this many are unavailable for "
        "any reason (a drained node, a crash, this update). A number of at least 1, or a "
        "percentage of `status.instancesInForce`, rounded down but at least 1. Unavailable "
        "instances are replaced first; instances that failed in this update do not count. "
        "Absent: no bound."
    ),
]
ReadyTimeout = Annotated[
    Seconds,
    Field(
        description="A new pod that is not good this many seconds plus `minReadySeconds` after it "
        "was made is a failure. 0: wait for ever."
    ),
]
TerminationTimeout = Annotated[
    Seconds,
    Field(
        description="An old pod that is still there this many seconds after its grace period "
        "ended is deleted by force. 0: never."
    ),
]
MaxFailuresPerInstance = Annotated[
    int,
    Field(
        ge=0,
        le=MAX_INT32,
        description="How many failures of its new pod an instance may have (a container restarts, "
        "the pod ends, it is not ready in time). One more, and the instance has failed.",
    ),
]
_MAX_FAILED = (
    "How many instances may fail: a number, or a percentage of the instances of the update, "
    "rounded down. One more, and the update has failed."
)
RollbackOnFailure = Annotated[
    bool,
    Field(
        description="Whether a failed update restores the revision each instance had before. "
        "false: it stops where it is, half updated, in phase Failed."
    ),
]
Gates = Annotated[
    tuple[Gate, ...],
    Field(
        max_length=16,
        description="Health gates. Each must pass before the next group starts, and after the "
        "last one too; a failed gate fails the update.",
        json_schema_extra={
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["name"],
        },
    ),
]
WatchAfter = Annotated[
    Seconds,
    Field(
        description="How many seconds the update stays in RollingForward after its last instance "
        "is good, while Continuous gates and failures still count."
    ),
]
PulseInterval = Annotated[
    int,
    Field(
        ge=1,
        le=MAX_INT32,
        description="Makes the update a coordinated one: it stops replacing when no pulse came "
        "for this many seconds. Absent: no pulse is needed.",
    ),
]
DEFAULT_STRATEGY = Strategy(type=StrategyType.QUEUE, size=1)


class UpdatePolicy(Model):
    """How changes of a Job roll out: `Job.spec.update`."""

    mode: Annotated[
        Mode,
        Field(
            description="`Automatic`: a changed template starts an Update by itself. `Manual`: "
            "the Job shows the condition UpdatePending and waits for an Update object. "
            "Edits of other fields start nothing and count from the next Update."
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
            "again, even one known to be bad.",
        ),
    ] = None


class PolicyPatch(Model):
    """What one Update does otherwise than its Job: `Update.spec.policy`."""

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
    """The policy an Update runs by: `Update.status.policy`, a snapshot with resolved numbers."""

    strategy: Annotated[
        ResolvedStrategy, Field(description="In which groups instances are replaced.")
    ]
    replacement: ReplacementField = Replacement.RECREATE
    # A percentage stays one: it is of instancesInForce, which moves while the update runs.
    max_unavailable: MaxUnavailable = None
    ready_timeout_seconds: ReadyTimeout = 600
    termination_timeout_seconds: TerminationTimeout = 0
    max_failures_per_instance: MaxFailuresPerInstance = 1
    max_failed_instances: Annotated[
        int,
        Field(
            ge=0, description="How many instances may fail; one more, and the update has failed."
        ),
    ] = 0
    rollback_on_failure: RollbackOnFailure = True
    gates: Annotated[Gates, Field(exclude_if=empty)] = ()
    watch_after_seconds: WatchAfter = 0
    pulse_interval_seconds: PulseInterval | None = None
