"""The parts of an Update's status: phase, target, counts, groups, failures, gates and history."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field

from controller.api.ids import NONE, Ids
from controller.api.meta import Model, Time, empty


class Phase(StrEnum):
    """Where an Update is."""

    PENDING = "Pending"
    ROLLING_FORWARD = "RollingForward"
    ROLL_FORWARD_PAUSED = "RollForwardPaused"
    ROLL_FORWARD_AWAITING_PULSE = "RollForwardAwaitingPulse"
    ROLLING_BACK = "RollingBack"
    ROLL_BACK_PAUSED = "RollBackPaused"
    ROLL_BACK_AWAITING_PULSE = "RollBackAwaitingPulse"
    ROLLED_FORWARD = "RolledForward"
    ROLLED_BACK = "RolledBack"
    ABORTED = "Aborted"
    FAILED = "Failed"
    ERROR = "Error"
    SUPERSEDED = "Superseded"
    REJECTED = "Rejected"
    PLANNED = "Planned"


FORWARD: Final = frozenset(
    {Phase.ROLLING_FORWARD, Phase.ROLL_FORWARD_PAUSED, Phase.ROLL_FORWARD_AWAITING_PULSE}
)
BACKWARD: Final = frozenset(
    {Phase.ROLLING_BACK, Phase.ROLL_BACK_PAUSED, Phase.ROLL_BACK_AWAITING_PULSE}
)
ACTIVE: Final = FORWARD | BACKWARD
TERMINAL: Final = frozenset(Phase) - ACTIVE - {Phase.PENDING}


class Target(Model):
    """Where an Update goes."""

    revision: Annotated[
        str | None,
        Field(description="Revision to go to; absent: each instance stays at its own."),
    ] = None
    instances: Annotated[Ids, Field(description="Ids of the Job's instances after the update.")] = (
        NONE
    )


class Counts(Model):
    """How many instances are where; those the update removes are in."""

    total: Annotated[int, Field(description="Instances of the update.")] = 0
    updated: Annotated[int, Field(description="Instances that are good at the target.")] = 0
    updating: Annotated[int, Field(description="Instances under way to it.")] = 0
    failed: Annotated[int, Field(description="Instances that failed more often than they may.")] = 0
    rolled_back: Annotated[
        int, Field(description="Instances restored to what they ran before.")
    ] = 0
    pending: Annotated[int, Field(description="Instances that are still to come.")] = 0


#: An empty one is not written.
IdSet = Annotated[Ids, Field(exclude_if=empty)]


class InstanceSets(Model):
    """Which instances are where, as range strings; each id is in exactly one."""

    updating: Annotated[IdSet, Field(description="Under way to the target.")] = NONE
    updated: Annotated[IdSet, Field(description="Good at the target.")] = NONE
    failed: Annotated[IdSet, Field(description="Failed more often than they may.")] = NONE
    rolling_back: Annotated[IdSet, Field(description="Under way back.")] = NONE
    rolled_back: Annotated[IdSet, Field(description="Restored to what they ran before.")] = NONE
    rollback_failed: Annotated[
        IdSet, Field(description="Not restored: what they ran before fails too.")
    ] = NONE


class BatchStatus(Model):
    """The group in flight."""

    index: Annotated[int, Field(description="Number of the group, from 0.")]
    instances: Annotated[Ids, Field(description="Its ids as a range string.")]
    started_at: Annotated[Time, Field(description="When it started.")]
    released: Annotated[
        bool,
        Field(description="Somebody resumed after it: the next may start.", exclude_if=empty),
    ] = False


class Failure(Model):
    """One failure of one instance's new pod."""

    instance: Annotated[int, Field(description="Id of the instance.")]
    attempt: Annotated[int, Field(description="Which failure of this instance it is, from 1.")]
    reason: Annotated[str, Field(description="What happened, as one CamelCase word.")]
    message: Annotated[str, Field(description="What happened, as a sentence.")] = ""
    node: Annotated[str | None, Field(description="Node the pod was on.")] = None
    exit_code: Annotated[int | None, Field(description="Exit code of the container.")] = None
    time: Annotated[Time, Field(description="When it was seen.")]


class GateStatus(Model):
    """What one gate said last."""

    name: Annotated[str, Field(description="Name of the gate.")]
    group: Annotated[int, Field(description="Number of the group it was asked for.")] = 0
    started_at: Annotated[Time | None, Field(description="When this run of it began.")] = None
    result: Annotated[str, Field(description="Its verdict so far.")] = ""
    value: Annotated[str | None, Field(description="The value it saw last.")] = None
    message: Annotated[str, Field(description="Why, as a sentence.")] = ""
    time: Annotated[Time | None, Field(description="When it was last asked.")] = None
    successes: Annotated[int, Field(description="Passes in a row.")] = 0
    failures: Annotated[int, Field(description="Failures in a row.")] = 0
    covered: Annotated[
        int, Field(description="How many instances were through when this run of it began.")
    ] = 0


class HistoryEntry(Model):
    """One transition."""

    time: Annotated[Time, Field(description="When it happened.")]
    phase: Annotated[Phase, Field(description="Phase that was entered.")]
    reason: Annotated[str, Field(description="Why, as one CamelCase word.")] = ""
    message: Annotated[str, Field(description="Why, as a sentence.")] = ""
    by: Annotated[str, Field(description="Who wanted it: a person's verb or the operator.")] = ""


class Pulse(Model):
    """A pulse whose own time cannot be taken for what it says."""

    value: Annotated[str, Field(description="The annotation as it was found.")]
    time: Annotated[Time, Field(description="When it was first seen: it counts from then.")]
