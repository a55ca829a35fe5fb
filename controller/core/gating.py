"""When gates are asked, what their answers add up to, and what follows for the update.

A *run* is one asking of one gate, from its begin to its verdict: of a `Batch` gate for each group,
of a `Final` one at the end, of a `Continuous` one from the start to the end. The state of a run is
stored in ``status.gates`` when a count or the verdict changes, so a restart of the operator repeats
at most the ask in flight, and a gate that goes on passing costs no write.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from controller.api.gate import Gate, OnInconclusive, Scope
from controller.api.ids import Ids
from controller.api.policy import StrategyType
from controller.api.update import GateStatus
from controller.core.answers import Answer, Verdict
from controller.core.builtin import Evidence
from controller.core.oneway import OneWay
from controller.core.plan import AskGate

WAITING: Final = "Waiting"
PASSED: Final = "Passed"
FAILED: Final = "Failed"
INCONCLUSIVE: Final = "Inconclusive"
MAX_MESSAGE: Final = 256


def run_of(state: GateStatus) -> str:
    """What tells one run of a gate from another."""
    return f"{state.group}-{int(state.started_at or 0)}"


@dataclass(frozen=True)
class Gates:
    """The gates of an Update that rolls forward, at one moment. Backward none is asked."""

    way: OneWay

    @property
    def now(self) -> float:
        return self.way.case.now

    @cached_property
    def wanted(self) -> dict[str, Gate]:
        return {} if self.way.backward else {g.name: g for g in self.way.policy.gates}

    @cached_property
    def stored(self) -> dict[str, GateStatus]:
        return {s.name: s for s in self.way.update.status.gates if s.name in self.wanted}

    # Groups.

    @cached_property
    def size(self) -> int | None:
        """The group size of a Queue whose groups are asked about; None: its window is free."""
        queue = self.way.policy.strategy.type is StrategyType.QUEUE
        asked = any(g.scope is Scope.BATCH and not g.dry_run for g in self.wanted.values())
        return self.way.policy.strategy.groups[0] if queue and asked else None

    @cached_property
    def group(self) -> int | None:
        """The number of the group that is complete and whose successor has not started."""
        way, batch = self.way, self.way.update.status.batch
        if way.flight or batch is None or not (way.done or way.failed):
            return None
        if way.policy.strategy.type is not StrategyType.QUEUE:
            return batch.index if way.batch or not way.pending else None
        size, updated = way.policy.strategy.groups[0], len(way.done)
        return max(0, updated - 1) // size if not way.pending or updated % size == 0 else None

    @property
    def room(self) -> int | None:
        """How many more instances of a Queue may start before its gates are asked; None: no limit
        but the window."""
        if self.size is None:
            return None
        updated = len(self.way.done)
        return (updated // self.size + 1) * self.size - updated - len(self.way.flight)

    # What is held, failed, to be asked.

    def _due(self) -> Iterator[tuple[Gate, int]]:
        """Gates that belong to this moment, with the group that they are asked for."""
        group, over = self.group, not self.way.pending and not self.way.flight
        for gate in self.wanted.values():
            if gate.scope is Scope.CONTINUOUS:
                yield gate, 0
            elif gate.scope is Scope.BATCH and group is not None:
                yield gate, group
        if over and group is not None and not any(self._blocks(Scope.BATCH)):
            yield from ((g, group) for g in self.wanted.values() if g.scope is Scope.FINAL)

    def _state(self, gate: Gate, group: int) -> GateStatus | None:
        found = self.stored.get(gate.name)
        return found if found is not None and found.group == group else None

    def _blocks(self, scope: Scope) -> Iterator[Gate]:
        group = self.group
        for gate in self.wanted.values():
            if gate.scope is scope and not gate.dry_run and group is not None:
                state = self._state(gate, group)
                if state is None or state.result != PASSED:
                    yield gate

    @cached_property
    def holding(self) -> Gate | None:
        """The gate that the next group, or the end, waits for."""
        over = not self.way.pending and not self.way.flight
        ends = (Scope.FINAL,) if over else ()
        for scope in (Scope.BATCH, *ends, Scope.CONTINUOUS):
            if scope is Scope.CONTINUOUS and self.group is None:
                continue
            if scope is Scope.CONTINUOUS:
                bad = (g for g in self.wanted.values() if g.scope is scope and not g.dry_run)
                held = next((g for g in bad if not self._passed(g)), None)
            else:
                held = next(self._blocks(scope), None)
            if held is not None:
                return held
        return None

    def _passed(self, gate: Gate) -> bool:
        state = self.stored.get(gate.name)
        return state is not None and state.result == PASSED

    @cached_property
    def failed(self) -> GateStatus | None:
        """A gate that failed the update."""
        return next((s for s in self._decisive() if s.result == FAILED), None)

    @cached_property
    def undecided(self) -> GateStatus | None:
        """A gate that came to no verdict, and for which the update pauses."""
        return next((s for s in self._decisive() if s.result == INCONCLUSIVE), None)

    def _decisive(self) -> Iterator[GateStatus]:
        return (s for s in self.stored.values() if not self.wanted[s.name].dry_run)

    # What becomes of them.

    def brought_up(self) -> tuple[GateStatus, ...]:
        """``status.gates`` as it should be by now: runs begun, answers counted, time up."""
        states = dict(self.stored)
        for gate, group in self._due():
            if self._state(gate, group) is None:
                begun = GateStatus(
                    name=gate.name, group=group, started_at=float(int(self.now)), result=WAITING
                )
                states[gate.name] = begun
        for name, state in states.items():
            states[name] = self._judged(self.wanted[name], state)
        return tuple(states[name] for name in self.wanted if name in states)

    def _judged(self, gate: Gate, state: GateStatus) -> GateStatus:
        told = self.way.case.seen.answers.get(gate.name)
        if told is not None and told.run == run_of(state):
            state = counted(gate, state, told.answer, told.at)
            if state.result == WAITING and self.now >= _deadline(gate, state):
                return _out_of_time(gate, state, told.answer.message, self.now)
        if state.result == WAITING and self.now >= _deadline(gate, state):
            return _out_of_time(gate, state, state.message, self.now)
        return state

    def restarted(self) -> tuple[GateStatus, ...]:
        """The same with every run that has no verdict begun anew: after a pause."""
        again = {WAITING, INCONCLUSIVE}
        return tuple(
            s
            if s.result not in again
            else GateStatus(
                name=s.name, group=s.group, started_at=float(int(self.now)), result=WAITING
            )
            for s in self.stored.values()
        )

    def asks(self) -> tuple[AskGate, ...]:
        """The questions that are due now."""
        due = [(state, at) for state, at in self._next_asks() if at <= self.now]
        if not due:
            return ()
        way, view = self.way, self.way.case.view
        good, arrived = way.done & view.alive, way.arrived & view.alive
        others = way.case.intended & view.alive - way.arrived
        name = way.update.metadata.name
        return tuple(
            AskGate(
                gate := self.wanted[s.name],
                name,
                s.group,
                run_of(s),
                # In the middle of a group, those that are not good yet are what there is to see.
                arrived if gate.scope is Scope.CONTINUOUS else good,
                others,
                at,
                self._decided(s),
                self._evidence(arrived, others) if gate.builtin else None,
            )
            for s, at in due
        )

    def _decided(self, state: GateStatus) -> int:
        """When this run last came to Pass or Fail, in whole epoch seconds; 0: not yet."""
        told = self.way.case.seen.answers.get(state.name)
        here = told.decided if told is not None and told.run == run_of(state) else 0.0
        stored = state.time if state.successes or state.failures else 0.0
        return int(max(here, stored or 0.0))

    def _evidence(self, updated: Ids, others: Ids) -> Evidence:
        view, since = self.way.case.view, self.way.update.status.started_at or 0.0
        return Evidence(
            len(updated),
            view.stumbled(updated, since),
            len(others),
            view.stumbled(others, since),
        )

    def moments(self) -> Iterator[float]:
        """When the next question is due, and when the time of a run is up."""
        for state, at in self._next_asks():
            yield at
            if state.result == WAITING:
                yield _deadline(self.wanted[state.name], state)

    def _next_asks(self) -> Iterator[tuple[GateStatus, float]]:
        seen = self.way.case.seen
        for name, state in self.stored.items():
            gate = self.wanted[name]
            goes_on = gate.scope is Scope.CONTINUOUS and state.result == PASSED
            if name in seen.asking or not (state.result == WAITING or goes_on):
                continue
            told = seen.answers.get(name)
            first = (state.started_at or 0.0) + gate.initial_delay_seconds
            last = told.at if told is not None and told.run == run_of(state) else state.time
            yield state, first if last is None else last + gate.interval_seconds


def counted(gate: Gate, state: GateStatus, answer: Answer, at: float) -> GateStatus:
    """The state after an answer; the same object when neither a count nor the verdict changes."""
    stamp = float(int(at))
    # Stored are whole seconds: the same answer, seen again, must not look like a newer one.
    if state.result in (FAILED, INCONCLUSIVE) or (state.time is not None and stamp <= state.time):
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
        failures = state.failures + 1
        changes |= {"successes": 0, "failures": failures}
        changes["result"] = FAILED if failures >= gate.failures else WAITING
        if state.result == PASSED:
            # So far it had a verdict: the time for another one begins.
            changes["started_at"] = stamp
    elif state.result == PASSED:
        # A Continuous gate that knows nothing any more: from now on its time runs.
        changes |= {"result": WAITING, "started_at": stamp, "successes": 0}
    after = state.model_copy(update=changes)
    first = state.time is None and not state.message
    same = all(getattr(after, n) == getattr(state, n) for n in ("result", "successes", "failures"))
    return state if same and not first else after


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


def _deadline(gate: Gate, state: GateStatus) -> float:
    return (state.started_at or 0.0) + gate.initial_delay_seconds + gate.timeout_seconds
