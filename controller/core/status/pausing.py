"""The phase an active Update should be in: rolling, paused, or awaiting a pulse.

Nothing is remembered. A pause derives from the spec (`spec.paused`), from the groups
(`strategy.autoPause`) or from a gate, so a manual pause or a restart of the operator during an
automatic pause does not end it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from controller.api.update import Action, Phase, Update
from controller.core.gates.gates import Gates
from controller.core.rollout.direction import Direction
from controller.core.status import actor, pulse

AUTO_PAUSED: Final = "AutoPaused"
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
    """A phase with its reason and message. ``by``: who wants it; "" for the operator."""

    phase: Phase
    reason: str
    message: str
    by: str = ""


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
        words = f"gate {open_.name}: {open_.message}; {_resume(update, 'run the gate again')}"
        return PausePhase(paused, GATE_INCONCLUSIVE, words)
    if not gated(direction) and (held := hold(direction)):
        return PausePhase(paused, AUTO_PAUSED, held)
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


def hold(direction: Direction) -> str | None:
    """Why the operator itself pauses before the next batch (contract: autoPause). Returns None if
    it does not: in a rollback, after the last batch, and when the Update has failed."""
    batch, status = direction.update.status.batch, direction.update.status
    if direction.backward or not direction.policy.strategy.auto_pause or batch is None:
        return None
    if batch.released or direction.in_flight or not direction.pending:
        return None
    failed = len(direction.failed) > direction.policy.max_failed_instances
    if failed and status.reason != AUTO_PAUSED:
        return None
    how = _resume(direction.update, "start the next batch")
    return f"batch {batch.index + 1} is done; {how}"


def _resume(update: Update, what: str) -> str:
    """How a person ends the pause. The Job quotes it, so it names the Update, whose field it is."""
    name, namespace = update.metadata.name, update.metadata.namespace
    command = f"echelon update resume {name} -n {namespace}"
    return f"to {what}, change spec.resumeToken of Update {name} ({command})"
