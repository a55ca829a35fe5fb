"""What a status says of a pod that is gone, and which of them it keeps."""

from __future__ import annotations

import pytest

from controller.api.ended import KEPT, EndCause, Ended
from controller.api.ids import Ids
from controller.api.job import JobStatus, RevisionRange
from controller.api.meta import wire
from controller.api.pods.move import Move
from controller.api.pods.pod import Trouble
from controller.core.pods.ended import UNKNOWN, Intent, ended, inherited, newest
from tests.unit.core.pods.test_index import pod
from tests.unit.core.sim import World

UPDATE = Intent(EndCause.UPDATE, "web-g2")


def test_the_whole_entry() -> None:
    trouble = Trouble("Error", "container web exited with code 3: no room", 3, 207.5)
    found = ended(
        pod(4, node="n1", taken_at=100.9, phase="Failed", trouble=trouble, exit_code=3),
        UNKNOWN,
        300.7,
    )
    assert wire(found) == {
        "instance": 4,
        "revision": "web-a",
        "node": "n1",
        "startedAt": "1970-01-01T00:01:40Z",
        "endedAt": "1970-01-01T00:03:27Z",
        "cause": "Failed",
        "exitCode": 3,
        "message": "Error: container web exited with code 3: no room",
    }


def test_one_that_never_started_has_no_start() -> None:
    found = ended(pod(0), UPDATE, 300.7)
    assert (found.started_at, found.ended_at, found.update) == (None, 300.0, "web-g2")
    assert "startedAt" not in wire(found)


@pytest.mark.parametrize(
    ("reason", "phase", "disrupted", "cause"),
    [
        ("EvictionByEvictionAPI", "Running", True, EndCause.EVICTED),
        ("TerminationByKubelet", "Failed", True, EndCause.EVICTED),
        ("Evicted", "Failed", True, EndCause.EVICTED),
        ("PreemptionByScheduler", "Running", True, EndCause.PREEMPTED),
        ("Preempting", "Failed", False, EndCause.PREEMPTED),
        ("DeletionByTaintManager", "Running", True, EndCause.NODE_LOST),
        ("DeletionByPodGC", "Failed", True, EndCause.NODE_LOST),
        ("SomethingNew", "Running", True, EndCause.EVICTED),
        ("OOMKilled", "Failed", False, EndCause.FAILED),
        ("PodCompleted", "Succeeded", False, EndCause.FAILED),
        ("CrashLoopBackOff", "Running", False, EndCause.UPDATE),
    ],
)
def test_what_the_pod_shows_counts_before_the_intent(
    reason: str, phase: str, disrupted: bool, cause: EndCause
) -> None:
    gone = pod(phase=phase, disrupted=disrupted, trouble=Trouble(reason, "words"))
    found = ended(gone, UPDATE, 300.0)
    assert found.cause is cause
    assert found.update == ("web-g2" if cause is EndCause.UPDATE else "")


def test_who_deletes_a_pod_without_us_is_somebody_else() -> None:
    assert ended(pod(), UNKNOWN, 300.0).cause is EndCause.DELETED


def test_what_every_pod_shows_that_stops_is_no_message() -> None:
    stopping = pod(trouble=Trouble("ContainersNotReady", "containers with unready status: [web]"))
    assert ended(stopping, UPDATE, 300.0).message == ""
    long = pod(trouble=Trouble("ImagePullBackOff", "x" * 500))
    assert len(ended(long, UPDATE, 300.0).message) <= 256


def test_what_a_former_operator_began_is_read_from_the_statuses() -> None:
    world = World(instances=4).ready()
    world.edit(image="app:2")
    world.until(lambda: len(world.images_of("app:2")) == 1)
    status, update = world.cluster.job.status, world.update
    batch = update.status.batch
    assert batch is not None
    i = next(iter(batch.instances))
    assert inherited(pod(i, update="older"), status, update) == Intent(
        EndCause.UPDATE, update.metadata.name
    )
    assert inherited(pod(i, update=update.metadata.uid), status, update) is UNKNOWN
    assert inherited(pod(i), status, None) is UNKNOWN
    assert inherited(pod(9), status, update).cause is EndCause.SCALE
    moved = pod(i, move=Move("rack-7/uid"))
    assert inherited(moved, status, None) == Intent(EndCause.MOVE, evicts=True)
    # The successor of a marked pod is as any other.
    assert inherited(pod(i, move=Move("rack-7/uid", successor_of="u")), status, None) is UNKNOWN


def test_without_instances_all_are_scaled_down() -> None:
    status = JobStatus(assigned=(RevisionRange(revision="web-a", instances=Ids([0, 1])),))
    assert inherited(pod(2), status, None).cause is EndCause.SCALE


def at(second: int) -> Ended:
    return Ended(instance=second, ended_at=float(second), cause=EndCause.DELETED)


def test_the_newest_are_kept_newest_first() -> None:
    stored = tuple(at(n) for n in range(KEPT, 0, -1))
    assert newest((), stored) is stored
    found = newest((at(90), at(80), at(5)), stored)
    assert [each.instance for each in found] == [90, 80, *range(KEPT, 2, -1)]
    assert newest((at(90), at(80)), found) == found, "what is stored is not stored twice"
    assert newest((at(1),), found) == found, "one that is older than all has no place"
