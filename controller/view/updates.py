"""An Update as people see it: progress, time left, the grid of its instances, its gates."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from controller.api.gate import Gate, Scope
from controller.api.ids import Ids
from controller.api.progress import ACTIVE, BACKWARD, TERMINAL, GateStatus, Phase
from controller.api.update import Update
from controller.core.model import assigned


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


@dataclass(frozen=True, slots=True)
class Progress:
    """``done`` of ``total`` instances have got where the Update goes now: forward to its target, or
    back. ``left``: seconds until its end at the present pace; None if that cannot be told.
    ``elapsed``: seconds since it started."""

    done: int
    total: int
    failed: int
    backward: bool
    elapsed: float
    left: float | None

    @property
    def fraction(self) -> float:
        return self.done / self.total if self.total else 1.0


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


def grid(update: Update) -> dict[int, Mark]:
    """The state of each instance that the Update covers, by id."""
    sets = update.status.instances
    marks = dict.fromkeys(covered(update), Mark.PENDING)
    for ids, mark in (
        (sets.updating, Mark.UPDATING),
        (sets.updated, Mark.UPDATED),
        (sets.failed, Mark.FAILED),
        (sets.rolling_back, Mark.ROLLING_BACK),
        (sets.rolled_back, Mark.ROLLED_BACK),
        (sets.rollback_failed, Mark.ROLLBACK_FAILED),
    ):
        marks.update(dict.fromkeys(ids, mark))
    return dict(sorted(marks.items()))


def progress(update: Update, now: float) -> Progress:
    """How far an Update has come. ``now``: epoch seconds."""
    status, counts = update.status, update.status.counts
    backward = status.phase in BACKWARD or status.phase is Phase.ROLLED_BACK
    sets = status.instances
    if backward:
        done = counts.rolled_back
        total = done + len(sets.rolling_back | sets.updated | sets.updating | sets.failed)
    else:
        done, total = counts.updated, counts.total
    begun = status.turn.time if backward and status.turn else status.started_at
    end = now if status.finished_at is None else status.finished_at
    elapsed = max(0.0, end - (status.started_at or end))
    moving = max(0.0, end - (begun or end))
    return Progress(
        done=done,
        total=total,
        failed=counts.failed,
        backward=backward,
        elapsed=elapsed,
        left=_left(status.phase, done, total, moving),
    )


def _left(phase: Phase, done: int, total: int, moving: float) -> float | None:
    if phase not in (Phase.ROLLING_FORWARD, Phase.ROLLING_BACK) or not done or moving <= 0:
        return None
    return moving / done * (total - done)


@dataclass(frozen=True, slots=True)
class GateRow:
    """A gate of an Update. ``asks``: the kind of its provider. ``state``: None: not asked yet."""

    name: str
    scope: Scope
    asks: str
    state: GateStatus | None

    @property
    def result(self) -> str:
        return self.state.result if self.state else "NotAsked"


def gate_rows(update: Update) -> list[GateRow]:
    """The gates of an Update in the order of its policy."""
    policy, states = update.status.policy, {each.name: each for each in update.status.gates}
    gates: Iterable[Gate] = policy.gates if policy else ()
    return [
        GateRow(gate.name, gate.scope or Scope.BATCH, _provider(gate), states.get(gate.name))
        for gate in gates
    ]


def _provider(gate: Gate) -> str:
    kinds = ("prometheus", "http", "job", "webhook", "builtin")
    return next((kind for kind in kinds if getattr(gate, kind, None) is not None), "")


def is_over(update: Update) -> bool:
    """Whether the Update has ended."""
    return update.status.phase in TERMINAL


def is_active(update: Update) -> bool:
    """Whether the Update holds the lock of its Job."""
    return update.status.phase in ACTIVE


def wants_rollback(update: Update) -> bool:
    """Whether a person asked for the rollback."""
    return str(update.spec.action) == "Rollback"
