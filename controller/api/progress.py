"""The parts of an Update's status: phase, target, counts, groups, failures, gates and history."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field

from controller.api.ids import NONE, Ids
from controller.api.meta import Model, Time, empty


class Phase(StrEnum):
    """Phase of an Update."""

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
    """What an Update updates the Job to."""

    revision: Annotated[
        str | None,
        Field(
            description="Name of the ControllerRevision to update to. Absent: each instance keeps "
            "the revision assigned to it (a restart)."
        ),
    ] = None
    instances: Annotated[
        Ids,
        Field(description="Ids of all instances of the Job after the Update, as a range string."),
    ] = NONE
    source: Annotated[
        str | None,
        Field(
            description="What the revision was built from, such as a commit: its annotation "
            "`echelon.dev/source` when the Update was admitted. Absent: nothing said so."
        ),
    ] = None
    parent: Annotated[
        str | None,
        Field(
            description="Name of the revision that was the Job's `currentRevision` when the Update "
            "was admitted, or that the revision names as its parent if it was that one itself. "
            "Absent: there is none, or the Update is a restart."
        ),
    ] = None


class Counts(Model):
    """Number of instances in each state of an Update; removed instances are included."""

    total: Annotated[int, Field(description="Number of instances that the Update covers.")] = 0
    updated: Annotated[
        int, Field(description="Number of instances that have become good at the target.")
    ] = 0
    updating: Annotated[
        int, Field(description="Number of instances that are being updated and not good yet.")
    ] = 0
    failed: Annotated[
        int,
        Field(
            description="Number of instances that had more failures than `maxFailuresPerInstance`. "
            "The number does not fall when these instances are rolled back."
        ),
    ] = 0
    rolled_back: Annotated[
        int,
        Field(
            description="Number of instances that are back at the revision they had before the "
            "Update."
        ),
    ] = 0
    pending: Annotated[
        int, Field(description="Number of instances whose update has not started.")
    ] = 0
    relabelled: Annotated[
        int,
        Field(
            description="Number of instances of which only labels change, because their pods are "
            "the same at both revisions. They are not among the others.",
            exclude_if=empty,
        ),
    ] = 0


#: A set of ids that is left out of the JSON when it is empty.
IdSet = Annotated[Ids, Field(exclude_if=empty)]


#: The field `moved` of the status of an Update.
Moved = Annotated[
    IdSet,
    Field(
        description="Ids of instances that a Maintenance asked to leave their node after the "
        "Update had changed them, as a range string. What becomes of the pods that are made for "
        "them then is no failure of the Update.",
        exclude_if=empty,
    ),
]


class InstanceSets(Model):
    """Ids of the instances in each state of an Update; each id is in at most one set."""

    updating: Annotated[
        IdSet, Field(description="Ids of instances that are being updated and not good yet.")
    ] = NONE
    updated: Annotated[
        IdSet, Field(description="Ids of instances that have become good at the target.")
    ] = NONE
    failed: Annotated[
        IdSet,
        Field(description="Ids of instances that had more failures than `maxFailuresPerInstance`."),
    ] = NONE
    rolling_back: Annotated[
        IdSet,
        Field(
            description="Ids of instances that are being rolled back to the revision they had "
            "before the Update."
        ),
    ] = NONE
    rolled_back: Annotated[
        IdSet,
        Field(
            description="Ids of instances that are back at the revision they had before the Update."
        ),
    ] = NONE
    rollback_failed: Annotated[
        IdSet,
        Field(
            description="Ids of instances whose rollback failed: the revision they had before the "
            "Update fails too."
        ),
    ] = NONE


class BatchStatus(Model):
    """The group of instances that is in flight."""

    index: Annotated[int, Field(description="Number of the group, from 0.")]
    instances: Annotated[
        Ids, Field(description="Ids of the instances of the group, as a range string.")
    ]
    started_at: Annotated[Time, Field(description="When the group started.")]
    released: Annotated[
        bool,
        Field(
            description="true: the pause after this group was ended by a new `resumeToken`, and "
            "the next group may start.",
            exclude_if=empty,
        ),
    ] = False
    pause_ends_at: Annotated[
        Time | None,
        Field(
            description="When the pause after this group ends by itself (`strategy.pauses`, "
            "`seconds`). Absent: there is no such pause, or it did not begin yet."
        ),
    ] = None


class Failure(Model):
    """One failure of the new pod of an instance."""

    instance: Annotated[int, Field(description="Id of the instance.")]
    attempt: Annotated[
        int,
        Field(
            description="Number of this failure among the failures of the instance in this Update, "
            "from 1."
        ),
    ]
    reason: Annotated[str, Field(description="Cause of the failure, as one CamelCase word.")]
    message: Annotated[str, Field(description="Cause of the failure, as a sentence.")] = ""
    node: Annotated[str | None, Field(description="Name of the node on which the pod ran.")] = None
    exit_code: Annotated[
        int | None, Field(description="Exit code of the container that ended, if one ended.")
    ] = None
    time: Annotated[Time, Field(description="When the operator observed the failure.")]


class GateStatus(Model):
    """State of the last run of one gate."""

    name: Annotated[str, Field(description="Name of the gate.")]
    group: Annotated[
        int,
        Field(description="Number of the group for which this run of the gate is made, from 0."),
    ] = 0
    started_at: Annotated[Time | None, Field(description="When this run of the gate started.")] = (
        None
    )
    result: Annotated[
        str,
        Field(description="Result of this run: Waiting (none yet), Passed, Failed, Inconclusive."),
    ] = ""
    value: Annotated[
        str | None,
        Field(description="Value in the gate's last answer, such as the result of a query."),
    ] = None
    message: Annotated[str, Field(description="Why the run has this result, as a sentence.")] = ""
    time: Annotated[
        Time | None, Field(description="When the last answer recorded here was received.")
    ] = None
    successes: Annotated[int, Field(description="Number of passes in a row.")] = 0
    failures: Annotated[int, Field(description="Number of failures in a row.")] = 0
    covered: Annotated[
        int,
        Field(
            description="Number of instances whose update was complete when this run started; the "
            "verdict covers these instances."
        ),
    ] = 0


class HistoryEntry(Model):
    """One change of an Update's phase or reason."""

    time: Annotated[Time, Field(description="When the change happened.")]
    phase: Annotated[Phase, Field(description="Phase that the Update entered.")]
    reason: Annotated[str, Field(description="Cause of the change, as one CamelCase word.")] = ""
    message: Annotated[str, Field(description="Cause of the change, as a sentence.")] = ""
    by: Annotated[
        str, Field(description="Who caused the change: the user who set a verb, or the operator.")
    ] = ""


class Pulse(Model):
    """A pulse whose time lies in the future and therefore is not used."""

    value: Annotated[
        str, Field(description="Value of the annotation `echelon.dev/pulsed-at` as written.")
    ]
    time: Annotated[
        Time,
        Field(
            description="When the operator first observed this pulse; the pulse counts from then."
        ),
    ]
