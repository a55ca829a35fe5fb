"""Steps of an `Ordered` Job: one instance at a time, both ways."""

from __future__ import annotations

from typing import Any

from controller.api.ids import Ids
from controller.api.update import Phase
from tests.unit.core.sim.world import World


def ordered(instances: int = 4, **spec: Any) -> World:
    return World(instances=instances, ordering="Ordered", **spec)


def numbers(world: World, within: float = 600) -> list[tuple[int, ...]]:
    """The sets of ids with a pod, one after the other, until the Job is Ready."""
    found: list[tuple[int, ...]] = []

    def look() -> None:
        if (now := tuple(sorted(world.images()))) not in found[-1:]:
            found.append(now)

    world.after_step = look
    # A Job that is Ready says so of its last number.
    wanted = world.cluster.job.spec.instances
    world.until(lambda: "Ready" in world.conditions() and len(world.images()) == wanted, within)
    return [ids for ids in found if ids]


def test_first_creation_waits_for_each_instance() -> None:
    world = ordered()
    assert numbers(world) == [(0,), (0, 1), (0, 1, 2), (0, 1, 2, 3)]
    assert len({pod.created for pod in world.cluster.pods.values()}) == 4, "each waits for seconds"


def test_the_next_one_waits_for_as_long_as_it_takes() -> None:
    world = ordered()
    world.behave("app:1", instance=1, ready=None)
    world.run(300)
    assert set(world.images()) == {0, 1}
    assert world.status.instances_in_force == 2


def test_a_scale_up_and_down() -> None:
    world = ordered(2).ready()
    world.edit(instances=4)
    assert numbers(world) == [(0, 1), (0, 1, 2), (0, 1, 2, 3)]
    world.edit(instances=1)
    assert numbers(world) == [(0, 1, 2, 3), (0, 1, 2), (0, 1), (0,)]
    world.quiet()


def test_the_status_says_what_the_next_step_waits_for() -> None:
    world = ordered(2).ready()
    world.edit(instances=4)
    world.until(lambda: 2 in world.images())
    world.run(1)
    assert "Reconciling" in world.conditions()
    world.ready()
    world.edit(instances=2)
    world.until(lambda: 3 not in world.assigned())
    world.run(0.5, lambda: "Reconciling" in world.conditions())
    if "Reconciling" in world.conditions():
        assert "instance 2 is removed when the pod of instance 3 is gone" in world.message(
            "Reconciling"
        )


def test_lost_pods_come_back_at_once() -> None:
    world = ordered().ready()
    before = world.uids()
    for i in (0, 2):
        world.kill(i)
    world.run(20, lambda: set(world.uids()) == set(range(4)) and world.uids() != before)
    now = world.uids()
    assert [i for i in range(4) if now.get(i) != before[i]] == [0, 2]


def test_a_restart_at_any_step() -> None:
    world = ordered()
    for _ in range(30):
        world.run(1)
        world.restart()
    world.ready()
    assert set(world.images()) == set(range(4))


def test_a_bad_first_template_is_corrected_by_an_update() -> None:
    world = ordered()
    world.behave("app:1", instance=1, ready=None)
    world.run(60)
    world.edit(image="app:2")
    world.until(lambda: bool(world.cluster.updates))
    world.until_ended()
    assert world.phase is Phase.ROLLED_FORWARD
    world.ready()
    assert world.images_of("app:2") == Ids(range(4))


def test_an_update_that_fails_in_mid_creation_does_not_overrule_the_number() -> None:
    world = ordered()
    world.until(lambda: 1 in world.images())
    world.behave("app:2", ready=None)
    world.edit(image="app:2", maxFailuresPerInstance=0, readyTimeoutSeconds=5)
    world.until(lambda: bool(world.cluster.updates))
    world.until_ended()
    assert world.phase is Phase.ROLLED_BACK
    assert world.status.instances_refused is None
    world.run(600, lambda: len(world.images()) == 4)
    assert world.images_of("app:1") == Ids(range(4))


def test_a_lost_status_takes_running_instances_over_at_once() -> None:
    world = ordered().ready()
    before = world.uids()
    world.wipe_status()
    world.run(300)
    assert world.uids() == before


def test_a_status_lost_in_mid_creation_does_not_end_the_steps() -> None:
    world = ordered(6)
    world.until(lambda: len(world.images()) == 3)
    world.cluster.remove_pod(world.pod(1))
    world.wipe_status()
    assert numbers(world) == [(0, 2), *(tuple(range(count)) for count in (3, 4, 5, 6))]


def test_a_status_lost_with_a_lower_number_removes_one_after_the_other() -> None:
    world = ordered(5).ready()
    world.edit(instances=2)
    world.wipe_status()
    assert numbers(world) == [tuple(range(count)) for count in (5, 4, 3, 2)]


def test_a_scale_during_an_update() -> None:
    world = ordered(3).ready()
    world.edit(image="app:2")
    world.until(lambda: 0 in world.images_of("app:2"))
    world.edit(instances=5)
    world.until_ended()
    world.ready()
    assert world.images_of("app:2") == Ids(range(5))
    world.edit(image="app:3")
    world.until(lambda: 0 in world.images_of("app:3"))
    world.edit(instances=2)
    world.until_ended()
    world.ready()
    assert world.images_of("app:3") == Ids(range(2))


def test_ids_without_pods_go_at_once() -> None:
    """Somebody wrote a status with ids that never had a pod; a step for each would be no end."""
    world = ordered(3)
    assert numbers(world)
    (there,) = world.status.assigned
    every = there.model_copy(update={"instances": Ids.span(0, 10_000)})
    forged = world.status.model_copy(update={"assigned": (every,), "instances_in_force": 10_000})
    job = world.cluster.job
    meta = job.metadata.model_copy(update={"resource_version": world.cluster.version()})
    world.cluster.job = job.model_copy(update={"metadata": meta, "status": forged})
    world.cluster.tell("job", meta.name, meta.uid, world.cluster.job)
    before = len(world.cluster.writes)
    world.run(20)
    assert world.assigned() == {"app:1": "0-2"}
    assert len(world.cluster.writes) - before < 5
    assert sorted(world.images()) == [0, 1, 2]
