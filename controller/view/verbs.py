"""What a verb does to an Update, and whether it is legal now (contract rules 11 and 12).

The command line asks this before it writes, the web page to know which buttons to show. How the
operator answers is read by `answers`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from controller.api.labels import PULSED_AT
from controller.api.meta import format_time
from controller.api.progress import BACKWARD, FORWARD, TERMINAL
from controller.api.update import Action, Phase, Update
from controller.core.rollout.phases import legal
from controller.core.status.update import AWAITING, PAUSED
from controller.view.updates import own_pause


class Verb(StrEnum):
    """What a person can do to an Update."""

    PAUSE = "pause"
    RESUME = "resume"
    ABORT = "abort"
    ROLLBACK = "rollback"
    PULSE = "pulse"


#: What has been done to an Update.
DONE: Final = {
    Verb.PAUSE: "paused",
    Verb.RESUME: "resumed",
    Verb.ABORT: "aborted",
    Verb.ROLLBACK: "rolled back",
    Verb.PULSE: "pulsed",
}


@dataclass(frozen=True, slots=True)
class Change:
    """The verb is legal. ``spec`` and ``annotations``: what to write. ``notes``: what it does
    besides the obvious, as sentences."""

    verb: Verb
    spec: dict[str, Any] = field(default_factory=dict)
    annotations: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Already:
    """Nothing is to be written: the Update is, or will be, where the verb would bring it."""

    why: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The verb is illegal now. ``hint``: what to do instead."""

    why: str
    hint: str = ""


Judgement = Change | Already | Refused


def judge(verb: Verb, update: Update, now: float) -> Judgement:
    """What ``verb`` would do to the Update as it is. ``now``: epoch seconds."""
    if (word := _reached_at_end(verb, update)) is not None:
        return Already(word)
    if update.status.phase in TERMINAL:
        return _ended(verb, update)
    if update.spec.action is Action.ABORT:
        words = f"{_name(update)} is being aborted"
        return Already(words) if verb is Verb.ABORT else Refused(words)
    return _JUDGES[verb](update, now)


def _pause(update: Update, _: float) -> Judgement:
    if update.spec.paused:
        return Already(f"{_name(update)} is paused already")
    phase = update.status.phase
    goal = Phase.ROLL_BACK_PAUSED if phase in BACKWARD else Phase.ROLL_FORWARD_PAUSED
    notes: tuple[str, ...] = ()
    if phase is Phase.PENDING:
        notes = ("the Update has not started: it will be paused when it does",)
    elif phase is goal:
        notes = ("the operator has paused it, too: both pauses must be ended",)
    elif not legal(phase, goal):
        return _illegal(Verb.PAUSE, update)
    return Change(Verb.PAUSE, {"paused": True}, notes=notes)


def _resume(update: Update, now: float) -> Judgement:
    phase, spec = update.status.phase, update.spec
    if spec.paused:
        notes: tuple[str, ...] = ()
        if spec.action is Action.ROLLBACK and phase in FORWARD:
            notes = ("the rollback that was asked for starts",)
        return Change(Verb.RESUME, {"paused": False}, notes=notes)
    if own_pause(update):
        why = "the gate is asked again" if update.status.reason == "GateInconclusive" else ""
        notes = (why or "the next batch starts",)
        return Change(Verb.RESUME, {"resumeToken": _token(update, now)}, notes=notes)
    if phase in PAUSED:
        return Already(f"{_name(update)} is being resumed already")
    if phase in AWAITING:
        return Refused(
            f"{_name(update)} is not paused: it waits for a pulse",
            f"`echelon update pulse {_at(update)}` lets it go on for one interval",
        )
    return Refused(f"{_name(update)} is not paused: it is {phase}")


def _abort(update: Update, _: float) -> Judgement:
    if not legal(update.status.phase, Phase.ABORTED):
        return _illegal(Verb.ABORT, update)
    notes: tuple[str, ...] = ()
    if update.status.phase is not Phase.PENDING:
        notes = ("instances that are updated stay so; those that are down still come up",)
    return Change(Verb.ABORT, {"action": str(Action.ABORT)}, notes=notes)


def _rollback(update: Update, _: float) -> Judgement:
    phase, spec = update.status.phase, update.spec
    if phase in BACKWARD:
        held = phase is not Phase.ROLLING_BACK
        return Already(f"{_name(update)} rolls back already{f' ({phase})' if held else ''}")
    if phase is Phase.PENDING:
        return Refused(
            f"{_name(update)} has not started: there is nothing to roll back",
            f"`echelon update abort {_at(update)}` ends it before it starts",
        )
    if not legal(phase, Phase.ROLLING_BACK):
        return _illegal(Verb.ROLLBACK, update)
    if spec.action is Action.ROLLBACK and not spec.paused:
        return Already(f"{_name(update)} was told to roll back already")
    change: dict[str, Any] = {"action": str(Action.ROLLBACK)}
    if spec.paused:
        # A pause wins over a rollback: without this, nothing would happen.
        return Change(Verb.ROLLBACK, change | {"paused": False}, notes=("the pause ends",))
    return Change(Verb.ROLLBACK, change)


def _pulse(update: Update, now: float) -> Judgement:
    policy, phase = update.status.policy, update.status.phase
    if phase is Phase.PENDING:
        return Refused(
            f"{_name(update)} has not started: a pulse from before the start does not count",
            f"wait for it with `echelon update wait {_at(update)} --for started`",
        )
    interval = policy.pulse_interval_seconds if policy else None
    if interval is None:
        return Refused(
            f"{_name(update)} needs no pulses: it has no pulseIntervalSeconds",
            "set spec.update.pulseIntervalSeconds of the Job, which counts from the next Update on",
        )
    notes = [f"the next pulse is due within {interval}s"]
    if phase in PAUSED:
        notes.append("the Update stays paused")
    return Change(Verb.PULSE, annotations={PULSED_AT: format_time(now)}, notes=tuple(notes))


_JUDGES: Final = {
    Verb.PAUSE: _pause,
    Verb.RESUME: _resume,
    Verb.ABORT: _abort,
    Verb.ROLLBACK: _rollback,
    Verb.PULSE: _pulse,
}


def _reached_at_end(verb: Verb, update: Update) -> str | None:
    ends = {Verb.ABORT: Phase.ABORTED, Verb.ROLLBACK: Phase.ROLLED_BACK}
    if ends.get(verb) is not update.status.phase:
        return None
    return f"{_name(update)} was {DONE[verb]} already"


def _ended(verb: Verb, update: Update) -> Refused:
    words = f"{_name(update)} has ended ({update.status.phase}): it cannot be {DONE[verb]}"
    if verb is not Verb.ROLLBACK or update.status.phase is not Phase.ROLLED_FORWARD:
        return Refused(words)
    return Refused(words, undo(update))


def undo(update: Update) -> str:
    """How to undo an Update that ended: as a hint."""
    before = [each.revision for each in update.status.from_]
    job, namespace = update.spec.job, update.metadata.namespace
    if len(before) != 1:
        return f"`echelon job history {job} -n {namespace}` lists the revisions to go back to"
    command = f"echelon update start {job} --revision {before[0]} -n {namespace}"
    return f"`{command}` goes back to the revision before"


def _illegal(verb: Verb, update: Update) -> Refused:
    return Refused(f"{_name(update)} is {update.status.phase}: it cannot be {DONE[verb]}")


def _token(update: Update, now: float) -> str:
    """A token that differs from the present one, and tells when it was written."""
    token = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return token if token != update.spec.resume_token else f"{token}+"


def _name(update: Update) -> str:
    return f"Update {update.metadata.name}"


def _at(update: Update) -> str:
    """Name and namespace, as arguments of a command."""
    namespace = update.metadata.namespace
    return f"{update.metadata.name} -n {namespace}" if namespace else update.metadata.name
