"""``decide`` in the simulated world: creation, update, rollback, scale, superseding."""

from __future__ import annotations

from controller.api.update import Phase
from tests.unit.core.sim import World


def test_first_creation_is_no_update() -> None:
    world = World(instances=4)
    world.settle()
    assert sorted(world.uids()) == [0, 1, 2, 3], "all at once"
    world.ready()
    assert world.cluster.updates == {}
    assert world.status.current_revision == world.status.update_revision == world.cluster.revision
    assert world.status.last_attempt is not None
    assert world.status.last_attempt.revision == world.cluster.revision
    assert world.assigned() == {"app:1": "0-3"}
    assert world.conditions() == {"Ready", "Available"}
    world.quiet()


def test_an_update_rolls_forward() -> None:
    world = World(instances=4).ready()
    world.roll("app:2")
    assert world.phase is Phase.ROLLED_FORWARD
    assert set(world.images().values()) == {"app:2"}
    assert world.status.current_revision == world.cluster.revision
    assert world.conditions() == {"Ready", "Available"}
    world.quiet()


def test_a_failed_update_rolls_back() -> None:
    world = World(instances=4).ready()
    before = world.uids()
    world.behave("app:2", instance=1, ready=None)
    spec = world.cluster.job.spec
    world.roll("app:2")
    assert world.phase is Phase.ROLLED_BACK
    assert set(world.images().values()) == {"app:1"}
    assert {i: world.uids()[i] for i in (2, 3)} == {i: before[i] for i in (2, 3)}
    assert world.cluster.job.spec.template != spec.template
    world.quiet()


def test_a_scale_creates_and_removes_instances() -> None:
    world = World(instances=4).ready()
    world.edit(instances=6)
    world.run(20)
    assert sorted(world.uids()) == [0, 1, 2, 3, 4, 5]
    world.edit(instances=2)
    world.run(20)
    assert sorted(world.uids()) == [0, 1]
    world.quiet()


def test_a_newer_template_supersedes_an_active_update() -> None:
    world = World(instances=4).ready()
    world.edit(image="app:2")
    world.until(lambda: "app:2" in world.images().values())
    world.roll("app:3")
    assert world.phase is Phase.ROLLED_FORWARD
    assert world.named("web-g2").status.phase is Phase.SUPERSEDED
    assert set(world.images().values()) == {"app:3"}
    world.quiet()
