"""InstanceUpdaterTest: what is done with one instance, by what its pod shows.

There are no reservations of nodes here, so that a kill is a kill, whatever the new pod needs.
"""

from __future__ import annotations

import pytest

from hack.harness.manifests import Object, is_true
from tests.unit.core.aurora.stage import NEW, OLD, Stage

RESOURCES = {"resources": {"requests": {"cpu": "2"}}}
MORE: dict[str, Object] = {
    "same": {},
    "resources": {"containers": [{"name": "web", "image": NEW, **RESOURCES}]},
    "constraint": {"nodeSelector": {"kubernetes.io/arch": "amd64"}},
}


@pytest.mark.parametrize("pod", MORE.values(), ids=MORE)
def test_instance_successful_update(stage: Stage, pod: Object) -> None:
    """testSuccessfulUpdate, testUpdateWithResourceChange, testUpdateWithConstraintChange."""
    stage.begin(1, maxFailuresPerInstance=1)
    stage.start(NEW, pod=pod)
    stage.expect("RF", {0: "U"})
    stage.barrier()
    assert stage.pods() == {}, "while it is being killed nothing takes its place"
    stage.play(0, "K,P,A,S,R")
    stage.barrier()
    stage.expect("RF", {0: "U"})
    stage.play(0, "W")
    stage.expect("DONE", {0: "U D"})
    assert stage.kills() == 1


def test_instance_update_retry_on_task_exit(stage: Stage) -> None:
    stage.begin(1, maxFailuresPerInstance=1)
    stage.start(NEW)
    stage.play(0, "K,A,S,R,Fail")
    stage.play(0, "P,A,S,R")
    stage.expect("RF", {0: "U"}, failures={"1": "0"})
    stage.play(0, "W")
    stage.expect("DONE", {0: "U D"})


def test_instance_update_retry_in_the_same_pod(stage: Stage) -> None:
    """Its kubelet starts a container again: no pod is deleted for a tolerated crash."""
    stage.begin(1, maxFailuresPerInstance=1)
    stage.start(NEW)
    stage.play(0, "K,A,S,R")
    new = stage.pods()
    stage.play(0, "C")
    stage.expect("RF", {0: "U"}, failures={"1": "0"})
    stage.play(0, "W")
    stage.expect("DONE", {0: "U D"})
    assert stage.pods() == new


@pytest.mark.parametrize("failure", ["C", "Fail"], ids=["crash", "end"])
def test_instance_update_retry_failure(stage: Stage, failure: str) -> None:
    stage.begin(1, rollbackOnFailure=False)
    stage.start(NEW)
    stage.play(0, f"K,A,S,R,{failure}")
    stage.expect("FAILED", {0: "U UF"})
    if failure == "Fail":
        stage.play(0, "P")  # No instance is missing, even so.


def test_instance_noop_update(stage: Stage) -> None:
    """One that is at the target is no matter of the update, be it Ready or not; of the Job it is.
    Aurora waits until it is stable."""
    stage.mix(2, {"0": NEW})
    stage.play(0, "N")
    stage.start(NEW)
    stage.play(1, "K,A,S,R,W")
    stage.expect("DONE", {1: "U D"})
    assert not is_true(stage.space.job(), "Ready")
    stage.play(0, "R,W")
    stage.space.wait_ready()


def test_instance_pointless_update(stage: Stage) -> None:
    """An id that is neither there before nor after cannot be asked for."""
    stage.begin(2)
    stage.make(instances="5-5")
    rejected = stage.expect("REJECTED", {})
    assert rejected["status"]["reason"] == "RangeOutsideJob"


def test_instance_no_old_config(stage: Stage) -> None:
    stage.begin(1)
    stage.start(NEW, instances=2)
    stage.expect("RF", {1: "U"})
    stage.play(1, "P,A,S,R")
    stage.barrier()
    stage.expect("RF", {1: "U"})
    stage.play(1, "W")
    stage.expect("RF", {1: "U D", 0: "U"})


def test_instance_no_new_config(stage: Stage) -> None:
    stage.begin(2)
    stage.start(NEW, instances=1)
    stage.play(0, "K,A,S,R,W")
    stage.expect("RF", {0: "U D", 1: "U"})
    stage.barrier()
    stage.expect("RF", {0: "U D", 1: "U"})
    stage.play(1, "K")
    stage.expect("DONE", {0: "U D", 1: "U D"})
    assert (stage.images(), stage.kills()) == ({0: NEW}, 2)


def test_instance_slow_to_kill(stage: Stage) -> None:
    """testStuckInPending, testSlowToKill: with `readyTimeoutSeconds: 0` nothing is too slow, and
    what somebody else deletes is no failure."""
    stage.begin(1)
    stage.start(NEW)
    stage.play(0, "K,P")
    stage.barrier()
    stage.expect("RF", {0: "U"})
    stage.lose(0)
    stage.play(0, "P,A,S,R")
    stage.lose(0)
    stage.barrier()
    assert stage.pods() == {}, "it is being killed, and waited for"
    stage.play(0, "K,A,S,R,W")
    stage.expect("DONE", {0: "U D"}, failures={})


def test_instance_old_task_dies(stage: Stage) -> None:
    """Before its turn it comes back as it was, and is replaced later."""
    stage.begin(2)
    stage.start(NEW)
    stage.expect("RF", {0: "U"})
    stage.play(1, "Fail,A,S,R,W")
    assert stage.images()[1] == OLD
    stage.play(0, "K,A,S,R,W")
    stage.play(1, "K,A,S,R,W")
    stage.expect("DONE", {0: "U D", 1: "U D"})
    assert stage.kills() == 2


def test_instance_old_task_dies_and_rescheduled(stage: Stage) -> None:
    """When its turn comes it is pending: it is just removed."""
    stage.begin(2)
    stage.start(NEW)
    stage.expect("RF", {0: "U"})
    stage.play(1, "Fail,P")
    pending = stage.pods()[1]
    assert stage.images()[1] == OLD
    stage.play(0, "K,A,S,R,W")
    stage.space.until("another", lambda: stage.pods().get(1, pending) != pending)
    stage.play(1, "P,A,S,R")
    stage.expect("RF", {0: "U D", 1: "U"})
    stage.play(1, "W")
    stage.expect("DONE", {0: "U D", 1: "U D"})
    assert stage.kills() == 1
