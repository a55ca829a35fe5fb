"""Replacement Surge: the new pod is good before the old one goes (contract rule 14)."""

from __future__ import annotations

from typing import Any

from controller.api.ids import Ids
from controller.api.pods.pod import Pod
from controller.api.update import Action, Phase
from tests.unit.core.sim.world import World
from tests.values import replace

SURGE = {"replacement": "Surge"}


def surging(instances: int = 3, **update: Any) -> World:
    return World(instances=instances, update={**SURGE, **update}).ready()


def watched(world: World) -> list[int]:
    """How many instances are available after each step."""
    available: list[int] = []

    def look() -> None:
        good = {p.instance for p in world.cluster.pods.values() if p.ready and p.deleted is None}
        available.append(len(good))
        by_instance: dict[int, list[Pod]] = {}
        for pod in world.cluster.pods.values():
            by_instance.setdefault(pod.instance, []).append(pod)
        assert all(len(pods) <= 2 for pods in by_instance.values())

    world.after_step = look
    return available


def images(world: World) -> dict[str, str]:
    return {name: world.cluster.image(p.revision) for name, p in world.cluster.pods.items()}


def test_no_instance_is_ever_out_of_service() -> None:
    world = surging()
    available = watched(world)
    world.roll("app:2")
    assert world.phase is Phase.ROLLED_FORWARD
    assert min(available) == 3
    assert images(world) == {"web-0-s": "app:2", "web-1-s": "app:2", "web-2-s": "app:2"}
    assert world.status.slots == Ids([0, 1, 2])
    assert world.conditions() == {"Ready", "Available"}
    world.quiet()


def test_the_next_surge_goes_back_to_the_other_slot() -> None:
    world = surging()
    world.roll("app:2")
    world.roll("app:3")
    assert images(world) == {"web-0": "app:3", "web-1": "app:3", "web-2": "app:3"}
    assert not world.status.slots


def test_a_lost_pod_comes_back_in_its_slot() -> None:
    world = surging()
    world.roll("app:2")
    world.cluster.let_go(world.cluster.pods["web-1-s"])
    world.run(20)
    assert images(world)["web-1-s"] == "app:2"
    assert len(world.cluster.pods) == 3


def test_recreate_reuses_the_slot() -> None:
    world = surging()
    world.roll("app:2")
    world.roll("app:3", replacement="Recreate")
    assert images(world) == {"web-0-s": "app:3", "web-1-s": "app:3", "web-2-s": "app:3"}


def test_a_failed_surge_leaves_the_old_pod_untouched() -> None:
    world = surging(maxFailuresPerInstance=0)
    before = {p.name: p.uid for p in world.cluster.pods.values()}
    available = watched(world)
    world.behave("app:2", ready=None)
    world.roll("app:2")
    assert world.phase is Phase.ROLLED_BACK
    world.run(30)
    assert {p.name: p.uid for p in world.cluster.pods.values()} == before
    assert min(available) == 3
    assert world.assigned() == {"app:1": "0-2"}
    world.quiet()


def test_a_surge_that_fails_late_surges_back() -> None:
    world = surging(maxFailuresPerInstance=0)
    world.behave("app:2", instance=2, ready=None)
    available = watched(world)
    world.roll("app:2")
    assert world.phase is Phase.ROLLED_BACK
    assert set(images(world).values()) == {"app:1"}
    assert len(world.cluster.pods) == 3
    assert min(available) == 3


def test_an_abort_takes_the_unready_twin_away() -> None:
    world = surging()
    world.behave("app:2", ready=30)
    world.edit(image="app:2")
    world.until(lambda: "web-0-s" in world.cluster.pods)
    world.cluster.user_edit_update(world.update.metadata.name, action=Action.ABORT)
    world.run(60)
    assert world.phase is Phase.ABORTED
    assert images(world) == {"web-0": "app:1", "web-1": "app:1", "web-2": "app:1"}
    assert world.assigned() == {"app:1": "0-2"}
    world.quiet()


def test_an_update_goes_on_when_the_old_pod_dies_while_the_new_one_comes_up() -> None:
    world = surging()
    world.behave("app:2", ready=10)
    world.edit(image="app:2")
    world.until(lambda: "web-0-s" in world.cluster.pods)
    world.cluster.let_go(world.cluster.pods["web-0"])
    world.until_ended()
    assert world.phase is Phase.ROLLED_FORWARD
    assert len(world.cluster.pods) == 3


def test_the_old_pod_dies_while_an_abort_takes_the_new_one_away() -> None:
    """The next pod is created when the new one is gone: never two pods of one instance."""
    world = surging()
    world.behave("app:2", ready=30, stop=20)
    world.edit(image="app:2")
    world.until(lambda: "web-0-s" in world.cluster.pods)
    world.cluster.user_edit_update(world.update.metadata.name, action=Action.ABORT)
    world.until(lambda: world.cluster.pods["web-0-s"].deleted is not None)
    world.cluster.remove_pod(world.cluster.pods["web-0"])

    def look() -> None:
        assert not {"web-0", "web-0-s"} <= set(images(world))

    world.after_step = look
    world.until(lambda: "web-0-s" not in world.cluster.pods)
    world.run(10)
    assert images(world) == {"web-0": "app:1", "web-1": "app:1", "web-2": "app:1"}


def test_a_tolerated_failure_keeps_the_old_pod() -> None:
    world = surging(maxFailuresPerInstance=0, maxFailedInstances=1)
    old = world.cluster.pods["web-1"].uid
    world.behave("app:2", instance=1, ready=None)
    world.roll("app:2")
    assert world.phase is Phase.ROLLED_FORWARD
    world.run(60)
    assert world.cluster.pods["web-1"].uid == old
    assert len(world.cluster.pods) == 3
    world.quiet()


def test_created_and_removed_instances() -> None:
    world = surging(3)
    world.roll("app:2", instances=4)
    assert images(world) == {
        "web-0-s": "app:2",
        "web-1-s": "app:2",
        "web-2-s": "app:2",
        "web-3": "app:2",
    }
    world.roll("app:3", instances=2)
    assert images(world) == {"web-0": "app:3", "web-1": "app:3"}
    world.edit(instances=4)
    world.run(30)
    assert set(images(world)) == {"web-0", "web-1", "web-2-s", "web-3"} or len(images(world)) == 4
    world.quiet()


def test_a_surge_that_is_superseded_half_way() -> None:
    world = surging()
    world.behave("app:2", ready=None)
    world.edit(image="app:2")
    world.until(lambda: "web-0-s" in world.cluster.pods)
    world.roll("app:3")
    assert world.phase is Phase.ROLLED_FORWARD
    assert set(images(world).values()) == {"app:3"}
    assert len(world.cluster.pods) == 3


def test_a_restored_job_finds_its_pods_in_the_other_slot() -> None:
    world = surging()
    world.roll("app:2")
    before = {p.name: p.uid for p in world.cluster.pods.values()}
    world.wipe_status()
    world.run(30)
    assert {p.name: p.uid for p in world.cluster.pods.values()} == before
    assert world.status.slots == Ids([0, 1, 2])


def test_a_surge_survives_crashes_after_each_write() -> None:
    world = surging(2)
    available = watched(world)
    world.edit(image="app:2")
    for _ in range(60):
        world.cluster.fates.append("crash")
        world.run(3)
        if world.cluster.updates and world.update.status.finished_at is not None:
            break
    world.cluster.fates.clear()
    world.until_ended()
    assert world.phase is Phase.ROLLED_FORWARD
    assert min(available) == 2
    assert len(world.cluster.pods) == 2


def test_a_restart_by_surge() -> None:
    world = surging()
    available = watched(world)
    world.cluster.user_update("mine", restart=True)
    world.until(lambda: world.named("mine").status.finished_at is not None)
    assert world.named("mine").status.phase is Phase.ROLLED_FORWARD
    assert set(images(world)) == {"web-0-s", "web-1-s", "web-2-s"}
    assert min(available) == 3


def test_the_failure_of_a_refused_new_pod_is_the_refusal_not_a_restart_of_the_old_pod() -> None:
    world = surging(2, maxFailuresPerInstance=0, readyTimeoutSeconds=20)
    world.cluster.set_pod(replace(world.pod(0), restarts=3, ran=True))
    world.cluster.quota = 2
    world.edit(image="app:2")
    world.until(lambda: bool(world.cluster.updates) and bool(world.update.status.failures))
    failure = world.update.status.failures[0]
    assert (failure.reason, failure.message) == ("QuotaExceeded", "exceeded quota: pods")


def test_the_status_names_a_foreign_pod_that_has_the_name_of_the_new_pod() -> None:
    world = surging(2)
    world.edit(image="app:2")
    world.operator.conflicts[0] = ("held by somebody", world.now + 60)
    world.run(30)
    status = world.update.status
    assert (status.phase, status.reason) == (Phase.ROLLING_FORWARD, "PodNameConflict")
    assert "instance 0: held by somebody" in status.message
    assert "Stalled" in world.conditions("web-g2")
    world.until_ended()
    assert world.phase is Phase.ROLLED_FORWARD


def test_the_status_names_a_pod_of_a_former_job_that_has_the_name_of_the_new_pod() -> None:
    world = surging(2)
    former = world.cluster.stranger("web-0-s", owner="job-of-yesterday")
    world.edit(image="app:2")
    world.run(30)
    status = world.update.status
    assert status.reason == "WaitingForTermination"
    assert "instance 0: pod web-0-s of an earlier Job still exists" in status.message
    world.cluster.remove_pod(former)
    world.until_ended()
    assert world.phase is Phase.ROLLED_FORWARD
