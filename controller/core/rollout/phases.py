"""The state machine of an Update: which phase may follow which (contract rule 12).

The first table is Aurora's, all 31 transitions of JobUpdateStateMachine. The second is what a
Kubernetes object needs besides: an Update exists before it is admitted, and a newer template may
take over from an active one. What rolls back never goes forward again.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from controller.api.update import FORWARD, Phase

AURORA: Final[Mapping[Phase, frozenset[Phase]]] = MappingProxyType(
    {
        Phase.ROLLING_FORWARD: frozenset(
            {
                Phase.ROLLING_BACK,
                Phase.ROLL_FORWARD_PAUSED,
                Phase.ROLL_FORWARD_AWAITING_PULSE,
                Phase.ROLLED_FORWARD,
                Phase.ABORTED,
                Phase.FAILED,
                Phase.ERROR,
            }
        ),
        Phase.ROLL_FORWARD_PAUSED: frozenset(
            {
                Phase.ROLLING_FORWARD,
                Phase.ROLL_FORWARD_AWAITING_PULSE,
                Phase.ROLLING_BACK,
                Phase.ABORTED,
                Phase.ERROR,
            }
        ),
        Phase.ROLL_FORWARD_AWAITING_PULSE: frozenset(
            {
                Phase.ROLLING_FORWARD,
                Phase.ROLL_FORWARD_PAUSED,
                Phase.ROLLING_BACK,
                Phase.ABORTED,
                Phase.ERROR,
            }
        ),
        Phase.ROLLING_BACK: frozenset(
            {
                Phase.ROLL_BACK_PAUSED,
                Phase.ROLL_BACK_AWAITING_PULSE,
                Phase.ROLLED_BACK,
                Phase.ABORTED,
                Phase.FAILED,
                Phase.ERROR,
            }
        ),
        Phase.ROLL_BACK_PAUSED: frozenset(
            {
                Phase.ROLLING_BACK,
                Phase.ROLL_BACK_AWAITING_PULSE,
                Phase.ABORTED,
                Phase.ERROR,
            }
        ),
        Phase.ROLL_BACK_AWAITING_PULSE: frozenset(
            {
                Phase.ROLLING_BACK,
                Phase.ROLL_BACK_PAUSED,
                Phase.ABORTED,
                Phase.ERROR,
            }
        ),
    }
)

#: From `Pending`. Born paused or waiting for a pulse it enters that form of rolling forward at
#: once; with nothing to change it is done (`NoChange`).
ADMISSION: Final = FORWARD | {
    Phase.ROLLED_FORWARD,
    Phase.ABORTED,
    Phase.REJECTED,
    Phase.PLANNED,
}

_LEGAL: Final[Mapping[Phase, frozenset[Phase]]] = MappingProxyType(
    {Phase.PENDING: ADMISSION}
    | {phase: targets | {Phase.SUPERSEDED} for phase, targets in AURORA.items()}
)


class IllegalTransitionError(Exception):
    """A decision wanted to move an Update along a transition that the tables do not have: a fault
    of the operator's, never of the user's."""

    def __init__(self, name: str, current: Phase, target: Phase) -> None:
        super().__init__(f"Update {name} cannot go from {current} to {target}")


def legal(current: Phase, target: Phase) -> bool:
    """Whether an Update in phase ``current`` may enter ``target``.

    Staying is no transition, hence not legal; a caller asks only about a change. Nothing follows a
    terminal phase.
    """
    return target in _LEGAL.get(current, frozenset())
