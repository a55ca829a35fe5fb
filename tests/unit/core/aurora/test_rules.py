"""Rules that Aurora's tests do not show and its documents and code do."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hack.harness.manifests import batch
from tests.unit.core.aurora.stage import NEW, OLD, Stage


def test_one_active_update_per_job(stage: Stage) -> None:
    """Another is refused, and told which one it is."""
    stage.begin(2)
    stage.start(NEW)
    stage.expect("RF", {0: "U"})
    active = stage.name
    stage.make("another")
    rejected = stage.expect("REJECTED", {})
    assert rejected["status"]["reason"] == "UpdateInProgress"
    assert active in rejected["status"]["message"]


def test_a_tolerated_failed_instance_is_rolled_back_like_the_others(stage: Stage) -> None:
    stage.begin(3, maxFailedInstances=1)
    stage.start(NEW)
    stage.play(0, "K,A,S,R,C")
    stage.expect("RF", {0: "U UF", 1: "U"})
    stage.play(1, "K,A,S,R,W")
    stage.expect("RF", {0: "U UF", 1: "U D", 2: "U"})
    stage.rollback()
    stage.run_to("UNDONE")
    stage.expect("UNDONE", {0: "U UF RB RD", 1: "U D RB RD", 2: "U RB RD"})
    assert stage.images() == dict.fromkeys(range(3), OLD)


def test_failures_are_counted_afresh_in_a_rollback(stage: Stage) -> None:
    stage.begin(1, maxFailuresPerInstance=1)
    stage.start(NEW)
    stage.play(0, "K,A,S,R,C")
    stage.play(0, "C")
    stage.expect("RBK", {0: "U UF RB"})
    stage.play(0, "K,A,S,R,C")
    stage.expect("RBK", {0: "U UF RB"}, failures={"1": "0"})
    stage.play(0, "W")
    stage.expect("UNDONE", {0: "U UF RB RD"})


def test_a_rollback_tolerates_as_many_as_the_way_forward(stage: Stage) -> None:
    stage.begin(2, maxFailedInstances=1)
    stage.start(NEW)
    stage.play(0, "K,A,S,R,C")
    stage.play(1, "K,A,S,R,C")
    stage.expect("RBK", {0: "U UF", 1: "U UF RB"})
    stage.play(1, "K,A,S,R,C")
    stage.expect("RBK", {0: "U UF RB", 1: "U UF RB RF!"})
    stage.play(0, "K,A,S,R,W")
    stage.expect("UNDONE", {0: "U UF RB RD", 1: "U UF RB RF!"})


@pytest.mark.parametrize("state", ["RFP", "RFA"])
def test_what_is_down_comes_up_while_nothing_moves(stage: Stage, state: str) -> None:
    """Aurora leaves a hole until the update is resumed or gets its pulse."""
    stage.begin(2, pulseIntervalSeconds=600)
    before = stage.pods()
    stage.start(NEW)
    stage.expect("RFA")
    stage.pulse()
    stage.expect("RF", {0: "U"})
    if state == "RFP":
        stage.pause()
    else:
        stage.silence()
    stage.expect(state)
    stage.play(0, "K,A,S,R,W")
    stage.barrier()
    stage.expect(state, {0: "U D"})
    assert stage.images()[0] == NEW
    assert stage.pods()[1] == before[1], "and nothing else begins"


def test_a_flap_starts_the_watch_again(stage: Stage) -> None:
    stage.begin(1)
    stage.start(NEW)
    stage.play(0, "K,A,S,H,N,R")
    stage.barrier()
    stage.expect("RF", {0: "U"})
    stage.play(0, "W")
    stage.expect("DONE", {0: "U D"})


def test_a_pulse_while_paused_counts(stage: Stage) -> None:
    stage.begin(1, pulseIntervalSeconds=600)
    stage.start(NEW)
    stage.expect("RFA")
    stage.pause()
    stage.expect("RFP")
    stage.pulse()
    stage.resume()
    stage.expect("RF", {0: "U"})


def test_a_rollback_is_not_paused_between_batches(stage: Stage) -> None:
    stage.begin(3, strategy={**batch(1), "autoPause": True})
    stage.start(NEW)
    for n in (0, 1):
        stage.play(n, "K,A,S,R,W")
        stage.expect("RFP")
        stage.say(resumeToken=str(n))
        stage.expect("RF")
    stage.rollback()
    stage.run_to("UNDONE")
    assert "RollBackPaused" not in stage.space.observer.phases(stage.name)


def test_a_pause_by_hand_and_one_by_the_operator_do_not_mix(stage: Stage) -> None:
    """Aurora's weak point: there a manual pause confused the batches."""
    stage.begin(4, strategy={**batch(2), "autoPause": True})
    before = stage.pods()
    stage.start(NEW)
    stage.expect("RF", {0: "U", 1: "U"})
    stage.play(0, "K,A,S,R")
    stage.pause()
    stage.expect("RFP")
    stage.resume()
    stage.expect("RF", {0: "U", 1: "U"})
    stage.play(1, "K,A,S,R,W")
    stage.play(0, "W")
    stage.expect("RFP", {0: "U D", 1: "U D"})
    stage.pause()
    stage.say(resumeToken="1")
    stage.barrier()
    stage.expect("RFP", {0: "U D", 1: "U D"})
    assert [stage.pods()[i] for i in (2, 3)] == [before[i] for i in (2, 3)]
    stage.resume()
    stage.expect("RF", {0: "U D", 1: "U D", 2: "U", 3: "U"})


def test_a_finished_update_is_undone_by_another(stage: Stage) -> None:
    """A deliberate way back to the revision that ran before."""
    former = stage.begin(2)["status"]["currentRevision"]
    stage.start(NEW)
    stage.run_to("DONE")
    stage.make("undo", revision=former)
    stage.run_to("DONE")
    assert stage.images() == {0: OLD, 1: OLD}


@pytest.mark.parametrize("paused", [False, True])
def test_failover(stage: Stage, fail_over: Callable[[], None], paused: bool) -> None:
    """What is active goes on, what is paused stays so. Counts of failures are not forgotten."""
    stage.begin(2, maxFailuresPerInstance=1)
    stage.start(NEW)
    stage.play(0, "K,A,S,R,C")
    stage.expect("RF", {0: "U"}, failures={"1": "0"})
    if paused:
        stage.pause()
        stage.expect("RFP", {0: "U"})
    fail_over()
    stage.barrier()
    stage.expect("RFP" if paused else "RF", {0: "U"})
    if paused:
        stage.resume()
    stage.play(0, "C")
    stage.expect("RBK", {0: "U UF RB"})
