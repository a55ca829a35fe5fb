"""Conditions of a status: their names, and how new values are merged into the old ones.

``Reconciling`` and ``Stalled`` follow kstatus and are never both True. An absent condition means
False.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from controller.api.meta import Condition
from controller.api.text import shortened

READY: Final = "Ready"
RECONCILING: Final = "Reconciling"
STALLED: Final = "Stalled"
AVAILABLE: Final = "Available"
UPDATE_PENDING: Final = "UpdatePending"
ROLLED_BACK: Final = "RolledBack"
POD_NAME_CONFLICT: Final = "PodNameConflict"
SAFETY_STOP: Final = "SafetyStop"
TRUNCATED: Final = "Truncated"
BUDGET_OVERLAP: Final = "BudgetOverlap"
MOVING: Final = "Moving"
COMPLETE: Final = "Complete"
SUCCEEDED: Final = "Succeeded"
FAILED: Final = "Failed"
PAUSED: Final = "Paused"
AWAITING_PULSE: Final = "AwaitingPulse"
GATES_PASSED: Final = "GatesPassed"
VERB_REFUSED: Final = "VerbRefused"

MAX_MESSAGE: Final = 1024


@dataclass(frozen=True, slots=True)
class Wanted:
    """The value that a condition should have now."""

    status: bool
    reason: str
    message: str = ""


def merged(
    old: Iterable[Condition], wanted: Mapping[str, Wanted], generation: int, now: float
) -> tuple[Condition, ...]:
    """The conditions in ``wanted``, in its order.

    A condition whose status does not change keeps its transition time.
    """
    known = {c.type: c for c in old}
    return tuple(
        _one(known.get(name), name, want, generation, now) for name, want in wanted.items()
    )


def _one(old: Condition | None, name: str, want: Wanted, generation: int, now: float) -> Condition:
    status: Literal["True", "False"] = "True" if want.status else "False"
    same = old is not None and old.status == status
    message = shortened(want.message, MAX_MESSAGE)
    if old is not None and same:
        known = old.reason, old.message, old.observed_generation
        if known == (want.reason, message, generation):
            return old
    return Condition(
        type=name,
        status=status,
        reason=want.reason,
        message=message,
        observed_generation=generation,
        last_transition_time=old.last_transition_time if old and same else float(int(now)),
    )


def find(conditions: Iterable[Condition], name: str) -> Condition | None:
    """The condition of this name; None if there is none."""
    return next((c for c in conditions if c.type == name), None)


def find_true(conditions: Iterable[Condition], name: str) -> Condition | None:
    """The condition of this name if it is True; None otherwise."""
    return next((c for c in conditions if c.type == name and c.status == "True"), None)


def is_true(conditions: Iterable[Condition], name: str) -> bool:
    """Whether the condition exists and is True."""
    return find_true(conditions, name) is not None
