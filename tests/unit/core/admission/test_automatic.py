"""Automatic Updates: how a changed template becomes an Update, and what is not tried again."""

from __future__ import annotations

import pytest

from controller.api.ids import NONE
from controller.api.update import Phase
from controller.core.model import assigned as asg
from controller.core.status.outcome import UNCHANGED
from tests.unit.core.admission.test_superseding import half_way
from tests.unit.core.sim import World


def test_an_automatic_update_writes_in_order() -> None:
    world = World(instances=2).ready()
    before = len(world.cluster.writes)
    world.edit(image="app:2")
    world.settle()
    verbs = [verb for verb, _ in world.cluster.writes[before:]]
    assert verbs[:8] == [
        "keep revision",
        "make update",
        "write update",  # policy, from, to
        "mark",
        "write job",  # the lock
        "write update",  # the phase
        "write update",  # the first group
        "write job",  # its intent
    ]
    assert verbs[8] == "delete pod"


def test_admission_takes_a_snapshot_of_the_policy() -> None:
    world = half_way(strategy={"type": "Queue", "size": "50%"})
    status = world.update.status
    assert status.policy is not None
    assert status.policy.strategy.size == 2
    assert (status.min_ready_seconds, status.job_uid) == (3, world.cluster.job.metadata.uid)
    assert {r: str(ids) for r, ids in asg.read(status.from_).items()} == {
        world.status.current_revision: "0-3"
    }
    assert status.to is not None
    assert (status.to.revision, str(status.to.instances)) == (world.cluster.revision, "0-3")
    world.edit(strategy={"type": "Queue", "size": 4}, readyTimeoutSeconds=1)
    world.until_ended()
    assert world.update.status.policy == status.policy, "later edits do not count"
    assert world.phase is Phase.ROLLED_FORWARD


def test_edits_of_other_fields_than_the_template_start_no_update() -> None:
    world = World(instances=2).ready()
    world.edit(strategy={"type": "Batch", "size": 2}, maxFailedInstances=1)
    world.run(600)
    assert world.cluster.updates == {}
    assert world.status.observed_generation == world.cluster.job.metadata.generation


def test_a_revision_that_is_used_again_becomes_the_newest() -> None:
    world = World(instances=2).ready()
    for image in ("app:2", "app:3", "app:2"):
        world.roll(image)
    numbers = {world.cluster.image(n): r.number for n, r in world.cluster.revisions.items()}
    assert numbers == {"app:1": 1, "app:3": 3, "app:2": 4}


def test_a_refused_template_does_not_supersede_the_active_update() -> None:
    world = half_way()
    world.cluster.bad_images["app:bad"] = "spec.containers[0].image: Invalid value"
    world.edit(image="app:bad")
    world.run(5)
    assert "UpdatePending" in world.conditions()
    world.until_ended()
    assert world.named("web-g2").status.phase is Phase.ROLLED_FORWARD
    assert len(world.cluster.updates) == 1
    world.run(10)
    assert world.conditions() == {"Stalled", "Available", "UpdatePending"}
    assert any("Invalid value" in c.message for c in world.status.conditions)
    world.quiet()
    world.roll("app:3")
    assert world.phase is Phase.ROLLED_FORWARD
    assert world.conditions() == {"Ready", "Available"}


def test_a_new_job_whose_template_is_refused() -> None:
    world = World(instances=2, image="app:bad")
    world.cluster.bad_images["app:bad"] = "no such thing"
    world.run(60)
    assert world.cluster.pods == {}
    assert world.conditions() == {"Stalled"}
    world.edit(image="app:1")
    world.ready()


def test_a_scale_continues_while_a_template_is_refused() -> None:
    world = World(instances=2).ready()
    world.cluster.bad_images["app:bad"] = "no such thing"
    world.edit(image="app:bad", instances=3)
    world.run(20)
    assert world.images() == dict.fromkeys(range(3), "app:1")


def failed(**update: object) -> World:
    world = World(instances=3, update={"maxFailuresPerInstance": 0, **update}).ready()
    world.behave("app:2", ready=None)
    world.roll("app:2")
    assert world.phase is Phase.ROLLED_BACK
    return world


def test_a_changed_retry_token_tries_the_template_again() -> None:
    world = failed()
    world.behave("app:2")
    world.edit(retryToken="again")
    world.run(5)
    assert world.update.spec.force
    world.until_ended()
    assert world.phase is Phase.ROLLED_FORWARD
    assert world.images() == dict.fromkeys(range(3), "app:2")
    assert world.status.known_bad == (), "forgotten after a completed update"
    world.quiet()


def test_a_retry_that_fails_again_is_not_repeated() -> None:
    world = failed()
    world.edit(retryToken="again")
    world.run(5)
    world.until_ended()
    assert world.phase is Phase.ROLLED_BACK
    assert len(world.status.known_bad) == 1
    world.quiet(86_400)
    world.edit(retryToken=None)
    world.quiet(86_400)
    assert len(world.cluster.updates) == 2


def test_removing_the_retry_token_starts_nothing() -> None:
    world = World(instances=3, update={"retryToken": "first"}).ready()
    world.edit(retryToken=None)
    world.quiet(86_400)
    assert world.cluster.updates == {}


def test_a_fixed_template_after_a_failure_starts_an_update() -> None:
    world = failed()
    world.roll("app:3")
    assert world.phase is Phase.ROLLED_FORWARD
    assert world.images() == dict.fromkeys(range(3), "app:3")
    assert world.conditions() == {"Ready", "Available"}


def test_a_known_bad_template_waits_for_a_person() -> None:
    world = failed()
    world.roll("app:3")
    world.edit(image="app:2")
    world.run(600)
    assert world.images() == dict.fromkeys(range(3), "app:3")
    pending = next(c for c in world.status.conditions if c.type == "UpdatePending")
    assert (pending.status, pending.reason) == ("True", "KnownBad")
    world.quiet()
    world.behave("app:2")
    world.edit(retryToken="now")
    world.run(5)
    world.until_ended()
    assert world.images() == dict.fromkeys(range(3), "app:2")


def test_restoring_the_template_that_runs_after_a_rollback() -> None:
    """The user restores the old template: no pod is touched, and the Job is Ready again."""
    world = failed()
    before = world.uids()
    world.roll("app:1")
    assert (world.phase, world.update.status.reason) == (Phase.ROLLED_FORWARD, "NoChange")
    last = world.status.last_attempt
    assert last is not None
    assert last.message == UNCHANGED, "the Job, too, tells it from a success"
    assert world.uids() == before
    assert world.conditions() == {"Ready", "Available"}
    world.quiet()


def test_an_update_of_a_person_without_changes_completes_at_once() -> None:
    world = World(instances=2).ready()
    world.cluster.user_update("mine")
    world.run(5)
    status = world.named("mine").status
    assert (status.phase, status.reason) == (Phase.ROLLED_FORWARD, "NoChange")
    assert world.conditions("mine") == {"Ready", "Complete", "Succeeded"}
    assert world.conditions() == {"Ready", "Available"}, "the Job is unchanged"
    world.quiet()


def test_an_update_gets_another_name_if_its_name_is_taken() -> None:
    world = World(instances=2).ready()
    world.cluster.user_update("web-g2")
    world.run(5)
    world.roll("app:2")
    assert world.update.metadata.name == f"web-{world.cluster.job.metadata.uid[:6]}-g2"
    assert world.phase is Phase.ROLLED_FORWARD


def test_a_restored_update_is_aborted() -> None:
    world = World(instances=2).ready()
    world.edit(image="app:2")
    while not world.cluster.updates:
        world.deliver()
        world.step()
    there, mark = world.update, {"echelon.dev/admitted": "another"}
    world.cluster.updates[there.metadata.name] = there.model_copy(
        update={"metadata": there.metadata.model_copy(update={"annotations": mark})}
    )
    world.restart()
    world.run(1)
    status = world.named(there.metadata.name).status
    assert (status.phase, status.reason) == (Phase.ABORTED, "Restored")
    world.run(60)
    assert world.images() == dict.fromkeys(range(2), "app:2"), "by another Update"


def test_a_restored_job_keeps_its_pods() -> None:
    """Its status is gone: all pods stay, and nothing is deleted."""
    world = World(instances=3).ready()
    world.roll("app:2")
    before = world.uids()
    world.wipe_status()
    world.run(60)
    assert world.uids() == before
    assert world.conditions() == {"Ready", "Available"}
    assert world.assigned() == {"app:2": "0-2"}


@pytest.mark.parametrize("instances", [2, 3])
def test_a_status_that_contradicts_itself_deletes_nothing(instances: int) -> None:
    world = World(instances=instances).ready()
    before = world.uids()
    job = world.cluster.job
    wiped = job.status.model_copy(update={"assigned": (), "slots": NONE})
    world.cluster.user_edit(lambda job: job.model_copy(update={"status": wiped}))
    world.run(60)
    assert world.uids() == before
    assert world.assigned() == {"app:1": f"0-{instances - 1}"}


def test_an_update_without_a_readable_status_ends_and_its_job_continues() -> None:
    world = World(instances=3).ready()
    world.behave("app:2", ready=30.0)
    world.edit(image="app:2")
    world.until(lambda: "app:2" in world.images().values())
    name, update = next(iter(world.cluster.updates.items()))
    blank = update.status.model_copy(update={"to": None})
    world.cluster.write_update(update, blank)
    world.run(60)
    assert world.named(name).status.phase is Phase.ERROR
    assert world.status.active_update is None
    assert world.images() == {0: "app:2", 1: "app:1", 2: "app:1"}


def test_history_limits_are_kept() -> None:
    world = World(instances=1, revisionHistoryLimit=2, updateHistoryLimit=1).ready()
    for version in range(2, 8):
        world.roll(f"app:{version}")
    world.run(5)
    assert len(world.cluster.updates) == 1
    kept = {world.cluster.image(r) for r in world.cluster.revisions}
    assert kept == {"app:7", "app:6", "app:5"}
    world.quiet()


def test_a_user_made_update_is_never_pruned() -> None:
    world = World(instances=1, updateHistoryLimit=0).ready()
    world.cluster.user_update("mine")
    world.edit(image="app:2")
    world.run(60)
    assert set(world.cluster.updates) == {"mine"}
