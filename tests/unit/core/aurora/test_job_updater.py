"""JobUpdaterIT, the rows that only go forward (aurora-differences.md has the table).

Where Aurora's Job has a hole, or its count changes by the update alone, the ids here are others: a
Job of Echelon has ids 0 to n-1, and scaling needs no update.
"""

from __future__ import annotations

from hack.harness.manifests import batch, condition, is_true
from tests.unit.core.aurora.stage import NEW, OLD, Stage


def test_row_1_successful_update(stage: Stage) -> None:
    """0 NEW, 1 OLD, 2 is created. A failure while paused counts; here one is tolerated."""
    stage.mix(2, {"0": NEW}, maxFailuresPerInstance=1)
    stage.start(NEW, instances=3)
    stage.expect("RF", {2: "U"})
    stage.play(2, "A,S,R")
    stage.pause()
    stage.expect("RFP", {2: "U"})
    before = stage.update()["metadata"]["generation"]
    stage.pause()
    assert stage.update()["metadata"]["generation"] == before, "a second pause is none"
    stage.play(2, "Fail,A,S,R")
    stage.play(1, "Fail,A,S,R")
    assert stage.images() == {0: NEW, 1: OLD, 2: NEW}, "each came back as it was"
    stage.play(1, "W")
    stage.play(2, "W")
    stage.resume()
    stage.expect("RF", {2: "U D", 1: "U"})
    stage.play(1, "K,A,S,R,W")
    # The failure of 1, which was OLD then, was none of this update.
    stage.expect("DONE", {1: "U D", 2: "U D"}, failures={"1": "2"})
    assert stage.images() == dict.fromkeys(range(3), NEW)
    assert stage.kills() == 1


def test_row_1_a_failure_while_paused_acts_on_resume(stage: Stage) -> None:
    stage.begin(2)
    stage.start(NEW)
    stage.play(0, "K,A,S,R")
    stage.expect("RF", {0: "U"})
    stage.pause()
    stage.expect("RFP")
    stage.play(0, "C,W")
    stage.barrier()
    stage.expect("RFP")
    stage.resume()
    stage.expect("RBK", {0: "U UF RB"})


def test_row_1_a_finished_update_cannot_be_aborted(stage: Stage) -> None:
    stage.begin(1)
    stage.start(NEW)
    stage.play(0, "K,A,S,R,W")
    stage.expect("DONE", {0: "U D"})
    stage.abort()
    stage.space.until("refusal", lambda: is_true(stage.update(), "VerbRefused"))
    stage.expect("DONE", {0: "U D"})
    assert "ended" in condition(stage.update(), "VerbRefused")["message"]


def test_row_1_a_strangers_pod_of_a_high_id_is_ignored(stage: Stage) -> None:
    """Not one that says to be an instance of the Job: that is taken in, and away."""
    stage.begin(1)
    stage.start(NEW)
    stage.expect("RF", {0: "U"})
    spec = {"containers": [{"name": "web", "image": NEW}]}
    stranger = {"kind": "Pod", "metadata": {"name": "web-100"}, "spec": spec}
    uid = stage.space.create(stranger)["metadata"]["uid"]
    stage.play(0, "K,A,S,R,W")
    stage.expect("DONE", {0: "U D"})
    assert stage.space.pod(100)["metadata"]["uid"] == uid


def test_row_12_successful_batched_update(stage: Stage) -> None:
    stage.begin(3, strategy=batch(2))
    before = stage.pods()
    stage.start(NEW)
    stage.expect("RF", {0: "U", 1: "U"})
    stage.play(1, "Fin,A,S,R,H")
    stage.play(0, "Fin,A,S,R")
    stage.play(1, "W")
    stage.play(0, "H")
    stage.expect("RF", {0: "U", 1: "U D"})
    stage.barrier()
    assert stage.pods()[2] == before[2], "2 is not started"
    stage.play(0, "W")
    stage.expect("RF", {0: "U D", 1: "U D", 2: "U"})
    stage.play(2, "Fin,A,S,R,W")
    stage.expect("DONE", {0: "U D", 1: "U D", 2: "U D"})
    assert stage.images() == dict.fromkeys(range(3), NEW)
    assert stage.kills() == 3


def test_row_13_update_specific_instances(stage: Stage) -> None:
    stage.begin(2, mode="Manual")
    stage.edit(NEW)
    stage.make(instances="0-0")
    stage.play(0, "K,A,S,R,W")
    stage.expect("DONE", {0: "U D"})
    assert stage.images() == {0: NEW, 1: OLD}
    assert stage.kills() == 1


def test_row_22_immediately_successful_update(stage: Stage) -> None:
    stage.begin(3, image=NEW)
    before = stage.pods()
    stage.make()
    ended = stage.expect("DONE", {})
    assert ended["status"]["reason"] == "NoChange"
    stage.barrier()
    assert (stage.pods(), stage.kills()) == (before, 0)


def test_row_24_slow_to_schedule_task(stage: Stage) -> None:
    """With `readyTimeoutSeconds: 0`; a deadline is the default."""
    stage.begin(2)
    stage.start(NEW)
    stage.play(0, "K,A,S,R,W")
    stage.expect("RF", {0: "U D", 1: "U"})
    stage.play(1, "K,P")
    stage.barrier()
    stage.expect("RF", {0: "U D", 1: "U"})
    stage.abort()
    stage.expect("ABORTED", {0: "U D", 1: "U"})
    assert stage.kills() == 2
    # It may still come up: an abort leaves no hole.
    stage.play(1, "A,S,R,W")
    assert stage.images() == {0: NEW, 1: NEW}


def test_row_24_with_a_deadline_it_fails(stage: Stage) -> None:
    stage.begin(2, readyTimeoutSeconds=1)
    stage.space.patch_job(minReadySeconds=0)
    stage.start(NEW)
    stage.play(0, "K,P")
    stage.expect("RBK", {0: "U UF RB"}, says="instance 0 failed")
    stage.space.until("the former again", lambda: stage.images().get(0) == OLD)


def test_row_25_add_instances(stage: Stage) -> None:
    """A scale: it needs no Update."""
    stage.begin(2, image=NEW)
    stage.space.scale(3)
    stage.play(2, "A,S,R,W")
    assert stage.images() == dict.fromkeys(range(3), NEW)
    assert (stage.space.updates(), stage.kills()) == ([], 0)
    assert stage.space.job()["status"]["instancesInForce"] == 3


def test_row_26_remove_instances(stage: Stage) -> None:
    """A scale: it needs no Update."""
    stage.begin(2, image=NEW)
    stage.space.scale(1)
    stage.play(1, "K")
    assert stage.images() == {0: NEW}
    assert (stage.space.updates(), stage.kills()) == ([], 1)
