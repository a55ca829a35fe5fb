"""Which instances a gate is asked about: every updated instance, whatever happens in between."""

from __future__ import annotations

from typing import Any

import pytest

from controller.api.ids import Ids
from controller.api.update import Phase
from controller.core.gates.run import run_of
from controller.core.model.observed import GateAnswer
from tests.unit.core.gates.test_gates import BATCH, FAIL, PASS, WAIT, gate, gated, groups
from tests.unit.core.sim.world import World

TOLERANT = {"maxFailedInstances": 2, "maxFailuresPerInstance": 0}


def queue(size: int) -> dict[str, Any]:
    return {"type": "Queue", "size": size}


def asked_about(world: World) -> Ids:
    """Ids of all instances that a question was about."""
    return Ids(i for ask in world.cluster.asked for i in ask.updated)


def test_an_updated_instance_fails_while_the_next_group_is_in_flight() -> None:
    world = gated(instances=6, strategy=queue(2), **TOLERANT)
    world.behave("app:2", instance=0, ready=2, crash=8)
    for instance in (2, 3):
        world.behave("app:1", instance=instance, stop=30)
    world.edit(image="app:2")
    world.until_ended()
    assert world.phase is Phase.ROLLED_FORWARD
    assert asked_about(world) == Ids(range(6))


def test_the_second_group_is_asked_about_although_the_first_failed() -> None:
    world = gated(instances=4, strategy=queue(1), **TOLERANT)
    world.behave("app:2", instance=0, ready=None, end=2)
    world.edit(image="app:2")
    world.until_ended()
    assert any(ask.updated == Ids([1]) for ask in world.cluster.asked)


def test_the_instance_after_a_failed_one_is_asked_about() -> None:
    world = gated(instances=2, strategy=queue(1), **TOLERANT)
    world.behave("app:2", instance=0, ready=2, crash=7)
    world.behave("app:2", instance=1, ready=10)
    world.edit(image="app:2")
    world.until_ended()
    assert 1 in asked_about(world)


def test_a_failure_lets_no_further_instance_start_before_the_verdict() -> None:
    world = gated(instances=6, strategy=queue(2), **TOLERANT)
    world.cluster.answers["g"] = WAIT
    world.behave("app:2", instance=0, ready=2, crash=30)
    world.edit(image="app:2")
    world.run(100)
    assert world.images_of("app:2") == Ids(range(2))


def test_ids_that_a_scale_adds_at_the_end_are_asked_about() -> None:
    final = gate("f", scope="Final")
    world = gated(gate(), final, instances=5, strategy=queue(2), watchAfterSeconds=200)
    world.edit(image="app:2")
    world.until(lambda: bool(world.cluster.updates) and bool(world.update.status.watching_since))
    world.edit(instances=6)
    world.until_ended()
    finals = [ask.updated for ask in world.cluster.asked if ask.gate.name == "f"]
    assert finals == [Ids(range(5)), Ids(range(6))]
    assert groups(world) == [0, 1, 2, 3]


def test_after_a_scale_down_as_many_may_start_as_before() -> None:
    world = gated(instances=6, strategy=queue(2))
    world.edit(image="app:2")
    world.until(lambda: len(world.images_of("app:2")) >= 4)
    world.cluster.answers["g"] = WAIT
    world.edit(instances=3)
    world.run(30)
    world.edit(instances=9)
    world.run(100)
    assert len(world.images_of("app:2")) <= 5
    world.cluster.answers["g"] = PASS
    world.until_ended()
    assert asked_about(world) >= Ids(range(9))


def test_a_final_gate_is_not_asked_while_scaled_ids_roll() -> None:
    world = gated(gate(scope="Final", timeoutSeconds=30), instances=2, strategy=BATCH)
    world.cluster.answers["g"] = WAIT
    world.behave("app:2", instance=2, ready=50)
    world.edit(image="app:2")
    world.until(lambda: bool(world.cluster.asked))
    world.edit(instances=3)
    world.run(50)
    assert world.phase is Phase.ROLLING_FORWARD
    world.cluster.answers["g"] = PASS
    world.until_ended()
    assert world.cluster.asked[-1].updated == Ids(range(3))


def test_a_queue_does_not_slide_beyond_the_group_while_its_instances_become_good() -> None:
    world = gated(instances=6, strategy=queue(3))
    world.cluster.answers["g"] = WAIT
    for instance in range(3):
        world.behave("app:2", instance=instance, ready=2.0 + 10 * instance)
    world.edit(image="app:2")
    world.run(100)
    assert world.images_of("app:2") == Ids(range(3))
    assert asked_about(world) == Ids(range(3))


def test_with_max_unavailable_no_instance_beyond_the_group_starts() -> None:
    world = gated(instances=9, strategy=queue(3), maxUnavailable=1)
    world.cluster.answers["g"] = WAIT
    others, killed = (6, 7, 8), list[int]()
    for instance in others:
        world.behave("app:1", instance=instance, ready=30)

    def kill() -> None:
        if world.cluster.updates and world.update.status.batch and not killed:
            killed.extend(others)
            for instance in others:
                world.kill(instance)

    world.after_step = kill
    world.edit(image="app:2")
    world.run(200)
    assert len(world.images_of("app:2")) == 3
    world.cluster.answers["g"] = PASS
    world.until_ended()
    assert world.phase is Phase.ROLLED_FORWARD


def test_a_failed_gate_fails_though_another_is_inconclusive() -> None:
    strict = gate("a", timeoutSeconds=60, onInconclusive="Fail")
    world = gated(strict, gate("b", timeoutSeconds=60), instances=2)
    world.cluster.answers |= {"a": WAIT, "b": WAIT}
    world.edit(image="app:2")
    world.until_ended()
    assert world.phase is Phase.ROLLED_BACK


def test_time_in_which_the_operator_was_down_does_not_count_for_the_timeout() -> None:
    world = gated(gate(timeoutSeconds=60, onInconclusive="Fail"), instances=2)
    world.cluster.answers["g"] = WAIT
    world.edit(image="app:2")
    world.until(lambda: len(world.cluster.asked) == 1)
    world.cluster.answers["g"] = PASS
    world.cluster.now += 300
    world.restart()
    world.until_ended()
    assert world.phase is Phase.ROLLED_FORWARD


# Continuous gates.


def test_no_gate_is_asked_about_a_pod_that_still_starts() -> None:
    world = gated(gate(scope="Continuous", intervalSeconds=1), instances=2)
    world.behave("app:2", ready=30)
    world.edit(image="app:2")
    world.run(20)
    assert world.cluster.asked
    assert not asked_about(world)


@pytest.mark.parametrize("size", [1, 3])
def test_a_continuous_gate_without_a_verdict_holds_a_queue(size: int) -> None:
    watch = gate(scope="Continuous", timeoutSeconds=600)
    world = gated(watch, instances=12, strategy=queue(size))
    world.cluster.answers["g"] = WAIT
    for instance in range(12):
        world.behave("app:2", instance=instance, ready=2 + instance % 5)
    world.edit(image="app:2")
    world.run(500)
    assert len(world.images_of("app:2")) == size


def test_a_continuous_gate_is_asked_about_the_last_instance_before_the_end() -> None:
    watch = gate(scope="Continuous", intervalSeconds=300)
    world = gated(watch, instances=3, strategy={"type": "Batch", "size": 1})
    world.edit(image="app:2")
    world.until_ended()
    assert world.cluster.asked[-1].updated == Ids(range(3))
    assert world.now - (world.update.status.started_at or 0) < 60, "not only after the interval"


def test_an_answer_from_before_a_pause_does_not_count_after_it() -> None:
    world = gated(gate(scope="Continuous"), instances=3)
    world.edit(image="app:2")
    world.until(
        lambda: (
            bool(world.cluster.updates)
            and bool(world.update.status.gates)
            and world.update.status.gates[0].result == "Passed"
        )
    )
    world.cluster.user_edit_update("web-g2", paused=True)
    world.until_phase(Phase.ROLL_FORWARD_PAUSED)
    run = run_of(world.update.status.gates[0])
    world.run(60)
    world.operator.answers["g"] = GateAnswer(run, FAIL, world.now)
    world.run(3600)
    world.cluster.user_edit_update("web-g2", paused=False)
    world.until_ended()
    assert world.phase is Phase.ROLLED_FORWARD


# The control group.


def test_the_baseline_of_a_second_canary_runs_something_else() -> None:
    world = gated(instances=5, strategy=queue(1), mode="Manual")
    world.edit(image="app:2")
    world.run(5)
    for name, instances in (("one", "0-1"), ("two", "2-3")):
        before = len(world.cluster.asked)
        world.cluster.user_update(name, instances=instances)
        world.until(lambda n=name: world.named(n).status.phase is Phase.ROLLED_FORWARD)  # type: ignore[misc]
    assert [ask.baseline for ask in world.cluster.asked[before:]] == [Ids([3, 4]), Ids([4])]


# Dry runs.


@pytest.mark.parametrize("scope", ["Batch", "Final"])
def test_a_dry_run_is_asked_about_the_last_group_as_well(scope: str) -> None:
    world = gated(gate(dryRun=True, scope=scope), instances=4, strategy=BATCH)
    world.cluster.answers["g"] = FAIL
    world.roll("app:2")
    assert world.phase is Phase.ROLLED_FORWARD
    assert world.cluster.asked[-1].updated == Ids(range(4))
    assert world.update.status.gates[0].result == "Failed"


def test_a_dry_run_is_asked_in_a_queue() -> None:
    world = gated(gate(dryRun=True), instances=12, strategy=queue(3))
    for instance in range(12):
        world.behave("app:2", instance=instance, ready=2 + instance % 5)
    world.edit(image="app:2")
    world.until_ended()
    assert len(groups(world)) >= 3
    assert asked_about(world) == Ids(range(12))


def test_a_continuous_dry_run_goes_on_after_a_failure() -> None:
    watch = gate(scope="Continuous", dryRun=True, intervalSeconds=2)
    world = gated(watch, instances=2, watchAfterSeconds=60)
    world.cluster.answers["g"] = FAIL
    world.edit(image="app:2")
    world.run(20)
    before = len(world.cluster.asked)
    world.run(20)
    assert len(world.cluster.asked) > before + 5


# What a refused gate must not stop.


def test_a_gate_that_is_refused_does_not_hold_up_a_scale() -> None:
    bad = {"address": "http://p", "query": "x", "condition": "result <"}
    world = gated(gate())
    world.edit(image="app:2", gates=[{"name": "p", "prometheus": bad}])
    world.run(20)
    assert "Stalled" in world.conditions()
    world.edit(instances=8)
    world.until(lambda: len(world.images_of("app:1")) == 8)


@pytest.mark.parametrize(
    ("scope", "when"),
    [("Batch", " after group 1"), ("Final", " at the end"), ("Continuous", "")],
)
@pytest.mark.parametrize("rolls_back", [True, False])
def test_a_failure_says_when_its_gate_was_asked(scope: str, when: str, rolls_back: bool) -> None:
    world = gated(gate(scope=scope), strategy=BATCH, rollbackOnFailure=rolls_back)
    world.cluster.answers["g"] = FAIL
    world.roll("app:2")
    assert f"gate g failed{when}: it says Fail" in world.update.status.message
