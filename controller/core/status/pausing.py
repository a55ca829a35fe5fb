"""The phase an active Update should be in: rolling, paused, or awaiting a pulse.

Nothing is remembered. A pause derives from the spec (`spec.paused`), from the groups
(`strategy.autoPause`) or from a gate, so a manual pause or a restart of the operator during an
automatic pause does not end it. Only the end of a pause with `seconds` is stored
(`group_pause`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from controller.api.update import Action, Phase
from controller.core.gates.gates import Gates
from controller.core.rollout.direction import Direction
from controller.core.status import actor, pulse
from controller.core.status.group_pause import AUTO_PAUSED, group_pause, how_to_resume

GATE_INCONCLUSIVE: Final = "GateInconclusive"

_FORMS: Final = {
    False: (
        Phase.ROLLING_FORWARD,
        Phase.ROLL_FORWARD_PAUSED,
        Phase.ROLL_FORWARD_AWAITING_PULSE,
    ),
    True: (
        Phase.ROLLING_BACK,
        Phase.ROLL_BACK_PAUSED,
        Phase.ROLL_BACK_AWAITING_PULSE,
    ),
}


@dataclass(frozen=True, slots=True)
class PausePhase:
    """A phase with its reason and message. ``by``: who wants it; "" for the operator; ``ends_at``:
    when (epoch seconds) the pause ends by itself; None if it does not."""

    phase: Phase
    reason: str
    message: str
    by: str = ""
    ends_at: float | None = None


def of(direction: Direction) -> PausePhase:
    """The phase of its direction that an Update should be in now."""
    rolling, paused, awaiting = _FORMS[direction.backward]
    update, now = direction.update, direction.context.now
    if update.spec.paused:
        who = actor.of(update, "paused")
        waits = update.spec.action is Action.ROLLBACK and not direction.backward
        words = f"paused by {who}" + ("; the rollback waits for paused: false" if waits else "")
        return PausePhase(paused, "Paused", words, who)
    gates = Gates(direction)
    # A failed Update does not pause for an inconclusive gate; a pause that has begun stays.
    lost = len(direction.failed) > direction.policy.max_failed_instances
    lost = lost and update.status.reason != GATE_INCONCLUSIVE
    if (open_ := gates.undecided) is not None and not lost:
        words = f"gate {open_.name}: {open_.message}; {how_to_resume(update, 'run the gate again')}"
        return PausePhase(paused, GATE_INCONCLUSIVE, words)
    if not gated(direction) and (held := group_pause(direction)):
        return PausePhase(paused, AUTO_PAUSED, held.message, ends_at=held.ends_at)
    if pulse.missing(update, now):
        interval = direction.policy.pulse_interval_seconds
        had_one = direction.moving
        words = f"no pulse for {interval}s" if had_one else "waiting for a pulse"
        return PausePhase(awaiting, "AwaitingPulse", words)
    return PausePhase(rolling, "Progressing", "")


def gated(direction: Direction) -> bool:
    """Whether gates come before the automatic pause: a gate holds the next group, or has an answer
    that is not counted yet. An automatic pause that has begun stays: no gate runs during it."""
    if not direction.moving and direction.update.status.reason == AUTO_PAUSED:
        return False
    gates = Gates(direction)
    return gates.holding is not None or (direction.moving and gates.has_changes)
