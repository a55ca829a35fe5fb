"""One run of one gate: how its answers add up, and when its time is over.

A *run* is one asking of one gate, from its begin to its verdict: of a `Batch` gate for each group,
of a `Final` one at the end, of a `Continuous` one from the start to the end. Its state is stored
when a count or the verdict changes, so a gate that goes on passing costs no write.
"""

from __future__ import annotations

from typing import Final

from controller.api.gate import Gate, OnInconclusive, Scope
from controller.api.meta import surely_past
from controller.api.update import GateStatus
from controller.core.model.observed import GateAnswer
from controller.core.verdicts.answer import Answer, Verdict

WAITING: Final = "Waiting"
PASSED: Final = "Passed"
FAILED: Final = "Failed"
INCONCLUSIVE: Final = "Inconclusive"
MAX_MESSAGE: Final = 256
#: Seconds that an answer may take, and a little more.
_ASKING: Final = 15.0


def run_of(state: GateStatus) -> str:
    """What tells one run of a gate from another."""
    return f"{state.group}-{int(state.started_at or 0)}"


def begun(name: str, group: int, now: float, covered: int) -> GateStatus:
    """A run that begins now."""
    return GateStatus(
        name=name, group=group, started_at=float(int(now)), result=WAITING, covered=covered
    )


def anew(gate: Gate, state: GateStatus, now: float) -> GateStatus:
    """The run after a pause: what was asked before does not count any more, and without a verdict
    it has its whole time again."""
    if state.result in (WAITING, INCONCLUSIVE):
        return begun(state.name, state.group, now, state.covered)
    if gate.scope is Scope.CONTINUOUS:
        return state.model_copy(update={"started_at": float(int(now))})
    return state


def goes_on(gate: Gate, state: GateStatus) -> bool:
    """Whether it is asked on although it has a verdict."""
    return gate.scope is Scope.CONTINUOUS and (gate.dry_run or state.result == PASSED)


def judged(gate: Gate, state: GateStatus, told: GateAnswer | None, now: float) -> GateStatus:
    """The state by now; ``told``: the last answer of this very run."""
    state = _sane(state, now)
    if told is not None:
        state = counted(gate, state, told.answer, told.at)
    if state.result != WAITING or told is None or now < deadline(gate, state, told):
        return state
    # Time that passed while nobody could ask, or that a clock skipped, is no silence of theirs.
    if told.at < deadline(gate, state, told) - gap(gate):
        return state
    return _out_of_time(gate, state, told.answer.message or state.message, now)


def gap(gate: Gate) -> float:
    """Seconds between two answers that are more than it takes to ask."""
    return gate.interval_seconds + _ASKING


def deadline(gate: Gate, state: GateStatus, told: GateAnswer | None = None) -> float:
    """When a run without a verdict is inconclusive; ``told``: its last answer."""
    due = _first_ask(gate, state)
    if told is not None and told.since > due + gap(gate):
        due = told.since
    return surely_past(due, gate.timeout_seconds)


def _first_ask(gate: Gate, state: GateStatus) -> float:
    started, delay = state.started_at or 0.0, gate.initial_delay_seconds
    return surely_past(started, delay) if delay else started


def next_ask(gate: Gate, state: GateStatus, told: GateAnswer | None, now: float) -> float:
    """When the next question is due; ``told``: the last answer of this very run."""
    if told is not None:
        # Its time is not cut.
        return told.at + gate.interval_seconds if told.at <= now else now
    if state.time is None:
        return _first_ask(gate, state)
    return surely_past(state.time, gate.interval_seconds) if state.time <= now else now


def _sane(state: GateStatus, now: float) -> GateStatus:
    """Of the future only a clock can tell that was wrong, here or where the operator was before."""
    late = {"started_at": float(int(now))} if (state.started_at or 0.0) > now + 1 else {}
    if state.time is not None and state.time > now + 1:
        late["time"] = float(int(now)) - 1
    return state.model_copy(update=late) if late else state


def counted(gate: Gate, state: GateStatus, answer: Answer, at: float) -> GateStatus:
    """The state after an answer; the same object when neither a count nor the verdict changes."""
    stamp = float(int(at))
    decided = state.result in (FAILED, INCONCLUSIVE) and not goes_on(gate, state)
    # Stored are whole seconds: the same answer, seen again, must not look like a newer one.
    if decided or (state.time is not None and stamp <= state.time):
        return state
    changes: dict[str, object] = {
        "time": stamp,
        "value": answer.value,
        "message": answer.message[:MAX_MESSAGE],
    }
    if answer.verdict is Verdict.PASS:
        successes = min(state.successes + 1, gate.successes)
        changes |= {"successes": successes, "failures": 0}
        changes["result"] = PASSED if successes >= gate.successes else state.result
    elif answer.verdict is Verdict.FAIL:
        failures = min(state.failures + 1, gate.failures)
        changes |= {"successes": 0, "failures": failures}
        changes["result"] = FAILED if failures >= gate.failures else WAITING
        if state.result == PASSED:
            # So far it had a verdict: the time for another one begins.
            changes["started_at"] = _again(gate, stamp)
    elif state.result == PASSED:
        # A Continuous gate that knows nothing any more: from now on its time runs.
        changes |= {"result": WAITING, "started_at": _again(gate, stamp), "successes": 0}
    after = state.model_copy(update=changes)
    first = state.time is None and not state.message
    same = all(getattr(after, n) == getattr(state, n) for n in ("result", "successes", "failures"))
    return state if same and not first else after


def _again(gate: Gate, now: float) -> float:
    """The begin of a run that follows at once upon another: nothing is to be waited for."""
    return now - gate.initial_delay_seconds


def _out_of_time(gate: Gate, state: GateStatus, said: str, now: float) -> GateStatus:
    words = f"no verdict within {gate.timeout_seconds}s" + (f": {said}" if said else "")
    result = {
        OnInconclusive.PASS: PASSED,
        OnInconclusive.FAIL: FAILED,
        OnInconclusive.PAUSE: INCONCLUSIVE,
    }[gate.on_inconclusive]
    return state.model_copy(
        update={"result": result, "message": words[:MAX_MESSAGE], "time": float(int(now))}
    )
