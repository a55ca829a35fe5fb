"""An Update with overlays is superseded by one at which an instance that is down would be the same:
that instance counts as changed until it is good."""

from __future__ import annotations

from controller.api.ids import Ids
from controller.api.update import Action, Phase
from tests.unit.core.frozen_jobs import ended
from tests.unit.core.overlays.test_rolled_out import apply, overlay, replaced, revisions
from tests.unit.core.sim import World
from tests.unit.core.sim.kubelet import Behaviour


def superseding(**update: object) -> tuple[World, dict[int, str]]:
    """Instance 0 was replaced and is not Ready; the overlay of 0 and 1 is the same at both."""
    world = World(instances=4, update=dict(update)).ready()
    before = world.uids()
    world.kubelet.steering[(None, 0)] = Behaviour(ready=None)
    apply(world, overlay("some", "0-3", LOG="debug"))
    world.until(lambda: replaced(world, before) == Ids([0]))
    apply(world, overlay("some", "0-1", LOG="debug"))
    world.until(lambda: world.named("web-g2").status.phase is Phase.SUPERSEDED)
    return world, before


def test_no_other_is_taken_down_meanwhile() -> None:
    world, before = superseding(readyTimeoutSeconds=0)
    first = world.uids()[0]
    world.run(120)
    assert not ended(world, "web-g3")
    assert replaced(world, before) == Ids([0]), "the observer would see two of them down"
    assert world.named("web-g3").status.instances.updating == Ids([0])
    assert world.uids()[0] == first, "it has the right manifest already"
    world.kubelet.steering.clear()
    world.kill(0)
    world.until(lambda: ended(world, "web-g3"))
    status = world.named("web-g3").status
    assert status.phase is Phase.ROLLED_FORWARD
    assert (status.counts.total, status.counts.updated, status.counts.relabelled) == (2, 2, 2)
    assert replaced(world, before) == Ids([0, 1])
    assert revisions(world) == {world.status.current_revision}
    world.quiet()


def test_it_does_not_succeed_while_that_one_is_broken() -> None:
    world, before = superseding(readyTimeoutSeconds=30, maxFailuresPerInstance=0)
    world.until(lambda: ended(world, "web-g3"))
    assert world.named("web-g3").status.phase is not Phase.ROLLED_FORWARD
    assert replaced(world, before) == Ids([0])


def test_it_goes_back_with_the_others() -> None:
    world, before = superseding(readyTimeoutSeconds=0)
    world.kubelet.steering.clear()
    world.cluster.user_edit_update("web-g3", action=Action.ROLLBACK)
    world.until(lambda: ended(world, "web-g3"))
    assert world.named("web-g3").status.phase is Phase.ROLLED_BACK
    assert replaced(world, before) == Ids([0])
    assert len(revisions(world)) == 1
    world.quiet()
