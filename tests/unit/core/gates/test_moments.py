"""Gates at the worst moment: a pause by the operator, a restart, a wrong clock."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from controller.api.ids import Ids
from controller.api.update import Phase
from controller.core.model.plan import AskGate
from controller.core.verdicts.answer import Answer
from tests.unit.core.gates.test_gates import BATCH, FAIL, PASS, WAIT, gate, gated
from tests.unit.core.gates.test_groups import asked_about, queue
from tests.unit.core.sim.world import World
from tests.values import replace

AUTO = {**BATCH, "autoPause": True}
WATCH = gate(scope="Continuous")


def says(world: World, answer: Callable[[AskGate], Answer]) -> None:
    """Let the gates answer so from now on."""

    def recorded(ask: AskGate) -> Answer:
        world.cluster.asked.append(ask)
        return answer(ask)

    world.cluster.answer = recorded  # type: ignore[method-assign]


def begun(world: World) -> bool:
    return bool(world.cluster.updates) and bool(world.update.status.gates)


# With autoPause.


@pytest.mark.parametrize(("answer", "phase"), [(FAIL, Phase.ROLLED_BACK), (WAIT, None)])
def test_the_gate_comes_before_the_pause(answer: Answer, phase: Phase | None) -> None:
    world = gated(gate(scope="Continuous", timeoutSeconds=30), strategy=AUTO)
    says(world, lambda ask: answer if len(ask.updated) == 2 else PASS)
    world.edit(image="app:2")
    world.run(300)
    assert world.phase is (phase or Phase.ROLL_FORWARD_PAUSED)
    assert world.update.status.reason == ("GateFailed" if phase else "GateInconclusive")


def test_a_restart_leaves_a_pause_alone() -> None:
    world = gated(WATCH, strategy=AUTO)
    world.edit(image="app:2")
    world.until_phase(Phase.ROLL_FORWARD_PAUSED)
    world.run(60)
    before = world.update.status.history
    world.restart()
    world.run(60)
    assert world.update.status.history == before


def test_a_resume_token_without_a_pause_is_refused() -> None:
    world = gated(strategy=AUTO)
    world.cluster.answers["g"] = WAIT
    world.edit(image="app:2")
    world.until(lambda: bool(world.cluster.asked))
    world.cluster.user_edit_update("web-g2", resume_token="1")
    world.run(20)
    assert "VerbRefused" in world.conditions("web-g2")
    world.cluster.answers["g"] = PASS
    world.until_phase(Phase.ROLL_FORWARD_PAUSED)


# Answers that come late, or twice in a second.


def test_after_time_in_which_the_operator_was_down_the_first_answer_is_no_timeout() -> None:
    world = gated(gate(timeoutSeconds=60, onInconclusive="Fail"), instances=2)
    world.cluster.answers["g"] = WAIT
    world.edit(image="app:2")
    world.until(lambda: len(world.cluster.asked) == 1)
    world.cluster.now += 300
    world.restart()
    world.run(20)
    world.cluster.answers["g"] = PASS
    world.until_ended()
    assert world.phase is Phase.ROLLED_FORWARD


def test_a_second_answer_within_a_second_counts() -> None:
    policy = {"gates": [WATCH], "strategy": BATCH}
    world = World(instances=2, minReadySeconds=0, update=policy).ready()
    world.behave("app:2", ready=0)
    world.behave("app:1", stop=0)
    says(world, lambda ask: FAIL if ask.updated else PASS)
    world.edit(image="app:2")
    world.until_ended()
    assert world.phase is Phase.ROLLED_BACK


def test_a_gate_that_loses_its_verdict_is_asked_without_the_initial_delay() -> None:
    watch = gate(scope="Continuous", timeoutSeconds=30, initialDelaySeconds=600)
    world = gated(watch, instances=1, watchAfterSeconds=3000)
    world.edit(image="app:2")
    world.run(700)
    world.cluster.answers["g"] = WAIT
    before = world.now
    world.until_phase(Phase.ROLL_FORWARD_PAUSED)
    assert world.now - before < 60


@pytest.mark.parametrize(
    "fields", [{"successes": 3, "intervalSeconds": 5}, {"initialDelaySeconds": 5}]
)
def test_a_clock_that_goes_back_holds_nothing_up(fields: dict[str, int]) -> None:
    world = gated(gate(**fields), instances=1)
    world.edit(image="app:2")
    world.until(lambda: begun(world))
    world.settle()
    world.cluster.now -= 1000
    before, world.careful = world.now, False
    world.until_ended()
    assert world.now - before < 100


# One question until there is a verdict: the batch/v1 Job of a job gate is named from it.


def test_one_job_at_a_time_and_each_is_followed_until_it_ends() -> None:
    world = gated(gate(scope="Continuous", intervalSeconds=5), instances=1, watchAfterSeconds=200)
    made, ended = dict[str, float](), set[str]()

    def run(ask: AskGate) -> Answer:
        made.setdefault(ask.question, world.now)
        if world.now - made[ask.question] < 15:
            return WAIT
        ended.add(ask.question)
        return PASS

    says(world, run)
    world.edit(image="app:2")
    world.until_ended()
    assert len(made) > 5
    assert len(made) - len(ended) <= 1


def test_after_a_restart_no_old_job_is_asked_for() -> None:
    world = gated(WATCH, instances=2, watchAfterSeconds=120)
    world.edit(image="app:2")
    world.until(lambda: len(world.cluster.asked) == 5)
    old = {ask.question for ask in world.cluster.asked}
    world.restart()
    world.until(lambda: len(world.cluster.asked) == 6)
    assert world.cluster.asked[-1].question not in old


# Instances that are down.


@pytest.mark.parametrize("scope", ["Continuous", "Batch"])
def test_a_gate_waits_for_an_updated_instance_that_is_down(scope: str) -> None:
    world = gated(gate(scope=scope, intervalSeconds=2), instances=4, strategy=BATCH)
    world.behave("app:2", ready=20)
    down = list[int]()

    def look(ask: AskGate) -> Answer:
        down.extend(i for i in ask.updated if not world.pod(i).ready)
        return PASS

    says(world, look)
    world.edit(image="app:2")
    world.until(lambda: begun(world) and len(world.images_of("app:2")) == 4)
    world.run(10)
    world.kill(0)
    world.until_ended()
    assert not down
    assert world.cluster.asked[-1].updated == Ids(range(4))


def test_no_more_instances_join_a_group_than_it_has_room_for() -> None:
    world = gated(instances=12, strategy=queue(3), maxUnavailable=1)
    world.cluster.answers["g"] = WAIT
    others, killed = (6, 7, 8), list[int]()
    for instance in others:
        world.behave("app:1", instance=instance, ready=60)

    def kill() -> None:
        if begun(world) or killed or not world.cluster.updates:
            return
        if world.update.status.instances.updated:
            killed.extend(others)
            for instance in others:
                world.kill(instance)

    world.after_step = kill
    world.edit(image="app:2")
    world.run(40)
    assert killed
    for instance in (7, 8):
        world.kill(instance)
    world.run(60)
    assert len(world.images_of("app:2")) <= 3


# Several things at once.


@pytest.mark.parametrize("answer", [WAIT, PASS])
def test_a_slow_dry_run_is_asked_about_the_last_group(answer: Answer) -> None:
    slow = gate(dryRun=True, successes=3, intervalSeconds=60)
    world = gated(slow, instances=4, strategy=BATCH)
    world.cluster.answers["g"] = answer
    world.roll("app:2")
    assert asked_about(world) == Ids(range(4))


def test_a_final_gate_waits_for_the_batch_gates() -> None:
    world = gated(gate("f", scope="Final"), gate("b"), instances=2, strategy=BATCH)
    world.cluster.answers["f"] = WAIT
    world.edit(image="app:2")
    world.until(lambda: any(ask.gate.name == "f" for ask in world.cluster.asked))
    world.cluster.answers["b"] = WAIT
    world.edit(instances=3)
    before = len(world.cluster.asked)
    world.run(60)
    late = [(ask.gate.name, ask.updated) for ask in world.cluster.asked[before:]]
    assert ("b", Ids(range(3))) in late
    assert ("f", Ids(range(3))) not in late


def test_a_failure_that_comes_with_an_answer_is_an_event() -> None:
    tolerant = {"maxFailedInstances": 2, "maxFailuresPerInstance": 0}
    world = gated(gate(successes=3), strategy=BATCH, **tolerant)

    def fall(_: AskGate) -> Answer:
        if len(world.cluster.asked) == 2:
            world.cluster.set_pod(replace(world.pod(0), restarts=1))
        return PASS

    says(world, fall)
    world.edit(image="app:2")
    world.until(lambda: bool(world.cluster.updates) and 0 in world.update.status.instances.failed)
    assert world.told("InstanceFailed")


def test_an_update_that_watches_too_long_names_the_gate() -> None:
    watch = gate(scope="Continuous", timeoutSeconds=2000)
    world = gated(watch, instances=2, watchAfterSeconds=30)
    world.edit(image="app:2")
    world.until(lambda: begun(world) and bool(world.update.status.watching_since))
    world.cluster.answers["g"] = WAIT
    world.run(200)
    assert "gate g has not passed yet" in world.update.status.message
