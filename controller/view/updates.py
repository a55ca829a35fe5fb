"""An Update as people see it: progress, time left, the grid of its instances, its gates.

Rows of lists are in `update_rows`, what a person can do in `verbs` and `advice`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from controller.api.gate import Gate, Scope
from controller.api.ids import Ids
from controller.api.progress import ACTIVE, BACKWARD, TERMINAL, GateStatus, Phase
from controller.api.update import Action, Update
from controller.core.model import assigned
from controller.core.model.conditions import STALLED, VERB_REFUSED, find_true, is_true
from controller.core.status.group_pause import AUTO_PAUSED
from controller.core.status.outcome import NO_CHANGE
from controller.core.status.pausing import GATE_INCONCLUSIVE
from controller.core.status.update import AWAITING, PAUSED
from controller.view.lateness import Late, late
from controller.view.words import age

#: Seconds after which an Update that no operator has observed is not just new.
PATIENCE: Final = 10.0
#: The resourceVersion of an Update that is deleted: its Job remembers how it ended, and no more.
REMEMBERED: Final = "deleted"
#: Reasons of pauses that the operator made; all others are of people.
OWN_PAUSES: Final = frozenset({AUTO_PAUSED, GATE_INCONCLUSIVE})


class Mark(StrEnum):
    """What became of an instance in an Update."""

    PENDING = "pending"
    UPDATING = "updating"
    UPDATED = "updated"
    FAILED = "failed"
    ROLLING_BACK = "rolling back"
    ROLLED_BACK = "rolled back"
    ROLLBACK_FAILED = "rollback failed"


#: One character per state, so that colour is not needed to tell them apart.
SYMBOLS: Final = {
    Mark.PENDING: "·",
    Mark.UPDATING: "◐",
    Mark.UPDATED: "●",
    Mark.FAILED: "✗",
    Mark.ROLLING_BACK: "◑",
    Mark.ROLLED_BACK: "○",
    Mark.ROLLBACK_FAILED: "‼",
}


#: What people call the phases.
PHASE_WORDS: Final = {
    Phase.PENDING: "Pending",
    Phase.ROLLING_FORWARD: "Rolling forward",
    Phase.ROLL_FORWARD_PAUSED: "Paused",
    Phase.ROLL_FORWARD_AWAITING_PULSE: "Awaiting a pulse",
    Phase.ROLLING_BACK: "Rolling back",
    Phase.ROLL_BACK_PAUSED: "Rollback paused",
    Phase.ROLL_BACK_AWAITING_PULSE: "Rollback awaiting a pulse",
    Phase.ROLLED_FORWARD: "Rolled forward",
    Phase.ROLLED_BACK: "Rolled back",
    Phase.ABORTED: "Aborted",
    Phase.FAILED: "Failed",
    Phase.ERROR: "Error",
    Phase.SUPERSEDED: "Superseded",
    Phase.REJECTED: "Rejected",
    Phase.PLANNED: "Planned",
}


@dataclass(frozen=True, slots=True)
class Progress:
    """``done`` of ``total`` instances have got where the Update goes now: forward to its target, or
    back. ``left``: seconds until its end at the present pace; None if that cannot be told.
    ``late``: instances that do not keep the pace. ``elapsed``: seconds since it started."""

    done: int
    total: int
    failed: int
    backward: bool
    elapsed: float
    left: float | None
    late: Late | None = None

    @property
    def fraction(self) -> float:
        return self.done / self.total if self.total else 1.0

    @property
    def outlook(self) -> str:
        """``about 3m20s left``, or what it waits for instead; "" if nothing can be told."""
        if self.late is not None:
            return self.late.words
        if self.left is None:
            return ""
        return f"about {age(self.left)} left" if self.left >= 1 else "almost done"


def covered(update: Update) -> Ids:
    """The ids that an Update covers; those that it creates and removes are included."""
    status = update.status
    origin = assigned.ids_of(assigned.read(status.from_))
    target = status.to.instances if status.to else origin
    if update.spec.instances is None:
        return origin | target
    try:
        return Ids.parse(update.spec.instances)
    except ValueError:
        return origin | target


def marked(update: Update) -> dict[Mark, Ids]:
    """The instances in each state. Each id that the Update covers is in exactly one set; no set is
    empty."""
    sets = update.status.instances
    found = {
        Mark.ROLLBACK_FAILED: sets.rollback_failed,
        Mark.ROLLED_BACK: sets.rolled_back,
        Mark.ROLLING_BACK: sets.rolling_back,
        Mark.FAILED: sets.failed,
        Mark.UPDATED: sets.updated,
        Mark.UPDATING: sets.updating,
        Mark.PENDING: covered(update),
    }
    known = Ids()
    for mark, ids in found.items():
        found[mark] = ids - known
        known |= ids
    return {mark: ids for mark, ids in found.items() if ids}


def rest_word(update: Update) -> str:
    """What to call the instances that are in no set of the status. Which of them get other labels
    only (`counts.relabelled`) or are frozen, an Update does not say."""
    relabelled = update.status.counts.relabelled
    if is_backward(update) or is_over(update):
        return "not replaced" if relabelled else "not touched"
    return "pending, or other labels only" if relabelled else str(Mark.PENDING)


def grid(update: Update) -> dict[int, Mark]:
    """The state of each instance that the Update covers, by id."""
    return dict(sorted((i, mark) for mark, ids in marked(update).items() for i in ids))


def progress(update: Update, now: float) -> Progress:
    """How far an Update has come. ``now``: epoch seconds."""
    status, counts, sets = update.status, update.status.counts, update.status.instances
    backward = is_backward(update)
    if backward:
        done = counts.rolled_back
        remaining = sets.rolling_back | sets.updated | sets.updating | sets.failed
        total = done + len(remaining | sets.rollback_failed)
        settled = done + len(sets.rollback_failed)
    else:
        done, total = counts.updated, counts.total
        settled = done + len(sets.failed)
    begun = status.turn.time if backward and status.turn else status.started_at
    end = now if status.finished_at is None else status.finished_at
    left = slow = None
    if begun is not None and status.phase in (Phase.ROLLING_FORWARD, Phase.ROLLING_BACK):
        moving = end - begun - halted(update, begun, end)
        slow = late(update, moving, now)
        left = _left(settled, total, moving) if slow is None else None
    return Progress(
        done=done,
        total=total,
        failed=counts.failed,
        backward=backward,
        elapsed=max(0.0, end - (status.started_at or end)),
        left=left,
        late=slow,
    )


def _left(settled: int, total: int, moving: float) -> float | None:
    """Seconds for the rest, at the pace of the ``settled`` ones so far."""
    if not settled or moving <= 0:
        return None
    return moving / settled * max(0, total - settled)


def halted(update: Update, begun: float, end: float) -> float:
    """Seconds between two moments in which the Update was paused or awaited a pulse. Of an Update
    with more than 50 changes of phase, the older ones are not known."""
    seconds, until = 0.0, end
    for entry in update.status.history:  # newest first
        if entry.phase in PAUSED | AWAITING:
            seconds += max(0.0, min(until, end) - max(entry.time, begun))
        until = entry.time
    return seconds


@dataclass(frozen=True, slots=True)
class GateRow:
    """A gate of an Update. ``state``: None: not asked yet."""

    gate: Gate
    state: GateStatus | None

    @property
    def name(self) -> str:
        return self.gate.name

    @property
    def scope(self) -> Scope:
        return self.gate.scope

    @property
    def asks(self) -> str:
        """The kind of its provider."""
        return self.gate.provider

    @property
    def needed(self) -> int:
        """Passes in a row that are needed."""
        return self.gate.successes

    @property
    def result(self) -> str:
        return self.state.result if self.state else "NotAsked"


def gate_rows(update: Update) -> list[GateRow]:
    """The gates of an Update in the order of its policy."""
    policy, states = update.status.policy, {each.name: each for each in update.status.gates}
    gates: Iterable[Gate] = policy.gates if policy else ()
    return [GateRow(gate, states.get(gate.name)) for gate in gates]


def is_over(update: Update) -> bool:
    """Whether the Update has ended."""
    return update.status.phase in TERMINAL


def is_unchanged(update: Update) -> bool:
    """Whether the Update ended because there was nothing to change."""
    return update.status.phase is Phase.ROLLED_FORWARD and update.status.reason == NO_CHANGE


def is_active(update: Update) -> bool:
    """Whether the Update holds the lock of its Job."""
    return update.status.phase in ACTIVE


def is_backward(update: Update) -> bool:
    """Whether the Update rolls back, or did when it ended."""
    return update.status.turn is not None or update.status.phase in BACKWARD | {Phase.ROLLED_BACK}


def is_stalled(update: Update) -> bool:
    """Whether the Update needs a person."""
    return is_true(update.status.conditions, STALLED)


def own_pause(update: Update) -> bool:
    """Whether the operator itself has paused the Update; a person ends that pause by a token."""
    status = update.status
    return status.phase in PAUSED and status.reason in OWN_PAUSES and not update.spec.paused


def is_unseen(update: Update, now: float) -> bool:
    """Whether no operator has observed the Update although it had the time to (seconds of
    `PATIENCE`)."""
    created = update.metadata.creation_timestamp
    unseen = update.status.observed_generation < 0
    return unseen and created is not None and now - created > PATIENCE


def verb_refused(update: Update) -> str:
    """Why the operator refused the verb in the present spec; "" if it did not."""
    refused = find_true(update.status.conditions, VERB_REFUSED)
    if refused is None or refused.observed_generation != update.metadata.generation:
        return ""
    return refused.message


def wants_rollback(update: Update) -> bool:
    """Whether a person asked for the rollback."""
    return update.spec.action is Action.ROLLBACK
