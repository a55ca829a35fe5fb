"""How often statuses are written: once per group or second, not once per instance."""

from __future__ import annotations

from collections import Counter

from controller.api.update import Phase
from tests.unit.core.sim import World

COUNT = 60
#: Seconds after which each instance becomes ready or ends: all within three seconds.
MOMENTS = [1.0 + i * 0.05 for i in range(COUNT)]


def one_batch(seconds: int = 2, **update: object) -> World:
    """A Job that updates all instances in one batch; ``seconds``: its ``minReadySeconds``. With 0,
    instances become good at their own moments, not at whole seconds."""
    policy = {"strategy": {"type": "Batch", "size": COUNT}, **update}
    return World(instances=COUNT, minReadySeconds=seconds, update=policy)


def writes(world: World, image: str) -> tuple[Counter[str], float]:
    """How often an Update wrote each kind of object, and how many seconds it took."""
    before, began = len(world.cluster.writes), world.now
    world.roll(image)
    return Counter(verb for verb, _ in world.cluster.writes[before:]), world.now - began


def test_failures_are_stored_once_a_second() -> None:
    world = one_batch(maxFailuresPerInstance=0, maxFailedInstances="100%").ready()
    for i, moment in enumerate(MOMENTS):
        world.behave("app:2", instance=i, ready=moment, crash=0.1)
    counts, seconds = writes(world, "app:2")
    assert world.phase is Phase.ROLLED_FORWARD
    assert len(world.update.status.instances.failed) == COUNT
    assert len(world.told("InstanceFailed")) == COUNT, "each failed instance has its own Event"
    assert counts["write update"] <= 10 + 2 * seconds < COUNT


def test_the_failure_that_starts_the_rollback_is_written_at_once() -> None:
    world = one_batch(maxFailuresPerInstance=0, maxFailedInstances=1).ready()
    world.behave("app:2", ready=None)
    world.behave("app:2", instance=0, ready=1.0, crash=0.1)
    world.behave("app:2", instance=1, ready=1.0, crash=0.3)
    world.edit(image="app:2")
    world.until(lambda: bool(world.update.status.failures))
    first = world.now
    world.until_phase(Phase.ROLLING_BACK)
    assert world.now - first < 0.3


def test_a_failure_that_is_not_stored_keeps_its_pod() -> None:
    """An ended pod is deleted only after its failure was stored, up to a second later."""
    world = one_batch(maxFailuresPerInstance=1, maxFailedInstances="100%").ready()
    for i in range(COUNT):
        world.behave("app:2", instance=i, ready=None, end=MOMENTS[i])
    stored: set[int] = set()
    new: dict[str, int] = {}

    def look() -> None:
        status = world.update.status if world.cluster.updates else None
        stored.update(i for ids in (status.failure_counts if status else {}).values() for i in ids)
        pods = [
            p for p in world.cluster.pods.values() if world.cluster.image(p.revision) == "app:2"
        ]
        new.update({pod.uid: pod.instance for pod in pods})
        gone = {i for uid, i in new.items() if uid not in {pod.uid for pod in pods}}
        assert gone <= stored

    world.after_step = look
    world.edit(image="app:2")
    world.until(lambda: len(stored) == COUNT)


def test_slots_move_once_a_second() -> None:
    world = one_batch(0, replacement="Surge").ready()
    for i, moment in enumerate(MOMENTS):
        world.behave("app:2", instance=i, ready=moment)
    counts, seconds = writes(world, "app:2")
    assert world.phase is Phase.ROLLED_FORWARD
    assert len(world.status.slots) == COUNT
    assert counts["write job"] <= 10 + 2 * seconds < COUNT


def test_a_single_surge_moves_its_slot_at_once() -> None:
    world = World(instances=3, minReadySeconds=0, update={"replacement": "Surge"}).ready()
    world.behave("app:2", ready=0.3)
    good: dict[int, float] = {}
    over: dict[int, float] = {}

    def look() -> None:
        for pod in world.cluster.pods.values():
            if pod.surge and pod.ready:
                good.setdefault(pod.instance, world.now)
        for i in world.status.slots:
            over.setdefault(i, world.now)

    world.after_step = look
    world.roll("app:2")
    assert over == good
    assert len(over) == 3
