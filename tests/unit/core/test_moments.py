"""Stamps are cut to whole seconds: no failure, pause or end comes too early because of that."""

from __future__ import annotations

import pytest

from controller.api.meta import surely_past
from controller.api.update import Phase, Update
from controller.core.gates import run
from controller.core.model.conditions import is_true
from controller.core.status import pulse
from tests.unit.core.sim import World


def late_in_a_second(**kwargs: object) -> World:
    """A Job whose next steps all happen at the end of a second."""
    world = World(**kwargs).ready()  # type: ignore[arg-type]
    world.run(1 - world.now % 1 + 0.9)
    assert round(world.now % 1, 3) == 0.9
    return world


def test_surely_past() -> None:
    assert surely_past(10.0, 5) == 16.0, "the stamp may have been cut from 10.9 s"
    assert surely_past(10.25, 5) == 15.25, "this stamp is not cut"


@pytest.mark.parametrize("replacement", ["Recreate", "Surge", "InPlace"])
def test_an_instance_that_is_ready_before_its_deadline_is_no_failure(replacement: str) -> None:
    update = {"readyTimeoutSeconds": 2, "maxFailuresPerInstance": 0, "replacement": replacement}
    world = late_in_a_second(instances=2, minReadySeconds=0, update=update)
    world.behave("app:2", ready=1.9, enact=0.0)
    world.roll("app:2")
    assert world.phase is Phase.ROLLED_FORWARD
    assert world.update.status.failures == ()


def test_a_watch_lasts_its_whole_time() -> None:
    world = late_in_a_second(instances=1, minReadySeconds=0, update={"watchAfterSeconds": 5})
    world.edit(image="app:2")
    world.until(lambda: bool(world.cluster.updates) and bool(world.update.status.watching_since))
    begun = world.now
    world.until_ended()
    assert world.now - begun >= 5


def test_a_stuck_pod_is_not_deleted_by_force_too_early() -> None:
    world = late_in_a_second(instances=1, update={"terminationTimeoutSeconds": 5})
    world.behave("app:1", stop=None)
    world.edit(image="app:2")
    world.until(lambda: world.pod(0).deleted is not None)
    ends = world.now + (world.pod(0).grace or 0)
    world.until(lambda: world.images() == {0: "app:2"})
    assert world.now - ends >= 5


def test_a_pulse_in_whole_seconds_holds_its_whole_time() -> None:
    world = World(instances=1, update={"pulseIntervalSeconds": 5}).ready()
    world.edit(image="app:2")
    world.until_phase(Phase.ROLL_FORWARD_AWAITING_PULSE)
    meta = world.update.metadata.model_copy(
        update={"annotations": {"echelon.dev/pulsed-at": "2100-01-01T00:00:10Z"}}
    )
    at = 4102444810.0
    update: Update = world.update.model_copy(update={"metadata": meta})
    assert not pulse.missing(update, at + 5.9)
    assert pulse.missing(update, at + 6.0)


def test_a_pending_update_has_its_conditions_before_it_takes_the_lock() -> None:
    world = World(instances=1).ready()
    seen = list[Update]()
    world.after_step = lambda: seen.extend(world.cluster.updates.values())
    world.roll("app:2")
    pending = [u for u in seen if u.status.phase is Phase.PENDING and u.status.to]
    assert pending
    for update in pending:
        assert is_true(update.status.conditions, "Reconciling")
        assert update.status.reason == "Admitting"
        assert update.status.observed_generation == update.metadata.generation


def test_a_stored_answer_of_a_gate_is_old_by_its_whole_interval() -> None:
    world = World(instances=1, update={"gates": [{"name": "g", "builtin": {}}]}).ready()
    gate = world.cluster.job.spec.update.gates[0]
    state = run.begun("g", 0, 100.9, 1)
    assert run.next_ask(gate, state, None, 101.0) == 100.0, "at once without a delay"
    assert run.deadline(gate, state) == 401.0, "300 s after it began"
    delayed = gate.model_copy(update={"initial_delay_seconds": 5})
    assert run.next_ask(delayed, state, None, 101.0) == 106.0
    asked = state.model_copy(update={"time": 100.0})
    assert run.next_ask(gate, asked, None, 101.0) == 111.0
