"""The write that starts a rollback: phase `RollingBack`, no failure counts, no group in flight."""

from __future__ import annotations

from typing import Final

from controller.api.ids import NONE
from controller.api.update import Phase
from controller.core.model.plan import Event, EventType, Write, WriteUpdate
from controller.core.rollout.direction import Direction
from controller.core.rollout.failures import FAILURE, FailureCounts, cause
from controller.core.status.counts import counted
from controller.core.status.update import OPERATOR, entered

#: Reason of a rollback that a person requested.
ROLLBACK_REQUESTED: Final = "RollbackRequested"


def failed(direction: Direction, failures: FailureCounts, events: tuple[Event, ...] = ()) -> Write:
    """The write that starts a rollback because too many instances failed."""
    words = cause(failures.records(), failures.failed)
    return start_rollback(direction, failures, FAILURE, words, events)


def start_rollback(
    direction: Direction,
    failures: FailureCounts,
    reason: str,
    words: str,
    events: tuple[Event, ...] = (),
    by: str = OPERATOR,
) -> Write:
    """The write that enters `RollingBack`; it keeps the result of each instance so far.

    ``words``: the message; ``events``: further Events; ``by``: who wants the rollback.
    """
    name = direction.update.metadata.name
    changes = counted(direction, failures) | {
        "failure_counts": {},
        "down_since": {},
        "moved": NONE,
        "batch": None,
        "watching_since": None,
    }
    status = entered(
        direction.context, direction.update, Phase.ROLLING_BACK, reason, words, by=by, **changes
    )
    kind: EventType = "Normal" if reason == ROLLBACK_REQUESTED else "Warning"
    return WriteUpdate(name, status, (*events, Event("RollingBack", words, name, kind)))
