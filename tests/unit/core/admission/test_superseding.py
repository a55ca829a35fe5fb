"""One Update supersedes another: what it takes over, what it reverts, what it does not touch."""

from __future__ import annotations

from controller.api.ids import Ids
from controller.api.labels import CHANGED_BY
from controller.api.update import Phase
from tests.unit.core.sim import World


def half_way(image: str = "app:2", **update: object) -> World:
    """A Job of four instances: the first is at the new image, the second is being updated."""
    world = World(instances=4, update=update).ready()
    world.behave(image, instance=1, ready=40.0)
    world.edit(image=image)
    world.until(lambda: len(world.images_of(image)) == 2)
    return world


def test_a_newer_template_supersedes_the_active_update() -> None:
    world = half_way()
    world.roll("app:3")
    old, new = world.named("web-g2").status, world.named("web-g3").status
    assert (old.phase, new.phase) == (Phase.SUPERSEDED, Phase.ROLLED_FORWARD)
    assert old.from_ == new.from_, "the new Update inherits the whole from"
    assert world.conditions("web-g2") == {"Ready", "Complete"}
    assert world.images() == dict.fromkeys(range(4), "app:3")
    world.quiet()


def test_instances_that_the_superseded_update_took_down_come_first() -> None:
    world = World(instances=4).ready()
    world.behave("app:1", stop=30.0)
    world.edit(image="app:2")
    world.until(lambda: len(world.images_of("app:2")) == 1 and world.pod(1).deleted is not None)
    world.edit(image="app:3")
    world.until(lambda: 1 not in world.images() or world.pod(1).deleted is None, within=100)
    world.until(lambda: len(world.images_of("app:3")) == 1)
    assert world.images_of("app:3") == Ids([1])
    assert world.images_of("app:2") == Ids([0])
    world.until_ended()


def test_a_rollback_after_two_superseded_updates_restores_the_first_from() -> None:
    world = half_way(maxFailuresPerInstance=0)
    before = world.uids()
    world.edit(image="app:3")
    world.until(lambda: "app:3" in world.images().values())
    world.behave("app:4", instance=2, ready=None)
    world.roll("app:4")
    assert [u.status.phase for u in world.cluster.updates.values()] == [
        Phase.SUPERSEDED,
        Phase.SUPERSEDED,
        Phase.ROLLED_BACK,
    ]
    assert world.images() == dict.fromkeys(range(4), "app:1")
    assert world.uids()[3] == before[3]
    assert [bad.images for bad in world.status.known_bad] == [("app:4",)]
    world.quiet()


def test_the_original_template_supersedes_an_update_half_way() -> None:
    world = half_way()
    before = world.uids()
    world.roll("app:1")
    assert world.phase is Phase.ROLLED_FORWARD
    assert world.named("web-g2").status.phase is Phase.SUPERSEDED
    assert world.images() == dict.fromkeys(range(4), "app:1")
    assert {i: world.uids()[i] for i in (2, 3)} == {2: before[2], 3: before[3]}
    assert world.update.status.counts.total == 2
    assert "Ready" in world.conditions()
    world.quiet()


def test_the_original_template_supersedes_an_update_that_touched_nothing() -> None:
    world = World(instances=4).ready()
    before = world.uids()
    world.edit(image="app:2")
    world.until(lambda: bool(world.cluster.updates))
    world.edit(image="app:1")
    world.run(60)
    assert {u.status.phase for u in world.cluster.updates.values()} <= {
        Phase.SUPERSEDED,
        Phase.ROLLED_FORWARD,
    }
    assert world.images() == dict.fromkeys(range(4), "app:1")
    assert {i: u for i, u in world.uids().items() if i} == {i: u for i, u in before.items() if i}
    assert "Ready" in world.conditions()
    world.quiet()


def test_a_newer_template_supersedes_a_rollback() -> None:
    world = half_way(maxFailuresPerInstance=0)
    world.until(lambda: world.pod(1).ready)
    world.behave("app:2", instance=2, ready=None)
    world.until_phase(Phase.ROLLING_BACK)
    world.roll("app:3")
    assert world.named("web-g2").status.phase is Phase.SUPERSEDED
    assert world.phase is Phase.ROLLED_FORWARD
    assert world.images() == dict.fromkeys(range(4), "app:3")
    world.quiet()


def test_superseding_takes_over_what_is_down_first() -> None:
    """No second instance is taken down while the first is in flight; the observer checks that."""
    world = half_way()
    world.edit(image="app:3")
    world.until(lambda: "app:3" in world.images().values())
    assert str(world.images_of("app:3")) == "1"


def test_a_retry_half_way_takes_over_the_instances_in_flight() -> None:
    """They are the first group of the new Update: no other instance starts before they are good."""
    world = half_way()
    world.edit(retryToken="again")
    world.run(10)
    assert len(world.cluster.updates) == 2
    assert str(world.images_of("app:2")) == "0-1"
    world.until_ended()
    assert world.phase is Phase.ROLLED_FORWARD
    assert str(world.update.status.instances.updated) == "1-3"


def test_the_original_template_while_a_rollback_restores_it() -> None:
    """The instance that is being rolled back is the new Update's first group."""
    world = half_way(maxFailuresPerInstance=0)
    world.until(lambda: world.pod(1).ready)
    world.behave("app:2", instance=2, ready=None)
    world.until_phase(Phase.ROLLING_BACK)
    world.behave("app:1", instance=2, ready=30.0)
    world.until(lambda: world.images().get(2) == "app:1")
    world.edit(image="app:1")
    world.run(10)
    assert len(world.cluster.updates) == 2
    assert str(world.images_of("app:2")) == "0-1", "instances 0 and 1 wait for instance 2"
    world.until_ended()
    assert world.phase is Phase.ROLLED_FORWARD
    assert world.images() == dict.fromkeys(range(4), "app:1")
    world.quiet()


def test_a_pause_is_inherited() -> None:
    world = World(instances=3).ready()
    world.edit(image="app:2")
    world.until(lambda: "app:2" in world.images().values())
    world.cluster.user_edit_update("web-g2", paused=True)
    world.cluster.put_update("web-g2", annotations={CHANGED_BY: "alice"})
    world.run(20)
    world.edit(image="app:3")
    world.run(60)
    assert world.named("web-g2").status.phase is Phase.SUPERSEDED
    assert world.named("web-g3").spec.paused
    assert world.phase is Phase.ROLL_FORWARD_PAUSED
    assert world.update.status.message.endswith("; paused by alice")
    assert world.update.status.history[0].by == "alice"
    assert "app:3" not in world.images().values()
    world.cluster.user_edit_update("web-g3", paused=False)
    world.until_ended()
    assert world.images_of("app:3") == Ids(range(3))


def test_a_newer_template_supersedes_an_update_that_awaits_a_pulse() -> None:
    world = World(instances=2, update={"pulseIntervalSeconds": 20}).ready()
    world.edit(image="app:2")
    world.until_phase(Phase.ROLL_FORWARD_AWAITING_PULSE)
    world.edit(image="app:3")
    world.run(5)
    assert world.named("web-g2").status.phase is Phase.SUPERSEDED
    assert world.phase is Phase.ROLL_FORWARD_AWAITING_PULSE


def test_the_revision_of_a_superseded_rollback_is_known_bad() -> None:
    world = World(instances=4, update={"maxFailuresPerInstance": 0}).ready()
    bad_image = "app:2"
    world.behave(bad_image, instance=2, ready=None)
    world.edit(image=bad_image)
    world.until_phase(Phase.ROLLING_BACK)
    bad = world.cluster.revision
    world.edit(image="app:3")
    world.until(lambda: "web-g3" in world.cluster.updates)
    world.until_ended()
    assert world.named("web-g2").status.phase is Phase.SUPERSEDED
    assert [b.revision for b in world.status.known_bad] == [bad]
    assert world.images_of("app:3") == Ids(range(4))


def test_a_rollback_after_seven_superseded_updates_restores_the_first_from() -> None:
    world = World(instances=3, update={"maxFailuresPerInstance": 0}).ready()
    for number in range(2, 9):
        world.behave(f"app:{number}", ready=None)
        world.edit(image=f"app:{number}")
        world.run(7)
    world.until_ended()
    assert world.phase is Phase.ROLLED_BACK
    assert world.images_of("app:1") == Ids(range(3))
    ended = [u.status.phase for u in world.cluster.updates.values()]
    assert ended.count(Phase.SUPERSEDED) == 6
