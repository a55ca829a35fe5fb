"""OneWayJobUpdaterTest: groups, and events about instances that are not in the one in flight."""

from __future__ import annotations

from hack.harness.manifests import batch
from tests.unit.core.aurora.stage import NEW, Stage


def test_one_way_successful_update(stage: Stage) -> None:
    """A group of one created and one changed, then a group that would hold a no-op: 1 is not in
    it, and the update is done with the last that had something to do."""
    stage.mix(3, {"1": NEW})
    stage.start(NEW, instances=4, strategy=batch(2))
    stage.expect("RF", {3: "U", 0: "U"})
    stage.play(0, "K,A,S,R,W")
    stage.expect("RF", {3: "U", 0: "U D"})
    stage.play(3, "A,S,R,W")
    stage.expect("RF", {3: "U D", 0: "U D", 2: "U"})
    stage.play(2, "K,A,S,R,W")
    stage.expect("DONE", {3: "U D", 0: "U D", 2: "U D"})


def test_one_way_failed_update(stage: Stage) -> None:
    """What was under way when the update failed is not undone, and counts no more."""
    stage.begin(4, strategy=batch(2), rollbackOnFailure=False)
    before = stage.pods()
    stage.start(NEW)
    stage.expect("RF", {0: "U", 1: "U"})
    stage.play(0, "K,A,S,R,C")
    stage.expect("FAILED", {0: "U UF", 1: "U"})
    stage.play(1, "K,A,S,R,W")
    stage.barrier()
    stage.expect("FAILED", {0: "U UF", 1: "U"})
    assert stage.images()[1] == NEW, "no instance is missing"
    assert {i: stage.pods()[i] for i in (2, 3)} == {i: before[i] for i in (2, 3)}


def test_one_way_evaluate_completed_instance(stage: Stage) -> None:
    """Aurora looks at a completed instance no more. Here one that is not Ready holds the next."""
    stage.begin(3)
    before = stage.pods()
    stage.start(NEW)
    stage.play(0, "K,A,S,R,W")
    stage.expect("RF", {0: "U D", 1: "U"})
    stage.play(0, "N")
    stage.play(1, "K,A,S,R,W")
    stage.expect("RF", {0: "U D", 1: "U D"}, says="instance 0")
    stage.barrier()
    assert stage.pods()[2] == before[2]
    stage.play(0, "R")
    stage.expect("RF", {0: "U D", 1: "U D", 2: "U"})


def test_one_way_a_completed_instance_that_fails_counts(stage: Stage) -> None:
    stage.begin(2)
    stage.start(NEW)
    stage.play(0, "K,A,S,R,W")
    stage.expect("RF", {0: "U D", 1: "U"})
    stage.play(0, "C")
    stage.expect("RBK", {0: "U D UF", 1: "U"})
