"""One Update superseding another: what it takes over, what it undoes, what it leaves alone."""

from __future__ import annotations

from controller.api.ids import Ids
from controller.api.labels import CHANGED_BY
from controller.api.update import Phase
from tests.unit.core.sim import World


def half_way(image: str = "app:2", **update: object) -> World:
    """Four instances, the first is at the new image, the second on its way."""
    world = World(instances=4, update=update).ready()
    world.behave(image, instance=1, ready=40.0)
    world.edit(image=image)
    world.until(lambda: len(world.images_of(image)) == 2)
    return world


def test_superseded() -> None:
    world = half_way()
    world.roll("app:3")
    old, new = world.named("web-g2").status, world.named("web-g3").status
    assert (old.phase, new.phase) == (Phase.SUPERSEDED, Phase.ROLLED_FORWARD)
    assert old.from_ == new.from_, "it takes the old from whole"
    assert world.conditions("web-g2") == {"Ready", "Complete"}
    assert world.images() == dict.fromkeys(range(4), "app:3")
    world.quiet()


def test_what_is_down_for_the_former_comes_first() -> None:
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


def test_superseded_twice_then_undone_to_the_very_beginning() -> None:
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


def test_back_to_the_original_in_the_middle() -> None:
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


def test_back_to_the_original_before_anything_was_touched() -> None:
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


def test_superseding_a_rollback() -> None:
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
    """Not a second instance goes while the first is on its way: the observer looks."""
    world = half_way()
    world.edit(image="app:3")
    world.until(lambda: "app:3" in world.images().values())
    assert str(world.images_of("app:3")) == "1"


def test_a_retry_in_the_middle_takes_over_what_is_under_way() -> None:
    """It is the first group of the new Update: no other instance goes before it is good."""
    world = half_way()
    world.edit(retryToken="again")
    world.run(10)
    assert len(world.cluster.updates) == 2
    assert str(world.images_of("app:2")) == "0-1"
    world.until_ended()
    assert world.phase is Phase.ROLLED_FORWARD
    assert str(world.update.status.instances.updated) == "1-3"


def test_the_original_again_while_it_is_being_restored() -> None:
    """The instance on its way back is the new Update's first group."""
    world = half_way(maxFailuresPerInstance=0)
    world.until(lambda: world.pod(1).ready)
    world.behave("app:2", instance=2, ready=None)
    world.until_phase(Phase.ROLLING_BACK)
    world.behave("app:1", instance=2, ready=30.0)
    world.until(lambda: world.images().get(2) == "app:1")
    world.edit(image="app:1")
    world.run(10)
    assert len(world.cluster.updates) == 2
    assert str(world.images_of("app:2")) == "0-1", "they wait for 2"
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


def test_superseding_what_waits_for_a_pulse() -> None:
    world = World(instances=2, update={"pulseIntervalSeconds": 20}).ready()
    world.edit(image="app:2")
    world.until_phase(Phase.ROLL_FORWARD_AWAITING_PULSE)
    world.edit(image="app:3")
    world.run(5)
    assert world.named("web-g2").status.phase is Phase.SUPERSEDED
    assert world.phase is Phase.ROLL_FORWARD_AWAITING_PULSE


def test_what_was_rolling_back_is_remembered_as_bad() -> None:
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


def test_seven_in_a_row_and_back_to_the_first_from() -> None:
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
