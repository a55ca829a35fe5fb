"""Pods follow ``assigned``: lost, ended, stuck and incomplete pods, and name conflicts."""

from __future__ import annotations

from controller.api.labels import ADMITTED
from controller.api.update import Phase
from tests.unit.core.sim import World
from tests.values import replace


def test_a_lost_pod_comes_back_without_an_update() -> None:
    world = World(instances=3).ready()
    before = world.uids()
    world.kill(1)
    world.until(lambda: 1 in world.uids() and world.uids()[1] != before[1])
    world.ready()
    assert world.images() == dict.fromkeys(range(3), "app:1")
    assert world.cluster.updates == {}


def test_an_ended_pod_comes_back_with_back_off() -> None:
    world = World(instances=1).ready()
    world.behave("app:1", ready=1.0, end=2.0)
    world.kill(0)
    before = len(world.cluster.writes)
    world.run(300)
    creates = [verb for verb, _ in world.cluster.writes[before:]].count("create pod")
    assert creates == 6, "one for the killed pod, then after 0, 10, 20, 40 and 80 seconds"


def test_the_back_off_survives_a_restart() -> None:
    world = World(instances=1).ready()
    world.behave("app:1", ready=1.0, end=2.0)
    world.kill(0)
    world.run(60)
    assert world.pod(0).remade == 3
    assert world.pod(0).ended
    uid = world.pod(0).uid
    world.restart()
    world.run(10)
    assert world.pod(0).uid == uid, "the back-off continues"


def test_an_update_waits_for_a_pod_that_does_not_terminate() -> None:
    world = World(instances=2).ready()
    world.behave("app:1", instance=0, stop=None)
    world.edit(image="app:2")
    world.run(10)
    status = world.update.status
    assert status.reason == "WaitingForTermination"
    assert "pod web-0 does not terminate" in status.message
    assert "Reconciling" in world.conditions("web-g2")
    world.run(62)
    assert world.conditions("web-g2") == {"Stalled"}
    assert world.conditions() == {"Stalled", "Available"}
    assert world.images() == dict.fromkeys(range(2), "app:1"), "nothing else is touched"
    world.kubelet.release(world.pod(0))
    world.run(3)
    assert world.conditions("web-g2") == {"Reconciling"}
    world.until_ended()
    assert world.phase is Phase.ROLLED_FORWARD


def test_missing_labels_are_restored() -> None:
    world = World(instances=2).ready()
    before = world.uids()
    world.cluster.set_pod(replace(world.pod(0), labelled=False))
    world.run(2)
    assert world.pod(0).labelled
    assert world.uids() == before
    world.quiet()


def test_a_pod_without_an_owner_is_adopted() -> None:
    world = World(instances=2).ready()
    before = world.uids()
    world.cluster.set_pod(replace(world.pod(1), owner=""))
    world.run(2)
    assert world.pod(1).owner == world.cluster.job.metadata.uid
    assert world.uids() == before


def test_a_restored_job_adopts_its_pods_before_it_creates_any() -> None:
    world = World(instances=2).ready()
    before = world.uids()
    for pod in list(world.cluster.pods.values()):
        world.cluster.set_pod(replace(pod, owner=""))
    world.wipe_status()
    world.run(20)
    assert world.uids() == before
    assert world.conditions() == {"Ready", "Available"}


def test_a_new_job_waits_for_the_pod_of_a_deleted_job_of_its_name() -> None:
    world = World(instances=2)
    former = world.cluster.stranger("web-1", owner="job-of-yesterday")
    world.run(20)
    assert world.pod(1).uid == former.uid
    assert world.pod(0).ready
    world.cluster.remove_pod(former)
    world.ready()


def test_a_pod_of_another_owner_that_takes_a_name_is_a_conflict() -> None:
    world = World(instances=2)
    world.cluster.stranger("web-1", owner="someone")
    world.cluster.inbox["pod"].clear()  # It lacks the operator's labels, so no watch shows it.
    world.run(20)
    assert "PodNameConflict" in world.conditions()
    assert world.pod(1).owner == "someone"
    assert world.pod(0).ready, "other instances do not wait for the conflict"
    world.cluster.remove_pod(world.pod(1))
    world.ready()
    assert "PodNameConflict" not in world.conditions()


def test_an_update_shows_the_name_conflict() -> None:
    world = World(instances=2).ready()
    world.edit(image="app:2", instances=3)
    world.cluster.stranger("web-2", owner="someone")
    world.cluster.inbox["pod"].clear()
    world.run(20)
    assert world.update.status.reason == "PodNameConflict"
    world.cluster.remove_pod(world.pod(2))
    world.until_ended()
    assert world.phase is Phase.ROLLED_FORWARD


def test_a_new_job_shows_that_a_quota_refuses_its_pods() -> None:
    world = World(instances=3)
    world.cluster.quota = 1
    world.run(30)
    assert len(world.cluster.pods) == 1
    ready = next(c for c in world.status.conditions if c.type == "Ready")
    assert (ready.status, ready.reason) == ("False", "QuotaExceeded")
    assert "exceeded quota: pods" in ready.message
    world.cluster.quota = None
    world.ready()


def test_a_new_job_whose_instance_is_not_ready_in_time_is_stalled() -> None:
    world = World(instances=2)
    world.behave("app:1", instance=1, ready=None)
    world.run(62)
    assert "Reconciling" in world.conditions()
    world.run(5)
    assert world.conditions() == {"Stalled", "Available"}
    world.behave("app:1", instance=1)
    world.kill(1)
    world.ready()


def test_deleting_the_active_update_aborts_it() -> None:
    """Instances that are down come up at the target; untouched instances stay."""
    world = World(instances=4, update={"strategy": {"type": "Queue", "size": 2}}).ready()
    before = world.uids()
    world.edit(image="app:2")
    world.until(lambda: bool(world.cluster.updates) and world.pod(0).deleted is not None)
    world.cluster.user_delete_update("web-g2")
    world.run(20)
    assert world.cluster.updates == {}
    assert world.images() == {0: "app:2", 1: "app:2", 2: "app:1", 3: "app:1"}
    assert {i: world.uids()[i] for i in (2, 3)} == {i: before[i] for i in (2, 3)}
    assert world.status.active_update is None
    assert world.status.last_attempt is not None
    assert world.status.last_attempt.outcome == "Aborted"
    assert world.conditions() == {"Stalled", "Available", "UpdatePending"}
    world.quiet()
    world.roll("app:3")
    assert world.conditions() == {"Ready", "Available"}


def test_an_active_update_that_the_watch_does_not_show_is_read_before_it_counts_as_deleted() -> (
    None
):
    world = World(instances=3).ready()
    world.edit(image="app:2")
    world.until(lambda: "app:2" in world.images().values())
    del world.operator.updates["web-g2"]
    world.until_ended()
    assert world.phase is Phase.ROLLED_FORWARD


def test_an_update_whose_phase_somebody_edited_frees_the_lock() -> None:
    world = World(instances=3).ready()
    world.edit(image="app:2")
    world.until(lambda: "app:2" in world.images().values())
    there = world.update
    done = there.status.model_copy(update={"phase": Phase.ABORTED})
    world.cluster.write_update(there, done)
    world.run(20)
    assert world.status.active_update is None
    world.quiet()


def test_an_update_of_the_same_name_as_the_deleted_active_one_is_another_update() -> None:
    world = World(instances=3).ready()
    world.edit(image="app:2")
    world.until(lambda: "app:2" in world.images().values())
    world.cluster.user_delete_update("web-g2")
    world.cluster.user_update("web-g2")
    world.run(60)
    assert world.status.active_update is None
    assert world.update.status.phase is Phase.ROLLED_FORWARD, "another Update than the first"
    world.quiet()


def test_a_rollback_to_a_revision_that_is_gone_ends_in_error() -> None:
    """The rollback cannot continue: phase Error, and no instance loses its pod."""
    world = World(instances=3, update={"maxFailuresPerInstance": 0}).ready()
    old = world.cluster.revision
    world.behave("app:2", instance=1, ready=None)
    world.edit(image="app:2")
    world.until(lambda: world.images().get(1) == "app:2")
    world.cluster.prune("ControllerRevision", old, world.cluster.revisions[old].uid)
    world.until_ended()
    assert (world.phase, world.update.status.reason) == (Phase.ERROR, "RevisionMissing")
    assert sorted(world.uids()) == [0, 1, 2]
    assert "Stalled" in world.conditions()


def test_a_deleted_revision_of_the_present_template_is_created_again() -> None:
    world = World(instances=3).ready()
    world.edit(image="app:2")
    world.until(lambda: "app:2" in world.images().values())
    name = world.cluster.revision
    world.cluster.prune("ControllerRevision", name, world.cluster.revisions[name].uid)
    world.until_ended()
    assert world.phase is Phase.ROLLED_FORWARD
    assert name in world.cluster.revisions


def test_a_job_being_deleted_creates_nothing() -> None:
    world = World(instances=2).ready()
    meta = world.cluster.job.metadata.model_copy(update={"deletion_timestamp": world.now})
    world.cluster.user_edit(lambda job: job.model_copy(update={"metadata": meta}))
    world.kill(0)
    world.run(60)
    assert sorted(world.uids()) == [1]


def test_admission_annotates_the_update_with_its_uid() -> None:
    world = World(instances=1).ready()
    world.roll("app:2")
    meta = world.update.metadata
    assert meta.annotations[ADMITTED] == meta.uid
