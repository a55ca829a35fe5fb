"""The pause that the operator itself makes after a group (contract: autoPause, pauses).

Nothing but its end is remembered: `status.batch.pauseEndsAt`. So a pause keeps its remaining time
when the operator restarts, and a pause by a person does not prolong it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from controller.api.meta import format_time
from controller.api.update import BatchStatus, Update
from controller.core.rollout.direction import Direction

AUTO_PAUSED = "AutoPaused"


@dataclass(frozen=True, slots=True)
class GroupPause:
    """A pause after a group. ``ends_at``: epoch seconds; None until a new `resumeToken`."""

    message: str
    ends_at: float | None


def group_pause(direction: Direction) -> GroupPause | None:
    """The pause that holds the next group now. Returns None if there is none: in a rollback, after
    the last group, when the pause is over, and when the Update has failed."""
    batch, status = direction.update.status.batch, direction.update.status
    if direction.backward or batch is None or batch.released:
        return None
    if direction.in_flight or not direction.pending:
        return None
    failed = len(direction.failed) > direction.policy.max_failed_instances
    if failed and status.reason != AUTO_PAUSED:
        return None
    strategy, number = direction.policy.strategy, batch.index + 1
    pause = next((each for each in strategy.pauses if each.after == number), None)
    if pause is None and not strategy.auto_pause:
        return None
    resume = how_to_resume(direction.update, "start the next batch")
    if pause is None or pause.seconds is None:
        return GroupPause(f"batch {number} is done; {resume}", None)
    ends = _ends_at(batch, pause.seconds, direction.context.now)
    if ends <= direction.context.now:
        return None
    until = f"batch {number} is done; the next one starts at {format_time(ends)}"
    return GroupPause(f"{until}; {resume} before that", ends)


def _ends_at(batch: BatchStatus, seconds: int, now: float) -> float:
    """When the pause ends: as stored, else ``seconds`` from now. If the clock was set back since it
    was stored, the pause begins anew, so that it never lasts longer than ``seconds`` from now."""
    latest = math.ceil(now + seconds)
    stored = batch.pause_ends_at
    return float(latest) if stored is None or stored > latest else stored


def how_to_resume(update: Update, what: str) -> str:
    """How a person ends the pause. The Job quotes it, so it names the Update, whose field it is."""
    name, namespace = update.metadata.name, update.metadata.namespace
    command = f"echelon update resume {name} -n {namespace}"
    return f"to {what}, change spec.resumeToken of Update {name} ({command})"
