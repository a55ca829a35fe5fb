"""Whether an active Update waits for a person, or for something that the operator cannot do.

The phase alone does not say it: an Update whose pod fits on no node is `RollingForward`, and its
Job is `Reconciling` for as long as its deadline lasts.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

from controller.api.job import Job
from controller.api.progress import ACTIVE, Phase
from controller.api.update import Update
from controller.core.model import conditions as cond
from controller.core.status.update import AWAITING, PAUSED
from controller.view.update_rows import UpdateRow
from controller.view.updates import is_stalled


class Held(StrEnum):
    """``PAUSED``: until somebody resumes it. ``BLOCKED``: it goes on when something outside of it
    changes, such as a pulse that comes, room on a node, or a quota."""

    PAUSED = "Paused"
    BLOCKED = "Blocked"


#: Reasons of an Update for which its next pod cannot be made.
_REFUSED: Final = frozenset({"QuotaExceeded", "Forbidden", "InvalidPod", "PodNameConflict"})
#: The words with which the message names an instance whose pod gets no node, or is refused.
_UNPLACED: Final = re.compile(
    r"\binstance \d+: (?:Unschedulable|SchedulingGated|SchedulerError|exceeded quota)\b"
)


def held(phase: Phase, reason: str, message: str, *, stalled: bool = False) -> Held | None:
    """What holds an Update with this status; None if nothing does, or it is not active.
    ``stalled``: the Update says that it needs a person."""
    if phase not in ACTIVE:
        return None
    if phase in PAUSED:
        return Held.PAUSED
    blocked = stalled or phase in AWAITING or reason in _REFUSED or bool(_UNPLACED.search(message))
    return Held.BLOCKED if blocked else None


def of_update(update: Update) -> Held | None:
    """What holds an Update."""
    status = update.status
    return held(status.phase, status.reason, status.message, stalled=is_stalled(update))


def of_row(row: UpdateRow) -> Held | None:
    """What holds the Update of a row."""
    return held(row.phase, row.reason, row.message, stalled=row.stalled)


def of_job(job: Job) -> Held | None:
    """What holds the active Update of a Job, as far as the Job says it."""
    working = cond.find_true(job.status.conditions, cond.RECONCILING)
    if job.status.active_update is None or working is None:
        return None
    try:
        return held(Phase(working.reason), "", working.message)
    except ValueError:
        return None


def since(update: Update) -> float:
    """When (epoch seconds) the Update was paused or began to await a pulse; 0 if it is neither."""
    known = update.status.conditions
    told = cond.find_true(known, cond.PAUSED) or cond.find_true(known, cond.AWAITING_PULSE)
    return told.last_transition_time if told and update.status.phase in ACTIVE else 0.0
