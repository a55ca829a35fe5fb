"""When gates are asked, about which instances, and what the Update waits for.

Each gate has one run at a time (`run`), stored in ``status.gates``: a restart of the operator
repeats at most the question in flight. ``covered`` of a run is the number of instances that were
through (updated or failed) when the run began. It shows which groups the gate was asked about, even
if that number falls in between.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from controller.api.gate import Gate, Scope
from controller.api.ids import Ids
from controller.api.policy import StrategyType
from controller.api.update import GateStatus
from controller.core.gates import groups, run
from controller.core.model.observed import GateAnswer
from controller.core.model.plan import AskGate
from controller.core.rollout.direction import Direction
from controller.lazy import cached_property


@dataclass(frozen=True)
class Gates:
    """The gates of an Update at one moment. In a rollback there are none."""

    direction: Direction

    @property
    def now(self) -> float:
        return self.direction.context.now

    @cached_property
    def wanted(self) -> dict[str, Gate]:
        """The gates to pass, by name."""
        if self.direction.backward or not self.direction.work:
            return {}  # Where nothing but labels changes there is nothing to ask about.
        return {g.name: g for g in self.direction.policy.gates}

    @cached_property
    def stored(self) -> dict[str, GateStatus]:
        """The stored states of the gates, by name."""
        return {s.name: s for s in self.direction.update.status.gates if s.name in self.wanted}

    # The progress of the Update.

    @cached_property
    def through(self) -> int:
        """How many instances are through: done or failed."""
        return len(self.direction.done | self.direction.failed)

    @cached_property
    def all_finished(self) -> bool:
        """Whether no instance is left to update."""
        return not self.direction.pending and not self.direction.in_flight

    @cached_property
    def _started(self) -> Ids:
        """Ids in flight to which something was done already."""
        return self.direction.in_flight - self.direction.not_started

    @cached_property
    def _queue(self) -> int | None:
        """The size of a Queue; None for the other strategies, which have groups of their own."""
        policy = self.direction.policy.strategy
        return policy.groups[0] if policy.type is StrategyType.QUEUE else None

    @cached_property
    def _blocking(self) -> tuple[Gate, ...]:
        """The gates that each group must pass."""
        every = self.wanted.values()
        return tuple(g for g in every if g.scope is Scope.BATCH and not g.dry_run)

    @cached_property
    def room(self) -> int | None:
        """How many more instances of a Queue may start before its gates are asked; None if gates do
        not limit them."""
        if self._queue is None or not self._blocking:
            return None
        if any(self._holds(gate) for gate in self._blocking):
            return 0
        covered = min(self._covered(gate) for gate in self._blocking)
        return max(0, covered + self._queue - self.through - len(self._started))

    def _covered(self, gate: Gate) -> int:
        """How many instances were through when the gate's present run began."""
        return self.stored[gate.name].covered if gate.name in self.stored else 0

    def _complete(self, gate: Gate) -> bool:
        """Whether a group is complete about which this Batch gate was not asked yet."""
        new = self.through - self._covered(gate)
        if new <= 0 or self.direction.update.status.batch is None:
            return False
        if self.all_finished or self._queue is None:
            return not self.direction.in_flight
        # A dry run decides nothing, so the next instances may be in flight already.
        return new >= self._queue and (gate.dry_run or not self._started)

    @cached_property
    def has_changes(self) -> bool:
        """Whether the states of the gates have to be stored."""
        return self.next_states != tuple(self.stored.values())

    # What waits for the gates.

    @cached_property
    def holding(self) -> Gate | None:
        """The gate that the next group, or the end of the Update, waits for; None if there is
        none."""
        every = self.wanted.values()
        scopes = (Scope.BATCH, Scope.FINAL, Scope.CONTINUOUS)
        return next((g for s in scopes for g in every if g.scope is s and self._holds(g)), None)

    def _holds(self, gate: Gate) -> bool:
        """Whether the next group, or the end of the Update, waits for the gate."""
        state = self.stored.get(gate.name)
        if gate.dry_run:
            return self.all_finished and self._unanswered(gate)
        undecided = state is not None and state.result != run.PASSED
        match gate.scope:
            case Scope.BATCH:
                return undecided or self._complete(gate)
            case Scope.FINAL:
                unasked = state is None or state.covered != self.through
                return self.all_finished and (undecided or unasked)
            case _:
                # The gate cannot judge anything before the first instance is through.
                unasked = state is None or self._outdated(gate)
                return self.through > 0 and (undecided or unasked)

    def _unanswered(self, gate: Gate) -> bool:
        """Whether a dry-run gate has no answer about the present progress of the Update."""
        state = self.stored.get(gate.name)
        if gate.scope is Scope.CONTINUOUS:
            return False
        if state is not None and state.result == run.WAITING:
            again = gate.scope is Scope.BATCH and self._complete(gate)
            return state.time is None or again
        return self._complete(gate) if gate.scope is Scope.BATCH else self._begins(gate)

    def _outdated(self, gate: Gate) -> bool:
        """Whether a Continuous gate was not asked since the present group became complete."""
        last = self._answer(gate.name)
        return not self.direction.in_flight and (last is None or last.through != self.through)

    def _answer(self, name: str) -> GateAnswer | None:
        """The gate's last answer; None if it does not belong to the present run."""
        last, state = self.direction.context.observed.answers.get(name), self.stored.get(name)
        if last is None or state is None:
            return None
        # An answer that takes a Continuous gate's verdict away begins a new run, and is its first.
        return last if last.run == run.run_of(state) or int(last.at) == state.time else None

    @cached_property
    def failed(self) -> GateStatus | None:
        """The first gate that failed the Update; None if no gate failed."""
        return next((s for s in self._decisive() if s.result == run.FAILED), None)

    @cached_property
    def undecided(self) -> GateStatus | None:
        """The first gate without a verdict in time, for which the Update pauses; None if there is
        none or a gate failed."""
        if self.failed is not None:
            return None
        return next((s for s in self._decisive() if s.result == run.INCONCLUSIVE), None)

    def _decisive(self) -> Iterator[GateStatus]:
        return (s for s in self.stored.values() if not self.wanted[s.name].dry_run)

    # The states of the gates.

    @cached_property
    def next_states(self) -> tuple[GateStatus, ...]:
        """The new value of ``status.gates``: runs begun, answers counted, time-outs applied."""
        states = dict(self.stored)
        for name, gate in self.wanted.items():
            if self._begins(gate):
                states[name] = run.begun(name, self._group_number(gate), self.now, self.through)
            elif name in states and self._is_asked(gate, states[name]):
                states[name] = run.judged(gate, states[name], self._answer(name), self.now)
        return tuple(states[name] for name in self.wanted if name in states)

    def states_after_pause(self) -> tuple[GateStatus, ...]:
        """The new value of ``status.gates`` after a pause."""
        return tuple(
            run.after_pause(self.wanted[s.name], s, self.now) for s in self.stored.values()
        )

    def _begins(self, gate: Gate) -> bool:
        """Whether a run of the gate begins now."""
        state = self.stored.get(gate.name)
        match gate.scope:
            case Scope.CONTINUOUS:
                return state is None
            case Scope.BATCH:
                free = state is None or state.result == run.PASSED
                if gate.dry_run and state is not None:
                    free = state.result != run.WAITING or self.all_finished
                return free and self._complete(gate) and not self.direction.updated_not_ready
            case _:
                if not self._final_gates_begin:
                    return False
                return state is None or state.covered != self.through

    @cached_property
    def _final_gates_begin(self) -> bool:
        """Whether all instances are through and all groups passed their gates."""
        if not self.all_finished or self.direction.updated_not_ready:
            return False
        return not any(self._holds(gate) for gate in self._blocking)

    def _group_number(self, gate: Gate) -> int:
        """The number of the group that a run is about."""
        if gate.scope is Scope.CONTINUOUS:
            return 0
        if self._queue is None:
            batch = self.direction.update.status.batch
            return batch.index if batch else 0
        before = self.stored.get(gate.name)
        return max(before.group + 1 if before else 0, (self.through - 1) // self._queue)

    # The questions, and when they are due.

    def _is_asked(self, gate: Gate, state: GateStatus) -> bool:
        """Whether the gate is asked at this moment."""
        if run.keeps_asking(gate, state):
            return True
        match gate.scope:
            case Scope.CONTINUOUS:
                asked = True
            case Scope.BATCH:
                asked = not self.direction.updated_not_ready
            case _:
                asked = self._final_gates_begin
        return asked and state.result == run.WAITING

    def asks(self) -> tuple[AskGate, ...]:
        """The questions that are due now."""
        due = [(state, at) for state, at in self._next_asks() if at <= self.now]
        return tuple(self._ask(self.wanted[state.name], state, at) for state, at in due)

    def _ask(self, gate: Gate, state: GateStatus, at: float) -> AskGate:
        direction = self.direction
        return AskGate(
            gate=gate,
            update=direction.update.metadata.name,
            group=state.group,
            run=run.run_of(state),
            updated=groups.updated(direction, gate.scope),
            baseline=groups.baseline(direction),
            due=at,
            question=self._question(gate, state),
            # While an updated instance is down, the answer is not about all of them.
            through=-1 if direction.updated_not_ready else self.through,
            evidence=groups.evidence(direction) if gate.builtin else None,
        )

    def _question(self, gate: Gate, state: GateStatus) -> str:
        """The name of the present question. It stays the same until the gate gives a verdict; the
        batch/v1 Job of a job gate is named from it."""
        last = self._answer(state.name)
        if last is not None and not last.answer.decides:
            return last.question
        decided = last.at if last is not None else 0.0
        if last is None and run.keeps_asking(gate, state):
            # The operator restarted. The stored time may be old, and its question answered.
            decided = self.now
        stored = state.time if state.successes or state.failures else 0.0
        return f"{run.run_of(state)}-{int(max(decided, stored or 0.0))}"

    def moments(self) -> Iterator[float]:
        """Epoch seconds at which questions are due and runs time out."""
        for state, at in self._next_asks():
            yield at
            end = run.deadline(self.wanted[state.name], state, self._answer(state.name))
            if state.result == run.WAITING and end > self.now:
                yield end

    def _next_asks(self) -> Iterator[tuple[GateStatus, float]]:
        for name, state in self.stored.items():
            gate = self.wanted[name]
            if name in self.direction.context.observed.asking or not self._is_asked(gate, state):
                continue
            last = self._answer(name)
            at = run.next_ask(gate, state, last, self.now)
            answered = last is not None or state.time is not None
            at_once = (
                answered and gate.scope is Scope.CONTINUOUS and not self.direction.updated_not_ready
            )
            if at_once and self._outdated(gate):
                # Stored times are whole seconds: a second answer in one second would not count.
                soon = (state.time or 0.0) + 1
                at = min(at, soon if self.now < soon <= self.now + 1 else self.now)
            yield state, at
