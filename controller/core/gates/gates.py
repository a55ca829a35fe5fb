"""When gates are asked, about whom, and what the update waits for.

Each gate has one run at a time (`run`), stored in ``status.gates``: a restart of the operator
repeats at most the ask in flight. ``covered`` of a run is how many instances were through when it
began. By that it is known which groups were asked about, however counts go up and down meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from controller.api.gate import Gate, Scope
from controller.api.ids import Ids
from controller.api.policy import StrategyType
from controller.api.update import GateStatus
from controller.core.gates import groups as sides
from controller.core.gates import run
from controller.core.model.observed import GateAnswer
from controller.core.model.plan import AskGate
from controller.core.rollout.direction import Direction


@dataclass(frozen=True)
class Gates:
    """The gates of an Update that rolls forward, at one moment. Backward none is asked."""

    direction: Direction

    @property
    def now(self) -> float:
        return self.direction.context.now

    @cached_property
    def wanted(self) -> dict[str, Gate]:
        return {} if self.direction.backward else {g.name: g for g in self.direction.policy.gates}

    @cached_property
    def stored(self) -> dict[str, GateStatus]:
        return {s.name: s for s in self.direction.update.status.gates if s.name in self.wanted}

    # Where the update is.

    @cached_property
    def through(self) -> int:
        """How many instances are done or have failed for good."""
        return len(self.direction.done | self.direction.failed)

    @cached_property
    def over(self) -> bool:
        """Whether no instance is left to update."""
        return not self.direction.pending and not self.direction.in_flight

    @cached_property
    def _started(self) -> Ids:
        """Ids in flight of which more than the intent is there."""
        return self.direction.in_flight - self.direction.not_started

    @cached_property
    def _queue(self) -> int | None:
        """The size of a Queue; None: its groups are those of the strategy."""
        policy = self.direction.policy.strategy
        return policy.groups[0] if policy.type is StrategyType.QUEUE else None

    @cached_property
    def _blocking(self) -> tuple[Gate, ...]:
        """Those that each group must pass."""
        every = self.wanted.values()
        return tuple(g for g in every if g.scope is Scope.BATCH and not g.dry_run)

    @cached_property
    def room(self) -> int | None:
        """How many more instances of a Queue may start before its gates are asked; None: as many
        as its window lets."""
        if self._queue is None or not self._blocking:
            return None
        if any(self._holds(gate) for gate in self._blocking):
            return 0
        covered = min(self._covered(gate) for gate in self._blocking)
        return max(0, covered + self._queue - self.through - len(self._started))

    def _covered(self, gate: Gate) -> int:
        return self.stored[gate.name].covered if gate.name in self.stored else 0

    def _complete(self, gate: Gate) -> bool:
        """Whether a group is complete that this Batch gate was not asked about."""
        new = self.through - self._covered(gate)
        if new <= 0 or self.direction.update.status.batch is None:
            return False
        if self.over or self._queue is None:
            return not self.direction.in_flight
        # Those that run beside it are no hindrance to one that decides nothing.
        return new >= self._queue and (gate.dry_run or not self._started)

    @cached_property
    def news(self) -> bool:
        """Whether there is something to be stored."""
        return self.brought_up != tuple(self.stored.values())

    # What waits for them.

    @cached_property
    def holding(self) -> Gate | None:
        """The gate that the next group, or the end, waits for."""
        every = self.wanted.values()
        scopes = (Scope.BATCH, Scope.FINAL, Scope.CONTINUOUS)
        return next((g for s in scopes for g in every if g.scope is s and self._holds(g)), None)

    def _holds(self, gate: Gate) -> bool:
        state = self.stored.get(gate.name)
        if gate.dry_run:
            return self.over and self._unheard(gate)
        undecided = state is not None and state.result != run.PASSED
        match gate.scope:
            case Scope.BATCH:
                return undecided or self._complete(gate)
            case Scope.FINAL:
                news = state is None or state.covered != self.through
                return self.over and (undecided or news)
            case _:
                # Before anything is updated there is nothing to be seen.
                news = state is None or self._outdated(gate)
                return self.through > 0 and (undecided or news)

    def _unheard(self, gate: Gate) -> bool:
        """Whether a dry run has had no answer about what the update has come to."""
        state = self.stored.get(gate.name)
        if gate.scope is Scope.CONTINUOUS:
            return False
        if state is not None and state.result == run.WAITING:
            again = gate.scope is Scope.BATCH and self._complete(gate)
            return state.time is None or again
        return self._complete(gate) if gate.scope is Scope.BATCH else self._begins(gate)

    def _outdated(self, gate: Gate) -> bool:
        """Whether a Continuous gate has not been asked since this group is complete."""
        told = self._told(gate.name)
        return not self.direction.in_flight and (told is None or told.through != self.through)

    def _told(self, name: str) -> GateAnswer | None:
        """The last answer, if it is one of the present run."""
        told, state = self.direction.context.observed.answers.get(name), self.stored.get(name)
        if told is None or state is None:
            return None
        # The answer that cost a gate its verdict is the first one of the run that this begins.
        return told if told.run == run.run_of(state) or int(told.at) == state.time else None

    @cached_property
    def failed(self) -> GateStatus | None:
        """A gate that failed the update."""
        return next((s for s in self._decisive() if s.result == run.FAILED), None)

    @cached_property
    def undecided(self) -> GateStatus | None:
        """A gate that came to no verdict, and for which the update pauses."""
        if self.failed is not None:
            return None
        return next((s for s in self._decisive() if s.result == run.INCONCLUSIVE), None)

    def _decisive(self) -> Iterator[GateStatus]:
        return (s for s in self.stored.values() if not self.wanted[s.name].dry_run)

    # What becomes of them.

    @cached_property
    def brought_up(self) -> tuple[GateStatus, ...]:
        """``status.gates`` as it should be by now: runs begun, answers counted, time up."""
        states = dict(self.stored)
        for name, gate in self.wanted.items():
            if self._begins(gate):
                states[name] = run.begun(name, self._number(gate), self.now, self.through)
            elif name in states and self._asked(gate, states[name]):
                states[name] = run.judged(gate, states[name], self._told(name), self.now)
        return tuple(states[name] for name in self.wanted if name in states)

    def restarted(self) -> tuple[GateStatus, ...]:
        """The same after a pause."""
        return tuple(run.anew(self.wanted[s.name], s, self.now) for s in self.stored.values())

    def _begins(self, gate: Gate) -> bool:
        state = self.stored.get(gate.name)
        match gate.scope:
            case Scope.CONTINUOUS:
                return state is None
            case Scope.BATCH:
                free = state is None or state.result == run.PASSED
                if gate.dry_run and state is not None:
                    free = state.result != run.WAITING or self.over
                return free and self._complete(gate) and not self.direction.updated_not_ready
            case _:
                if not self._final:
                    return False
                return state is None or state.covered != self.through

    @cached_property
    def _final(self) -> bool:
        """Whether it is the time of Final gates."""
        if not self.over or self.direction.updated_not_ready:
            return False
        return not any(self._holds(gate) for gate in self._blocking)

    def _number(self, gate: Gate) -> int:
        """The number of the group that a run is about."""
        if gate.scope is Scope.CONTINUOUS:
            return 0
        if self._queue is None:
            batch = self.direction.update.status.batch
            return batch.index if batch else 0
        before = self.stored.get(gate.name)
        return max(before.group + 1 if before else 0, (self.through - 1) // self._queue)

    # Whom to ask about what, and when.

    def _asked(self, gate: Gate, state: GateStatus) -> bool:
        """Whether the run is one that is asked at this moment."""
        if run.goes_on(gate, state):
            return True
        match gate.scope:
            case Scope.CONTINUOUS:
                asked = True
            case Scope.BATCH:
                asked = not self.direction.updated_not_ready
            case _:
                asked = self._final
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
            updated=sides.updated(direction, gate.scope),
            baseline=sides.baseline(direction),
            due=at,
            question=self._question(gate, state),
            # With one that is down it is no answer about all of them.
            through=-1 if direction.updated_not_ready else self.through,
            evidence=sides.evidence(direction) if gate.builtin else None,
        )

    def _question(self, gate: Gate, state: GateStatus) -> str:
        """What stays the same until there is a verdict: by it the Job of a job gate is named."""
        told = self._told(state.name)
        if told is not None and not told.answer.decides:
            return told.question
        decided = told.at if told is not None else 0.0
        if told is None and run.goes_on(gate, state):
            # What is stored of it may be of long ago, and what was asked then as well.
            decided = self.now
        stored = state.time if state.successes or state.failures else 0.0
        return f"{run.run_of(state)}-{int(max(decided, stored or 0.0))}"

    def moments(self) -> Iterator[float]:
        """When the next question is due, and when the time of a run is up."""
        for state, at in self._next_asks():
            yield at
            end = run.deadline(self.wanted[state.name], state, self._told(state.name))
            if state.result == run.WAITING and end > self.now:
                yield end

    def _next_asks(self) -> Iterator[tuple[GateStatus, float]]:
        for name, state in self.stored.items():
            gate = self.wanted[name]
            if name in self.direction.context.observed.asking or not self._asked(gate, state):
                continue
            told = self._told(name)
            at = run.next_ask(gate, state, told, self.now)
            heard = told is not None or state.time is not None
            at_once = (
                heard and gate.scope is Scope.CONTINUOUS and not self.direction.updated_not_ready
            )
            if at_once and self._outdated(gate):
                # Answers are told apart by whole seconds.
                soon = (state.time or 0.0) + 1
                at = min(at, soon if self.now < soon <= self.now + 1 else self.now)
            yield state, at
