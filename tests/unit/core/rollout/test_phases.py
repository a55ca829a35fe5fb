"""The state machine: all pairs of phases, as in Aurora's JobUpdateStateMachineTest, and what
Echelon adds."""

from __future__ import annotations

from itertools import product

import pytest

from controller.api.update import ACTIVE, BACKWARD, FORWARD, TERMINAL, Phase
from controller.core.decide import decide
from controller.core.model.context import Context
from controller.core.model.plan import WriteJob
from controller.core.rollout.phases import AURORA, IllegalTransitionError, legal
from controller.core.status import update as update_status
from tests.unit.core.sim import World

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
# Written independently of the implementation's table, as Aurora's test is.
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


def forbid(monkeypatch: pytest.MonkeyPatch, target: Phase) -> None:
    """Take all transitions to one phase out of the table."""
    monkeypatch.setattr(update_status, "legal", lambda a, b: legal(a, b) and b is not target)


@pytest.mark.parametrize("target", list(Phase))
def test_no_ended_update_enters_a_phase(target: Phase) -> None:
    world = World(instances=1).ready()
    world.roll("app:2")
    context = Context(world.operator.observe(), world.now)
    with pytest.raises(IllegalTransitionError, match=f"from RolledForward to {target}"):
        update_status.entered(context, world.update, target, "Why", "words")


def test_an_illegal_transition_is_refused_and_the_rest_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World(instances=4).ready()
    world.edit(image="app:2")
    world.until_phase(Phase.ROLLING_FORWARD)
    name = world.update.metadata.name
    world.cluster.user_edit_update(name, paused=True)
    world.kill(3)
    world.deliver()
    forbid(monkeypatch, Phase.ROLL_FORWARD_PAUSED)
    planned = decide(world.operator.observe(), world.now)
    why = f"Update {name} cannot go from RollingForward to RollForwardPaused"
    assert planned.illegal == (why,)
    assert planned.write is None
    assert any(isinstance(r, WriteJob) for r in planned.reports), "a pod is missing"
    monkeypatch.undo()
    assert decide(world.operator.observe(), world.now).illegal == ()


def test_tests_raise_on_an_illegal_transition(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(instances=2).ready()
    forbid(monkeypatch, Phase.ROLLED_FORWARD)
    with pytest.raises(AssertionError, match="cannot go from RollingForward to RolledForward"):
        world.roll("app:2")
