"""An Update's status: the report while it is active, and the status that enters a phase."""

from __future__ import annotations

from typing import Any, Protocol

from controller.api.meta import Condition, format_time, surely_past
from controller.api.text import shortened
from controller.api.update import (
    ACTIVE,
    FORWARD,
    Action,
    HistoryEntry,
    Phase,
    Update,
    UpdateStatus,
)
from controller.core.gates.gates import Gates
from controller.core.model import conditions
from controller.core.model.conditions import Wanted
from controller.core.model.disruption import NONE_HELD_BACK, Allowance
from controller.core.rollout.direction import Direction
from controller.core.rollout.failures import FailureCounts
from controller.core.rollout.phases import IllegalTransitionError, legal
from controller.core.status import pausing, waiting
from controller.core.status.counts import counted
from controller.core.status.size_limit import fitted

MAX_HISTORY = 50
MAX_MESSAGE = 256
OPERATOR = "echelon"

PAUSED = frozenset({Phase.ROLL_FORWARD_PAUSED, Phase.ROLL_BACK_PAUSED})
AWAITING = frozenset({Phase.ROLL_FORWARD_AWAITING_PULSE, Phase.ROLL_BACK_AWAITING_PULSE})
SUCCEEDED = frozenset({Phase.ROLLED_FORWARD, Phase.PLANNED})
FAILED = frozenset({Phase.ROLLED_BACK, Phase.FAILED, Phase.ERROR, Phase.REJECTED})


class Moment(Protocol):
    """The time of a decision: ``now`` in epoch seconds, ``stamp`` in whole seconds for a status."""

    @property
    def now(self) -> float: ...
    @property
    def stamp(self) -> float: ...


def entered(
    context: Moment,
    update: Update,
    phase: Phase,
    reason: str,
    message: str,
    *,
    by: str = "",
    **changes: Any,
) -> UpdateStatus:
    """The status with which the Update enters ``phase``. ``by``: who wants it; "" for the operator.
    ``changes``: further fields of the status.

    Every phase of every Update is set here. Raises IllegalTransitionError when ``phase`` may not
    follow the present one (contract rule 12).
    """
    old = update.status
    if not legal(old.phase, phase):
        raise IllegalTransitionError(update.metadata.name, old.phase, phase)
    entry = HistoryEntry(
        time=context.stamp,
        phase=phase,
        reason=reason,
        message=shortened(message, MAX_MESSAGE),
        by=by or OPERATOR,
    )
    if phase is Phase.ROLLING_BACK and old.phase in FORWARD:
        changes["turn"] = entry
    if phase in ACTIVE and old.started_at is None:
        changes["started_at"] = context.stamp
    if phase not in ACTIVE and phase is not Phase.PENDING:
        changes["finished_at"] = context.stamp
        changes["observed_verbs"] = () if _in_vain(update, phase) else verbs_of(update)
    status = old.model_copy(
        update={"phase": phase, "history": (entry, *old.history)[:MAX_HISTORY], **changes}
    )
    status = with_conditions(context, update, status, reason, message)
    if _in_vain(update, phase):
        # The old generation makes the next decision answer the verb (`verbs.answered_late`).
        unanswered = {"observed_generation": old.observed_generation}
        status = status.model_copy(update=unanswered)
    return status


def _in_vain(update: Update, phase: Phase) -> bool:
    """Whether a verb came between the two writes of an end: to the Job, then to the Update."""
    status = update.status
    new_verb = status.observed_generation != update.metadata.generation and verbs_of(update)
    return bool(new_verb) and status.phase in ACTIVE and phase in (SUCCEEDED | FAILED)


def verbs_of(update: Update) -> tuple[str, ...]:
    """The verbs that the spec contains, in a form that is stored and compared."""
    spec, verbs = update.spec, list[str]()
    if spec.action is not Action.PROCEED:
        verbs.append(f"action {spec.action}")
    if spec.paused:
        verbs.append("paused")
    if spec.resume_token is not None:
        verbs.append(f"resumeToken {spec.resume_token}")
    return tuple(verbs)


def with_conditions(
    context: Moment,
    update: Update,
    status: UpdateStatus,
    reason: str,
    message: str,
    *,
    stuck: bool = False,
) -> UpdateStatus:
    """``status`` with reason and message, and with the conditions that belong to its phase.
    ``stuck``: the Update needs a person."""
    generation = update.metadata.generation
    wanted = _conditions(status.phase, reason, message, stuck)
    wanted |= _gates(status) | _answers(status, generation)
    return fitted(status).model_copy(
        update={
            "reason": reason,
            "message": message,
            "observed_generation": generation,
            "conditions": conditions.merged(
                update.status.conditions, wanted, generation, context.now
            ),
        }
    )


def refused(context: Moment, update: Update, status: UpdateStatus, words: str) -> UpdateStatus:
    """``status`` with the condition that refuses an illegal verb (contract rule 12)."""
    generation = update.metadata.generation
    answer = Condition(
        type=conditions.VERB_REFUSED,
        status="True",
        reason="IllegalVerb",
        message=words,
        observed_generation=generation,
        last_transition_time=context.stamp,
    )
    others = (c for c in status.conditions if c.type != conditions.VERB_REFUSED)
    return status.model_copy(
        update={"conditions": (*others, answer), "observed_generation": generation}
    )


def _gates(status: UpdateStatus) -> dict[str, Wanted]:
    """The condition that says whether the last run of every gate passed; {} without gates."""
    wanted = [g for g in (status.policy.gates if status.policy else ()) if not g.dry_run]
    if not wanted:
        return {}
    states = {state.name: state for state in status.gates}
    for gate in wanted:
        state = states.get(gate.name)
        if state is None or state.result != "Passed":
            result, why = (state.result, state.message) if state else ("Waiting", "not run yet")
            words = f"gate {gate.name}: {why}".rstrip(": ")
            return {conditions.GATES_PASSED: Wanted(False, f"Gate{result}", words)}
    return {
        conditions.GATES_PASSED: Wanted(True, "GatesPassed", f"all gates passed: {len(wanted)}")
    }


def _answers(status: UpdateStatus, generation: int) -> dict[str, Wanted]:
    """The condition ``VerbRefused``: it stays until the spec changes again."""
    refusals = (c for c in status.conditions if c.type == conditions.VERB_REFUSED)
    return {
        c.type: Wanted(True, c.reason, c.message)
        for c in refusals
        if c.observed_generation == generation
    }


def report(
    direction: Direction, failures: FailureCounts, disruption: Allowance = NONE_HELD_BACK
) -> UpdateStatus:
    """The status of an active Update now. ``disruption``: what policies hold back."""
    context, update = direction.context, direction.update
    status = update.status.model_copy(update=counted(direction, failures))
    progress, obstacle = _progress(direction, status), waiting.of(direction, failures, disruption)
    stuck = obstacle is not None and obstacle.stuck
    reason = obstacle.reason if obstacle else "Progressing"
    if status.phase in PAUSED | AWAITING:
        wish, stuck = pausing.of(direction), False
        progress, reason = f"{progress}; {wish.message}".rstrip("; "), wish.reason
        # A pause explains why nothing starts. It does not explain an instance that is stuck down.
        obstacle = obstacle if obstacle and obstacle.stuck else None
    elif (until := watching_until(update)) is not None and Gates(direction).holding is None:
        progress += f"; watching until {format_time(until)}"
        reason = "Watching" if until > context.now and not stuck else reason
    message = f"{progress}; {obstacle.message}" if obstacle else progress
    return with_conditions(context, update, status, reason, message, stuck=stuck)


def watching_until(update: Update) -> float | None:
    """When (epoch seconds) the watch ends (contract: watchAfterSeconds); None before it begins."""
    since, policy = update.status.watching_since, update.status.policy
    if since is None or policy is None:
        return None
    return surely_past(since, policy.watch_after_seconds)


def _progress(direction: Direction, status: UpdateStatus) -> str:
    if not direction.backward:
        return f"{status.counts.updated} of {status.counts.total} instances updated"
    sets = status.instances
    touched = sets.updating | sets.updated | sets.failed | sets.rolling_back | sets.rolled_back
    touched |= sets.rollback_failed
    done = f"{len(sets.rolled_back)} of {len(touched)} instances rolled back"
    return f"{done} ({status.turn.message})" if status.turn else done


def _conditions(phase: Phase, reason: str, message: str, stuck: bool) -> dict[str, Wanted]:
    active = phase in ACTIVE or phase is Phase.PENDING
    ready = phase in SUCCEEDED or phase in (Phase.ABORTED, Phase.SUPERSEDED)
    wanted = {
        conditions.READY: Wanted(ready, reason, message),
        conditions.RECONCILING: Wanted(active and not stuck, reason, message),
        conditions.STALLED: Wanted(phase in FAILED or (active and stuck), reason, message),
        conditions.COMPLETE: Wanted(not active, str(phase), message),
        conditions.SUCCEEDED: Wanted(phase in SUCCEEDED, reason, message),
        conditions.FAILED: Wanted(phase in FAILED, reason, message),
    }
    for name, phases in ((conditions.PAUSED, PAUSED), (conditions.AWAITING_PULSE, AWAITING)):
        yes = phase in phases
        wanted[name] = Wanted(True, reason, message) if yes else Wanted(False, f"Not{name}")
    return wanted
