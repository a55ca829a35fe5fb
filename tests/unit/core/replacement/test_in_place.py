"""Replacement InPlace: running pods are changed in place where possible (contract rule 16)."""

from __future__ import annotations

from typing import Any

from controller.api.ids import Ids
from controller.api.update import Phase
from tests.unit.core.sim.world import World

IN_PLACE = {"replacement": "InPlace"}


def in_place(instances: int = 3, **update: Any) -> World:
    return World(instances=instances, update={**IN_PLACE, **update}).ready()


def verbs(world: World) -> set[str]:
    return {verb for verb, _ in world.cluster.writes}


def test_pods_stay_and_run_the_new_image() -> None:
    world = in_place()
    before = world.uids()
    world.roll("app:2")
    assert world.phase is Phase.ROLLED_FORWARD
    assert world.uids() == before
    assert world.images_of("app:2") == Ids(range(3))
    assert "delete pod" not in verbs(world)
    assert world.conditions() == {"Ready", "Available"}
    world.quiet()


def test_pods_are_changed_one_at_a_time() -> None:
    world = in_place()
    most: list[int] = []
    world.after_step = lambda: most.append(
        sum(not p.in_effect or not p.ready for p in world.cluster.pods.values())
    )
    world.roll("app:2")
    assert max(most) == 1


def test_a_failed_change_is_rolled_back_in_place() -> None:
    world = in_place(maxFailuresPerInstance=0)
    before = world.uids()
    world.behave("app:2", instance=1, crash=1)
    world.roll("app:2")
    assert world.phase is Phase.ROLLED_BACK
    assert world.images_of("app:1") == Ids(range(3))
    assert world.uids() == before
    assert world.update.status.failures[0].instance == 1


def test_a_change_that_never_takes_effect_is_a_failure_at_its_deadline() -> None:
    world = in_place(maxFailuresPerInstance=0, readyTimeoutSeconds=30)
    world.behave("app:2", instance=0, ready=None)
    world.roll("app:2")
    assert world.phase is Phase.ROLLED_BACK
    assert world.images_of("app:1") == Ids(range(3))


def test_a_pod_whose_resize_is_infeasible_is_replaced() -> None:
    world = in_place()
    before = world.uids()
    world.behave("app:2", instance=1, infeasible=True)
    world.roll("app:2")
    assert world.phase is Phase.ROLLED_FORWARD
    assert {i for i, uid in world.uids().items() if uid != before[i]} == {1}


def test_a_pod_whose_change_the_api_server_finds_invalid_is_replaced() -> None:
    world = in_place()
    before = world.uids()
    world.cluster.in_place_refused.add(2)
    world.roll("app:2")
    assert world.phase is Phase.ROLLED_FORWARD
    assert {i for i, uid in world.uids().items() if uid != before[i]} == {2}


def test_a_restart_replaces_pods() -> None:
    world = in_place()
    before = world.uids()
    world.cluster.user_update("mine", restart=True)
    world.until(lambda: world.named("mine").status.finished_at is not None)
    assert not set(before.values()) & set(world.uids().values())


def test_a_change_of_other_fields_replaces_pods() -> None:
    world = in_place(2)
    before = world.uids()

    def both(job: Any) -> Any:
        wish = {"spec": {"containers": [{"name": "app", "image": "app:2"}], "hostNetwork": True}}
        return job.model_copy(update={"spec": job.spec.model_copy(update={"template": wish})})

    world.cluster.user_edit(both)
    world.until_ended()
    assert world.phase is Phase.ROLLED_FORWARD
    assert not set(before.values()) & set(world.uids().values())


def test_an_update_in_place_also_creates_and_removes_instances() -> None:
    world = in_place(3)
    before = world.uids()
    world.roll("app:2", instances=4)
    assert {i: world.uids()[i] for i in range(3)} == before
    world.roll("app:3", instances=2)
    assert world.images() == {0: "app:3", 1: "app:3"}


def test_an_update_in_place_survives_a_crash_after_each_write() -> None:
    world = in_place(2)
    before = world.uids()
    world.edit(image="app:2")
    for _ in range(60):
        world.cluster.fates.append("crash")
        world.run(3)
        if world.cluster.updates and world.update.status.finished_at is not None:
            break
    world.cluster.fates.clear()
    world.until_ended()
    assert world.phase is Phase.ROLLED_FORWARD
    assert world.uids() == before


QUOTA = ("QuotaExceeded", "exceeded quota: few")


def test_a_change_that_a_quota_refuses_waits_and_fails_at_its_deadline() -> None:
    world = in_place(maxFailuresPerInstance=0, readyTimeoutSeconds=30)
    before = world.uids()
    world.cluster.denied["change pod"] = QUOTA
    world.edit(image="app:2")
    world.run(25)
    status = world.update.status
    assert (world.phase, status.reason) == (Phase.ROLLING_FORWARD, "QuotaExceeded")
    assert "instance 0: cannot change pod web-0: exceeded quota: few" in status.message
    assert world.cluster.requests["change pod"] == 5, "after 0, 1, 3, 7 and 15 seconds"
    world.until_ended()
    assert world.phase is Phase.ROLLED_BACK
    assert world.update.status.failures[0].reason == "QuotaExceeded"
    assert world.uids() == before, "the pods have served without a break"
    assert world.images_of("app:1") == Ids(range(3))
    assert world.status.known_bad == ()
    world.run(5)
    assert world.operator.refused_actions == {}, "the change is no longer needed"


def test_a_tolerated_failure_of_a_refused_change_leaves_the_pod_as_it_is() -> None:
    world = in_place(maxFailuresPerInstance=0, maxFailedInstances=1, readyTimeoutSeconds=30)
    before = world.uids()
    world.cluster.denied["change pod"] = QUOTA
    world.edit(image="app:2")
    world.until(lambda: bool(world.cluster.updates) and bool(world.update.status.failures))
    world.cluster.denied.clear()
    world.until_ended()
    assert world.phase is Phase.ROLLED_FORWARD
    world.run(30)
    assert world.uids() == before
    assert world.images() == {0: "app:1", 1: "app:2", 2: "app:2"}
    world.quiet()


def test_a_change_that_an_overloaded_api_server_refuses_is_no_failure() -> None:
    world = in_place(maxFailuresPerInstance=0, readyTimeoutSeconds=10)
    world.cluster.denied["change pod"] = ("Down", "too many requests")
    world.edit(image="app:2")
    world.run(60)
    assert world.phase is Phase.ROLLING_FORWARD
    world.cluster.denied.clear()
    world.until_ended()
    assert world.phase is Phase.ROLLED_FORWARD


def test_the_reason_why_pods_are_replaced_is_recorded_once() -> None:
    world = in_place(maxFailuresPerInstance=0)
    words = "instances are replaced, not changed in place: spec.hostNetwork differs"

    def both(job: Any) -> Any:
        wish = {"spec": {"containers": [{"name": "app", "image": "app:2"}], "hostNetwork": True}}
        return job.model_copy(update={"spec": job.spec.model_copy(update={"template": wish})})

    world.behave("app:2", instance=1, crash=1)
    world.cluster.user_edit(both)
    world.until_ended()
    assert world.phase is Phase.ROLLED_BACK
    recorded = [
        (h.phase, h.message) for h in world.update.status.history if h.reason == "NotInPlace"
    ]
    assert recorded == [(Phase.ROLLING_BACK, words), (Phase.ROLLING_FORWARD, words)]
    events = [event for event in world.events if event.reason == "NotInPlace"]
    assert [(event.note, event.update) for event in events] == [(words, "web-g2")] * 2
