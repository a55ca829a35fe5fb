"""One run of one gate: how its answers are counted, and when it times out.

A *run* lasts from the first question to the verdict. A `Batch` gate has a run for each group, a
`Final` gate one at the end of the Update, a `Continuous` gate one from the start to the end. The
state of a run is stored when a count, the verdict or the words of a waiting gate change, so a gate
that keeps passing costs no write.
"""

from __future__ import annotations

import re
from typing import Final

from controller.api.gate import LONGEST_ASK, Gate, OnInconclusive, Scope
from controller.api.meta import surely_past
from controller.api.text import shortened
from controller.api.update import GateStatus
from controller.core.model.observed import GateAnswer
from controller.core.verdicts.answer import Answer, Verdict

WAITING: Final = "Waiting"
PASSED: Final = "Passed"
FAILED: Final = "Failed"
INCONCLUSIVE: Final = "Inconclusive"
MAX_MESSAGE: Final = 256
_NUMBER: Final = re.compile(r"\d+")
#: Seconds that an answer may take, with five in reserve.
_ASKING: Final = LONGEST_ASK + 5.0


def run_of(state: GateStatus) -> str:
    """The name of a run; it differs from those of the gate's other runs."""
    return f"{state.group}-{int(state.started_at or 0)}"


def begun(name: str, group: int, now: float, covered: int) -> GateStatus:
    """The state of a run that begins now."""
    return GateStatus(
        name=name, group=group, started_at=float(int(now)), result=WAITING, covered=covered
    )


def after_pause(gate: Gate, state: GateStatus, now: float) -> GateStatus:
    """The state after a pause. Earlier answers do not count any more; a run without a verdict has
    its whole time again."""
    if state.result in (WAITING, INCONCLUSIVE):
        return begun(state.name, state.group, now, state.covered)
    if gate.scope is Scope.CONTINUOUS:
        return state.model_copy(update={"started_at": float(int(now))})
    return state


def keeps_asking(gate: Gate, state: GateStatus) -> bool:
    """Whether the gate is still asked although its run has a verdict."""
    return gate.scope is Scope.CONTINUOUS and (gate.dry_run or state.result == PASSED)


def judged(gate: Gate, state: GateStatus, last: GateAnswer | None, now: float) -> GateStatus:
    """The new state. ``last``: the last answer of this run; None if there is none."""
    state = _without_future_times(state, now)
    if last is not None:
        state = counted(gate, state, last.answer, last.at)
    if state.result != WAITING or last is None or now < deadline(gate, state, last):
        return state
    # If the last answer is too old, the operator was down or its clock jumped: the gate was not
    # asked until the deadline, so the run has not timed out.
    if last.at < deadline(gate, state, last) - gap(gate):
        return state
    return _timed_out(gate, state, last.answer.message or state.message, now)


def gap(gate: Gate) -> float:
    """Seconds between two answers above which the gate was not asked all the time."""
    return gate.interval_seconds + _ASKING


def deadline(gate: Gate, state: GateStatus, last: GateAnswer | None = None) -> float:
    """Epoch seconds at which a run without a verdict times out. ``last``: its last answer."""
    due = _first_ask(gate, state)
    if last is not None and last.since > due + gap(gate):
        due = last.since
    return surely_past(due, gate.timeout_seconds)


def _first_ask(gate: Gate, state: GateStatus) -> float:
    started, delay = state.started_at or 0.0, gate.initial_delay_seconds
    return surely_past(started, delay) if delay else started


def next_ask(gate: Gate, state: GateStatus, last: GateAnswer | None, now: float) -> float:
    """Epoch seconds at which the next question is due. ``last``: the last answer of this run."""
    if last is not None:
        # The time of an answer is exact; stored times are whole seconds.
        return last.at + gate.interval_seconds if last.at <= now else now
    if state.time is None:
        return _first_ask(gate, state)
    return surely_past(state.time, gate.interval_seconds) if state.time <= now else now


def _without_future_times(state: GateStatus, now: float) -> GateStatus:
    """The state with stored times of the future replaced by now. They come from a wrong clock, of
    this machine or of the one where the operator ran before."""
    changes = {"started_at": float(int(now))} if (state.started_at or 0.0) > now + 1 else {}
    if state.time is not None and state.time > now + 1:
        changes["time"] = float(int(now)) - 1
    return state.model_copy(update=changes) if changes else state


def counted(gate: Gate, state: GateStatus, answer: Answer, at: float) -> GateStatus:
    """The state after an answer. It is the same object if neither a count nor the verdict changes,
    nor the words in which a gate without a verdict says what it waits for."""
    stamp = float(int(at))
    decided = state.result in (FAILED, INCONCLUSIVE) and not keeps_asking(gate, state)
    # Stored times are whole seconds: an answer that was counted must not look like a newer one.
    if decided or (state.time is not None and stamp <= state.time):
        return state
    changes: dict[str, object] = {
        "time": stamp,
        "value": answer.value,
        "message": shortened(answer.message, MAX_MESSAGE),
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
            # The gate had a verdict until now: the time for the next verdict begins.
            changes["started_at"] = _next_start(gate, stamp)
    elif state.result == PASSED:
        # A Continuous gate lost its verdict: the time for the next verdict begins.
        changes |= {"result": WAITING, "started_at": _next_start(gate, stamp), "successes": 0}
    after = state.model_copy(update=changes)
    same = all(getattr(after, n) == getattr(state, n) for n in ("result", "successes", "failures"))
    news = after.result == WAITING and _words(after.message) != _words(state.message)
    first = state.time is None and not state.message
    return after if first or news or not same else state


def _words(message: str) -> str:
    """The message without its numbers, which may differ in every answer."""
    return _NUMBER.sub("", message)


def _next_start(gate: Gate, now: float) -> float:
    """``startedAt`` of a run that follows another at once: without the initial delay."""
    return now - gate.initial_delay_seconds


def _timed_out(gate: Gate, state: GateStatus, message: str, now: float) -> GateStatus:
    late = f"no verdict within {gate.timeout_seconds}s"
    # The cause comes first; the message is all that a person reads of it.
    words = f"{shortened(message, MAX_MESSAGE - len(late) - 3)} ({late})" if message else late
    result = {
        OnInconclusive.PASS: PASSED,
        OnInconclusive.FAIL: FAILED,
        OnInconclusive.PAUSE: INCONCLUSIVE,
    }[gate.on_inconclusive]
    return state.model_copy(update={"result": result, "message": words, "time": float(int(now))})
