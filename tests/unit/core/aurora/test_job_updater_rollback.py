"""JobUpdaterIT, the rows that go back.

Aurora's failed task is dead and rescheduled. Here a container that crashes is restarted in the same
pod (`C`), which the rollback has to end: one kill more than Aurora. A pod that ended (`Fail`) is
just removed.
"""

from __future__ import annotations

import pytest

from hack.harness.manifests import batch
from tests.unit.core.aurora.stage import NEW, OLD, Stage

BOTH = pytest.mark.parametrize(("failure", "more"), [("C", 1), ("Fail", 0)], ids=["crash", "end"])


@BOTH
def test_row_15_rollback_with_a_created_instance(stage: Stage, failure: str, more: int) -> None:
    stage.begin(2)
    stage.start(NEW, instances=3)
    stage.expect("RF", {2: "U"})
    stage.play(2, "A,S,R,W")
    stage.play(0, "K,A,S,R,W")
    stage.play(1, "K,A,S,R")
    stage.expect("RF", {2: "U D", 0: "U D", 1: "U"})
    stage.play(1, failure)
    stage.expect("RBK", {2: "U D", 0: "U D", 1: "U UF RB"}, says="instance 1 failed")
    stage.play(1, "K,A,S,R" if failure == "C" else "A,S,R")
    assert stage.images()[1] == OLD
    stage.play(1, "W")
    stage.expect("RBK", {2: "U D", 0: "U D RB", 1: "U UF RB RD"})
    stage.pause()
    stage.expect("RBP", {2: "U D", 0: "U D RB", 1: "U UF RB RD"})
    stage.resume()
    stage.expect("RBK", {2: "U D", 0: "U D RB", 1: "U UF RB RD"})
    stage.play(0, "K,A,S,R,W")
    stage.play(2, "K")
    stage.expect("UNDONE", {2: "U D RB RD", 0: "U D RB RD", 1: "U UF RB RD"})
    assert stage.images() == {0: OLD, 1: OLD}, "the created one is gone"
    assert stage.kills() == 4 + more


def test_row_15_rollback_leaves_the_untouched_alone(stage: Stage) -> None:
    """2 was to be removed; the update did not come so far."""
    stage.begin(3)
    before = stage.pods()
    stage.start(NEW, instances=2)
    stage.play(0, "K,A,S,R,W")
    stage.play(1, "K,A,S,R,C")
    stage.expect("RBK", {0: "U D", 1: "U UF RB"})
    stage.play(1, "K,A,S,R,W")
    stage.play(0, "K,A,S,R,W")
    stage.expect("UNDONE", {0: "U D RB RD", 1: "U UF RB RD"})
    assert stage.images() == dict.fromkeys(range(3), OLD)
    assert stage.pods()[2] == before[2]
    assert stage.space.job()["status"]["instancesInForce"] == 3


def test_row_16_rollback_disabled(stage: Stage) -> None:
    stage.begin(2, rollbackOnFailure=False)
    stage.start(NEW, instances=3)
    stage.play(2, "A,S,R,W")
    stage.play(0, "K,A,S,R,W")
    stage.play(1, "K,A,S,R,C")
    stage.expect("FAILED", {2: "U D", 0: "U D", 1: "U UF"})
    assert stage.kills() == 2


@BOTH
def test_row_18_rollback_failed(stage: Stage, failure: str, more: int) -> None:
    stage.begin(3)
    stage.start(NEW)
    stage.expect("RF", {0: "U"})
    stage.play(0, "K,A,S,R,W")
    stage.play(1, f"K,A,S,R,{failure}")
    stage.expect("RBK", {0: "U D", 1: "U UF RB"})
    stage.play(1, "K,A,S,R,C" if failure == "C" else "A,S,R,C")
    stage.expect("FAILED", {0: "U D", 1: "U UF RB RF!"})
    assert stage.images() == {0: NEW, 1: OLD, 2: OLD}, "the rollback had not reached 0"
    assert stage.kills() == 2 + more


def test_row_31_rollback_during_upgrade(stage: Stage) -> None:
    stage.begin(3, strategy=batch(2))
    stage.start(NEW)
    stage.expect("RF", {0: "U", 1: "U"})
    stage.play(1, "Fin,A,S,R")
    stage.play(0, "Fin,A,S,R,W")
    stage.play(1, "W")
    stage.expect("RF", {0: "U D", 1: "U D", 2: "U"})
    stage.rollback()
    stage.expect("RBK", {0: "U D", 1: "U D RB", 2: "U RB"})
    stage.play(1, "K")
    stage.play(2, "K")
    stage.barrier()
    stage.expect("RBK", {0: "U D", 1: "U D RB", 2: "U RB"})
    stage.play(2, "A,S,R,W")
    stage.play(1, "A,S,R,W")
    stage.expect("RBK", {0: "U D RB", 1: "U D RB RD", 2: "U RB RD"})
    stage.play(0, "K,A,S,R,W")
    stage.expect("UNDONE", {0: "U D RB RD", 1: "U D RB RD", 2: "U RB RD"})
    assert stage.images() == dict.fromkeys(range(3), OLD)
    assert stage.kills() == 5


def test_row_33_rollback_paused_forward_update(stage: Stage) -> None:
    """Here the pause has to be taken away, too: it wins over a rollback."""
    stage.mix(3, {"0": NEW})
    before = stage.pods()
    stage.start(NEW)
    stage.expect("RF", {1: "U"})
    stage.play(1, "K,A,S,R")
    stage.pause()
    stage.expect("RFP")
    stage.rollback()
    stage.expect("RFP", {1: "U"}, says="rollback waits")
    stage.resume()
    stage.expect("RBK", {1: "U RB"})
    stage.play(1, "K,A,S,R,W")
    stage.expect("UNDONE", {1: "U RB RD"})
    assert stage.images() == {0: NEW, 1: OLD, 2: OLD}
    assert (stage.pods()[0], stage.pods()[2]) == (before[0], before[2])
    assert stage.kills() == 2
