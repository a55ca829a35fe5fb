"""The verbs of an Update's spec: pause, resume, roll back, abort (contract rules 11 and 12).

Level-triggered: each verb is applied by the write that brings the status to what the spec says, so
a crash neither loses a verb nor applies it twice. An illegal verb sets condition `VerbRefused`.
"""

from __future__ import annotations

from controller.api.update import Action, Phase, Update, UpdateStatus
from controller.core.gates.gates import Gates
from controller.core.model.conditions import VERB_REFUSED
from controller.core.model.context import Context
from controller.core.model.plan import Event, Write, WriteUpdate
from controller.core.progress.completion import finish_job
from controller.core.progress.rollback import ROLLBACK_REQUESTED, start_rollback
from controller.core.rollout.direction import Direction
from controller.core.rollout.failures import FailureCounts
from controller.core.status import actor, pausing, pulse
from controller.core.status.counts import counted
from controller.core.status.group_pause import AUTO_PAUSED, group_pause
from controller.core.status.update import (
    entered,
    refused,
    report,
    verbs_of,
    with_conditions,
)


def apply_verb(direction: Direction, failures: FailureCounts) -> Write | None:
    """The next write for a verb or a pulse. Returns None if all are applied."""
    update, now = direction.update, direction.context.now
    if (new_pulse := pulse.unseen(update, now)) is not None:
        return _write(update, update.status.model_copy(update={"observed_pulse": new_pulse}))
    if update.spec.action is Action.ABORT:
        return _abort(direction, failures)
    if (token := update.spec.resume_token) not in (None, update.status.observed_resume_token):
        return _resume(direction, str(token))
    if update.spec.action is Action.ROLLBACK and not direction.backward and not update.spec.paused:
        return _roll_back(direction, failures)
    # Failures are stored before an automatic pause or a wait begins: they may end the Update.
    wish = pausing.of(direction)
    if failures.increased and not update.spec.paused:
        return None
    end = _end_of_pause(update, wish)
    if wish.phase is update.status.phase:
        return _write(update, update.status.model_copy(update=end)) if end else None
    reason, message, who = wish.reason, wish.message, wish.by
    changes = counted(direction, failures) | end
    if wish.phase in (Phase.ROLLING_FORWARD, Phase.ROLLING_BACK):
        reason, message, who = "Resumed", "the update continues", _who(update)
        # No gate ran during the pause: every run of a gate starts again with its whole time.
        changes["gates"] = Gates(direction).states_after_pause() or update.status.gates
    status = entered(direction.context, update, wish.phase, reason, message, by=who, **changes)
    event = Event(str(wish.phase), status.message, update.metadata.name)
    return _write(update, status, event)


def _end_of_pause(update: Update, wish: pausing.PausePhase) -> dict[str, object]:
    """The field with the end of a pause, if that is not stored yet."""
    batch = update.status.batch
    if batch is None or wish.ends_at in (None, batch.pause_ends_at):
        return {}
    return {"batch": batch.model_copy(update={"pause_ends_at": wish.ends_at})}


def answered_late(context: Context, update: Update) -> Write | None:
    """The write that answers a changed spec of an ended Update: it refuses a new verb, once.
    Returns None if the spec did not change."""
    if update.status.observed_generation == update.metadata.generation:
        return None
    verbs, before = verbs_of(update), update.status.observed_verbs
    status = update.status.model_copy(
        update={"observed_generation": update.metadata.generation, "observed_verbs": verbs}
    )
    new = next((verb for verb in verbs if verb not in before and not _is_done(update, verb)), None)
    if new is None:
        if verbs != before:  # The user removed a refused verb.
            kept = tuple(c for c in status.conditions if c.type != VERB_REFUSED)
            status = status.model_copy(update={"conditions": kept})
        return _write(update, status)
    # The message does not repeat the value of a token.
    verb = "resumeToken" if new.startswith("resumeToken") else new
    words = f"{verb} has no effect: the Update has ended ({update.status.phase})"
    status = refused(context, update, status, words)
    return _write(update, status, Event("VerbRefused", words, update.metadata.name, "Warning"))


def _abort(direction: Direction, failures: FailureCounts) -> Write:
    """The end of an aborted Update; the result of each instance is stored first."""
    if counted(direction, failures)["instances"] != direction.update.status.instances:
        return _write(direction.update, report(direction, failures))
    return finish_job(direction, Phase.ABORTED)


def _roll_back(direction: Direction, failures: FailureCounts) -> Write:
    words = f"rollback requested by {actor.with_reason(direction.update, 'action')}"
    return start_rollback(
        direction, failures, ROLLBACK_REQUESTED, words, by=actor.of(direction.update, "action")
    )


def _resume(direction: Direction, token: str) -> Write:
    """A changed token starts the next batch, or runs an inconclusive gate again, if the operator
    itself paused the Update; else the verb is refused."""
    update, batch = direction.update, direction.update.status.batch
    answer: dict[str, object] = {"observed_resume_token": token}
    gates = Gates(direction)
    if gates.undecided is not None:
        changes = {**answer, "gates": gates.states_after_pause()}
        status = update.status.model_copy(update=changes)
        return _write(
            update,
            with_conditions(direction.context, update, status, status.reason, status.message),
        )
    if pausing.gated(direction) or group_pause(direction) is None or batch is None:
        words = "resumeToken has no effect: the operator has not paused this Update"
        status = refused(direction.context, update, update.status.model_copy(update=answer), words)
        return _write(update, status, Event("VerbRefused", words, update.metadata.name, "Warning"))
    answer["batch"] = batch.model_copy(update={"released": True})
    status = update.status.model_copy(update=answer)
    return _write(
        update, with_conditions(direction.context, update, status, status.reason, status.message)
    )


def _who(update: Update) -> str:
    """Who resumed the Update: the user who set the token or ended the pause; "" for a pulse or the
    end of a pause's time."""
    reason, batch = update.status.reason, update.status.batch
    if reason == AUTO_PAUSED and not (batch and batch.released):
        return ""  # The time of the pause is over.
    if reason in (AUTO_PAUSED, pausing.GATE_INCONCLUSIVE):
        return actor.of(update, "resumeToken")
    if reason == "AwaitingPulse":
        return ""
    return actor.of(update, "paused")


def _is_done(update: Update, verb: str) -> bool:
    """Whether the ended Update is in the phase that the verb requests."""
    done = {f"action {Action.ABORT}": Phase.ABORTED, f"action {Action.ROLLBACK}": Phase.ROLLED_BACK}
    return done.get(verb) is update.status.phase


def _write(update: Update, status: UpdateStatus, *events: Event) -> WriteUpdate:
    return WriteUpdate(update.metadata.name, status, events)
