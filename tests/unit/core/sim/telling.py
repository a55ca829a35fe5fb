"""Stories that are told again and again, with the operator's first, second, third … write going
wrong: each must come to the same end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.unit.core.sim.calm import good
from tests.unit.core.sim.kubelet import Behaviour
from tests.unit.core.sim.world import World

QUICK = Behaviour(ready=0.3, stop=0.1, enact=0.2)
Story = Callable[[World], None]


def tell(
    story: Story,
    policy: Mapping[str, Any],
    after: int,
    fate: str,
    make: Callable[..., World] = World,
) -> World:
    """The story, with ``fate`` for the write that comes after so many good ones, in the world that
    ``make`` gives."""
    world = make(instances=4, minReadySeconds=0, update=dict(policy))
    world.careful = fate == "ok"
    for image in ("app:1", "app:3"):
        world.kubelet.steering[(image, None)] = QUICK
    world.cluster.fates.extend(["ok"] * after + [fate])
    story(world)
    return world


def through(world: World, name: str) -> None:
    """Until an Update has ended."""
    world.until(lambda: world.named(name).status.finished_at is not None)


def by_instance(world: World) -> tuple[object, ...]:
    """The same, and which instances each Update touched: where the story leaves that no choice."""
    sets = {n: u.status.instances for n, u in world.cluster.updates.items()}
    return (*outcome(world), sets)


def outcome(world: World) -> tuple[object, ...]:
    """What must not depend on the operator's luck."""
    updates = {
        n: (u.status.phase, u.status.reason, u.status.to) for n, u in world.cluster.updates.items()
    }
    status = world.status
    last = status.last_attempt
    return (
        world.images(),
        world.assigned(),
        updates,
        world.conditions(),
        last and last.model_dump(exclude={"update_uid"}),
        status.instances_in_force,
        status.instances_refused,
        status.current_revision,
        status.slots,
        [bad.revision for bad in status.known_bad],
    )


def same_end(
    story: Story,
    policy: Mapping[str, Any],
    fate: str,
    every: int = 1,
    ending: Callable[[World], object] = by_instance,
    make: Callable[..., World] = World,
) -> None:
    """Tell it undisturbed, then with each write (or each second, third … one) going wrong.
    ``ending``: what is compared."""
    told = tell(story, policy, 0, "ok", make)
    told.quiet(600)
    good(told)
    writes = len(told.cluster.writes)
    for after in range(0, writes, every):
        world = tell(story, policy, after, fate, make)
        world.run(605)
        words = f"{fate} after {after} of {writes} writes: {told.cluster.writes[after]}"
        assert ending(world) == ending(told), words
