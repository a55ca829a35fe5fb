"""Whether an Update may move, has to stand, or waits for a pulse: the phase that follows from it.

Nothing is remembered: a pause is what the spec says (`spec.paused`) or what follows from the groups
(`strategy.autoPause`), so neither a manual pause nor a restart in between confuses the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from controller.api.update import Action, Phase
from controller.core.gates.gates import Gates
from controller.core.rollout.direction import OneWay
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
class Standing:
    """``by``: who wants it so; "" for the operator."""

    phase: Phase
    reason: str
    message: str
    by: str = ""


def of(way: OneWay) -> Standing:
    """The form of its direction that an Update should be in now."""
    rolling, paused, awaiting = _FORMS[way.backward]
    update, now = way.update, way.case.now
    if update.spec.paused:
        who = actor.of(update, "paused")
        waits = update.spec.action is Action.ROLLBACK and not way.backward
        words = f"paused by {who}" + ("; the rollback waits for paused: false" if waits else "")
        return Standing(paused, "Paused", words, who)
    gates = Gates(way)
    # Of an update that has failed no gate is asked again; a pause that is there stays.
    lost = len(way.failed) > way.policy.max_failed_instances
    lost = lost and update.status.reason != GATE_INCONCLUSIVE
    if (open_ := gates.undecided) is not None and not lost:
        words = f"gate {open_.name}: {open_.message}; change spec.resumeToken to ask it again"
        return Standing(paused, GATE_INCONCLUSIVE, words)
    if not gated(way) and (held := hold(way)):
        return Standing(paused, AUTO_PAUSED, held)
    if pulse.missing(update, now):
        interval = way.policy.pulse_interval_seconds
        had = way.moving
        words = f"no pulse for {interval}s" if had else "waiting for a pulse"
        return Standing(awaiting, "AwaitingPulse", words)
    return Standing(rolling, "Progressing", "")


def gated(way: OneWay) -> bool:
    """Whether gates come before the pause: one holds, or has an answer that is not counted yet.
    A pause that is there stays: nobody is asked meanwhile."""
    if not way.moving and way.update.status.reason == AUTO_PAUSED:
        return False
    gates = Gates(way)
    return gates.holding is not None or (way.moving and gates.news)


def hold(way: OneWay) -> str | None:
    """Why the operator itself pauses before the next batch (contract: autoPause); None: it does
    not. Forward only, never after the last batch, and a failed update has no next batch."""
    batch, status = way.update.status.batch, way.update.status
    if way.backward or not way.policy.strategy.auto_pause or batch is None:
        return None
    if batch.released or way.flight or not way.pending:
        return None
    failed = len(way.failed) > way.policy.max_failed_instances
    if failed and status.reason != AUTO_PAUSED:
        return None
    return f"batch {batch.index} is done; change spec.resumeToken to go on with the next"
