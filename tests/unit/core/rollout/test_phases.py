"""The state machine: all pairs of Aurora's JobUpdateStateMachineTest, and what Echelon adds."""

from __future__ import annotations

from itertools import product

import pytest

from controller.api.update import ACTIVE, BACKWARD, FORWARD, TERMINAL, Phase
from controller.core.rollout.phases import AURORA, legal

NAMES = {
    "RF": Phase.ROLLING_FORWARD,
    "RBK": Phase.ROLLING_BACK,
    "RFP": Phase.ROLL_FORWARD_PAUSED,
    "RBP": Phase.ROLL_BACK_PAUSED,
    "RFA": Phase.ROLL_FORWARD_AWAITING_PULSE,
    "RBA": Phase.ROLL_BACK_AWAITING_PULSE,
    "DONE": Phase.ROLLED_FORWARD,
    "UNDONE": Phase.ROLLED_BACK,
    "ABORTED": Phase.ABORTED,
    "FAILED": Phase.FAILED,
    "ERROR": Phase.ERROR,
}
# Written apart from the implementation's table, as Aurora's test is.
TRANSITIONS = {
    "RF": "RBK RFP RFA DONE ABORTED FAILED ERROR",
    "RBK": "RBP RBA UNDONE ABORTED FAILED ERROR",
    "RFP": "RF RFA RBK ABORTED ERROR",
    "RBP": "RBK RBA ABORTED ERROR",
    "RFA": "RF RFP RBK ABORTED ERROR",
    "RBA": "RBK RBP ABORTED ERROR",
}
LEGAL = {(NAMES[a], NAMES[b]) for a, targets in TRANSITIONS.items() for b in targets.split()}
ADDED = {
    (Phase.PENDING, target)
    for target in (
        Phase.ROLLING_FORWARD,
        Phase.ROLL_FORWARD_PAUSED,
        Phase.ROLL_FORWARD_AWAITING_PULSE,
        Phase.ROLLED_FORWARD,
        Phase.ABORTED,
        Phase.REJECTED,
        Phase.PLANNED,
    )
} | {(phase, Phase.SUPERSEDED) for phase in ACTIVE}


def test_aurora_has_31() -> None:
    assert len(LEGAL) == 31
    assert {(a, b) for a, targets in AURORA.items() for b in targets} == LEGAL


@pytest.mark.parametrize(("current", "target"), list(product(Phase, Phase)))
def test_transition(current: Phase, target: Phase) -> None:
    assert legal(current, target) is ((current, target) in LEGAL | ADDED)


@pytest.mark.parametrize("phase", list(Phase))
def test_staying_is_no_transition(phase: Phase) -> None:
    assert not legal(phase, phase)


def test_a_rollback_never_goes_forward_again() -> None:
    assert not any(legal(a, b) for a, b in product(BACKWARD, FORWARD | {Phase.ROLLED_FORWARD}))


def test_nothing_follows_a_terminal_phase() -> None:
    assert not any(legal(a, b) for a, b in product(TERMINAL, Phase))


def test_every_phase_but_pending_can_be_reached_and_every_active_one_left() -> None:
    assert {b for a, b in product(Phase, Phase) if legal(a, b)} == set(Phase) - {Phase.PENDING}
    assert all(legal(phase, Phase.ABORTED) for phase in ACTIVE | {Phase.PENDING})
