"""Gates in the simulated cluster: when they are asked, and what follows from their answers."""

from __future__ import annotations

from typing import Any

import pytest

from controller.api.gate import Gate
from controller.api.ids import Ids
from controller.api.update import GateStatus, Phase
from controller.core.gates.run import counted
from controller.core.verdicts.answer import Answer, Verdict
from tests.unit.core.sim.world import World

PASS, FAIL, WAIT = (Answer(verdict, f"it says {verdict}") for verdict in Verdict)


def gate(name: str = "g", **fields: Any) -> dict[str, Any]:
    return {"name": name, "http": {"url": "http://gate"}, **fields}


def gated(*gates: dict[str, Any], instances: int = 4, **update: Any) -> World:
    return World(instances=instances, update={"gates": list(gates or (gate(),)), **update}).ready()


def groups(world: World, name: str = "g") -> list[int]:
    """The groups that a gate was asked about, each once."""
    found: list[int] = []
    for ask in world.cluster.asked:
        if ask.gate.name == name and ask.group not in found:
            found.append(ask.group)
    return found


BATCH = {"type": "Batch", "size": 2}


def test_asked_after_each_group_and_after_the_last() -> None:
    world = gated(strategy=BATCH)
    world.roll("app:2")
    assert world.phase is Phase.ROLLED_FORWARD
    assert groups(world) == [0, 1]
    assert "GatesPassed" in world.conditions("web-g2")
    assert [note.partition(":")[0] for note in world.told("GatePassed")] == [
        "gate g, group 1",
        "gate g, group 2",
    ], "people count from 1"


def test_a_continuous_gate_is_asked_about_no_group() -> None:
    world = gated(gate(scope="Continuous"), strategy=BATCH)
    world.roll("app:2")
    assert world.told("GatePassed")[0] == "gate g"


def test_the_pause_between_groups_counts_them_from_1() -> None:
    world = gated(strategy=BATCH | {"autoPause": True})
    world.edit(image="app:2")
    world.until(lambda: world.phase is Phase.ROLL_FORWARD_PAUSED)
    said = world.update.status.message
    assert "batch 1 is done; to start the next batch, change spec.resumeToken of Update web" in said
    assert "(echelon update resume web-g2 -n" in said


@pytest.mark.parametrize("size", [1, 2, 3])
def test_in_a_queue_at_each_multiple_of_its_size(size: int) -> None:
    world = gated(instances=5, strategy={"type": "Queue", "size": size})
    world.cluster.answers["g"] = WAIT
    world.edit(image="app:2")
    world.run(100)
    assert world.images_of("app:2") == Ids(range(size)), "no instance beyond the group starts"
    world.cluster.answers["g"] = PASS
    world.until_ended()
    assert world.phase is Phase.ROLLED_FORWARD
    assert groups(world) == list(range(-(-5 // size)))


def test_a_failed_gate_rolls_back_whatever_is_tolerated() -> None:
    world = gated(strategy=BATCH, maxFailedInstances=4)
    world.cluster.answers["g"] = FAIL
    world.roll("app:2")
    assert world.phase is Phase.ROLLED_BACK
    assert world.images_of("app:1") == Ids(range(4))
    turn = next(e for e in world.update.status.history if e.phase is Phase.ROLLING_BACK)
    assert turn.reason == "GateFailed"
    assert turn.message == "gate g failed after group 1: it says Fail"
    assert [b.revision for b in world.status.known_bad]
    assert groups(world) == [0], "a rollback asks no gates"
    world.quiet()


def test_a_failed_gate_without_a_rollback() -> None:
    world = gated(strategy=BATCH, rollbackOnFailure=False)
    world.cluster.answers["g"] = FAIL
    world.roll("app:2")
    assert world.phase is Phase.FAILED
    assert "it says Fail" in world.update.status.message


def test_passes_and_failures_in_a_row() -> None:
    world = gated(gate(successes=3, failures=2, intervalSeconds=5), instances=1)
    world.edit(image="app:2")
    world.until(lambda: len(world.cluster.asked) == 2)
    world.cluster.answers["g"] = FAIL
    world.until(lambda: len(world.cluster.asked) == 3)
    world.cluster.answers["g"] = PASS
    world.until_ended()
    assert world.phase is Phase.ROLLED_FORWARD
    assert len(world.cluster.asked) == 6
    times = [world.update.status.started_at, world.update.status.finished_at]
    assert times[1] - times[0] >= 25  # type: ignore[operator]
    verdicts = [ask.question for ask in world.cluster.asked]
    assert sorted(set(verdicts)) == verdicts, "each question asks for another verdict"


def test_a_question_is_repeated_until_there_is_a_verdict() -> None:
    world = gated(gate(successes=2), instances=1)
    world.cluster.answers["g"] = WAIT
    world.edit(image="app:2")
    world.until(lambda: len(world.cluster.asked) == 3)
    world.restart()
    world.until(lambda: len(world.cluster.asked) == 4)
    world.cluster.answers["g"] = PASS
    world.until(lambda: len(world.cluster.asked) == 6)
    first, *later = [ask.question for ask in world.cluster.asked]
    assert later[:4] == [first] * 4
    assert later[4] > first


def test_no_verdict_pauses_and_a_token_asks_again() -> None:
    world = gated(gate(timeoutSeconds=60), instances=2)
    world.cluster.answers["g"] = WAIT
    world.edit(image="app:2")
    world.until_phase(Phase.ROLL_FORWARD_PAUSED)
    assert world.update.status.reason == "GateInconclusive"
    said = world.update.status.message
    assert "gate g: it says Inconclusive (no verdict within 60s); to run the gate again" in said
    assert "spec.resumeToken of Update web-g2 (echelon update resume web-g2 -n" in said
    world.quiet()
    world.cluster.answers["g"] = PASS
    world.cluster.user_edit_update("web-g2", resume_token="1")
    world.until_ended()
    assert world.phase is Phase.ROLLED_FORWARD


@pytest.mark.parametrize(
    ("wish", "phase"), [("Fail", Phase.ROLLED_BACK), ("Pass", Phase.ROLLED_FORWARD)]
)
def test_no_verdict_may_fail_or_pass(wish: str, phase: Phase) -> None:
    world = gated(gate(timeoutSeconds=60, onInconclusive=wish), instances=2)
    world.cluster.answers["g"] = WAIT
    world.roll("app:2")
    assert world.phase is phase


def test_the_first_question_waits_for_the_initial_delay() -> None:
    world = gated(gate(initialDelaySeconds=30), instances=1)
    world.edit(image="app:2")
    world.until(lambda: bool(world.cluster.asked))
    begun = world.update.status.gates[0].started_at
    assert begun is not None
    assert world.now >= begun + 30


def test_a_dry_run_decides_nothing() -> None:
    world = gated(gate(dryRun=True), strategy=BATCH)
    world.cluster.answers["g"] = FAIL
    world.roll("app:2")
    assert world.phase is Phase.ROLLED_FORWARD
    assert world.told("GateFailed"), "the verdict is an Event"


def test_a_final_gate_is_asked_once_at_the_end() -> None:
    world = gated(gate(), gate("end", scope="Final"), strategy=BATCH)
    world.roll("app:2")
    assert world.phase is Phase.ROLLED_FORWARD
    assert groups(world, "end") == [1]
    assert [a.gate.name for a in world.cluster.asked][-1] == "end"


def test_a_continuous_gate_that_fails_in_the_middle_of_a_group() -> None:
    world = gated(gate(scope="Continuous", intervalSeconds=2), instances=2)
    world.behave("app:2", ready=30)
    world.edit(image="app:2")
    world.run(20)
    world.cluster.answers["g"] = FAIL
    world.until_ended()
    assert world.phase is Phase.ROLLED_BACK


def test_a_continuous_gate_goes_on_while_watching() -> None:
    world = gated(gate(scope="Continuous"), instances=1, watchAfterSeconds=100)
    world.edit(image="app:2")
    world.until(lambda: bool(world.cluster.updates) and world.update.status.watching_since)
    world.run(50)
    world.cluster.answers["g"] = FAIL
    world.until_ended()
    assert world.phase is Phase.ROLLED_BACK


def test_a_gate_that_goes_on_passing_costs_no_write() -> None:
    world = gated(gate(scope="Continuous", intervalSeconds=1), instances=1)
    world.behave("app:2", ready=400)
    world.edit(image="app:2", readyTimeoutSeconds=0)
    world.run(30)
    before, asked = len(world.cluster.writes), len(world.cluster.asked)
    world.run(300)
    assert len(world.cluster.asked) > asked + 250
    assert world.cluster.writes[before:] == []


def test_a_waiting_gate_says_what_it_waits_for_now() -> None:
    world = gated(gate(intervalSeconds=1), instances=1)
    world.cluster.answers["g"] = Answer(WAIT.verdict, message="no data since 3 s")
    world.edit(image="app:2")
    world.until(lambda: bool(world.update.status.gates))
    world.run(5)
    writes = len(world.cluster.writes)
    world.cluster.answers["g"] = Answer(WAIT.verdict, message="no data since 8 s")
    world.run(20)
    assert world.cluster.writes[writes:] == [], "another number is no news"
    world.cluster.answers["g"] = Answer(WAIT.verdict, message="the baseline is bad as well")
    world.run(5)
    assert world.update.status.gates[0].message == "the baseline is bad as well"


def test_counts_survive_a_restart() -> None:
    world = gated(gate(successes=5, intervalSeconds=10), instances=1)
    world.edit(image="app:2")
    world.until(lambda: len(world.cluster.asked) == 3)
    world.settle()
    assert world.update.status.gates[0].successes == 3
    world.restart()
    world.until_ended()
    assert world.phase is Phase.ROLLED_FORWARD
    assert len(world.cluster.asked) == 5


def test_a_pause_gives_the_whole_time_again() -> None:
    world = gated(gate(timeoutSeconds=60), instances=1)
    world.cluster.answers["g"] = WAIT
    world.edit(image="app:2")
    world.until(lambda: bool(world.cluster.asked))
    world.cluster.user_edit_update("web-g2", paused=True)
    world.run(500)
    asked = len(world.cluster.asked)
    world.run(50)
    assert len(world.cluster.asked) == asked, "a paused update asks nothing"
    world.cluster.answers["g"] = PASS
    world.cluster.user_edit_update("web-g2", paused=False)
    world.until_ended()
    assert world.phase is Phase.ROLLED_FORWARD


def test_auto_pause_comes_after_the_gate() -> None:
    world = gated(strategy={**BATCH, "autoPause": True})
    world.cluster.answers["g"] = WAIT
    world.edit(image="app:2")
    world.run(60)
    assert world.phase is Phase.ROLLING_FORWARD
    world.cluster.answers["g"] = PASS
    world.until_phase(Phase.ROLL_FORWARD_PAUSED)
    assert world.update.status.reason == "AutoPaused"
    world.cluster.user_edit_update("web-g2", resume_token="1")
    world.until_ended()
    assert groups(world) == [0, 1]


def test_an_answer_that_is_counted_again_changes_nothing() -> None:
    """The times of answers have fractions of seconds, stored times have none."""
    wish = Gate.model_validate(gate(successes=3, failures=3))
    for answer in (PASS, FAIL):
        once = counted(wish, GateStatus(name="g", started_at=100.0), answer, 100.7)
        assert once.successes + once.failures == 1
        assert counted(wish, once, answer, 100.7) is once
        assert counted(wish, once, answer, 101.7) is not once


def test_a_gate_that_loses_its_verdict_has_its_whole_time_again() -> None:
    world = gated(
        gate(scope="Continuous", failures=3, timeoutSeconds=30, initialDelaySeconds=20),
        instances=1,
        watchAfterSeconds=300,
    )
    world.edit(image="app:2")
    world.run(120)
    world.cluster.answers["g"] = FAIL
    asked = len(world.cluster.asked)
    world.until(lambda: len(world.cluster.asked) == asked + 1)
    world.cluster.answers["g"] = PASS
    at = world.now
    world.until(lambda: len(world.cluster.asked) == asked + 2)
    assert world.now - at <= 11, "only the first question waits longer"
    world.until_ended()
    assert world.phase is Phase.ROLLED_FORWARD
    assert Phase.ROLL_FORWARD_PAUSED not in [h.phase for h in world.update.status.history]
