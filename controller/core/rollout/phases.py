"""The state machine of an Update: which phase may follow which (contract rule 12).

The first table has Aurora's transitions, all 31 of JobUpdateStateMachine. The second adds what a
Kubernetes object needs: an Update exists before it is admitted, and a newer template may supersede
an active Update. An Update that rolls back never rolls forward again.
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

#: Phases that may follow `Pending`. An Update that is paused or awaits a pulse at its admission
#: enters that forward phase at once; one with nothing to change ends (reason `NoChange`).
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
    """A decision tried a transition that the tables do not have. That is a bug of the operator,
    never a mistake of the user."""

    def __init__(self, name: str, current: Phase, target: Phase) -> None:
        super().__init__(f"Update {name} cannot go from {current} to {target}")


def legal(current: Phase, target: Phase) -> bool:
    """Whether an Update in phase ``current`` may enter ``target``.

    False if the two are the same: staying is no transition. Nothing follows a terminal phase.
    """
    return target in _LEGAL.get(current, frozenset())
