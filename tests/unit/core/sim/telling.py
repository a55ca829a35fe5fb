"""Stories that are told again and again, with the operator's first, second, third … write going
wrong: each must come to the same end.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from typing import Any

from tests.unit.core.sim.branches import Branches
from tests.unit.core.sim.calm import good
from tests.unit.core.sim.kubelet import Behaviour
from tests.unit.core.sim.world import World

QUICK = Behaviour(ready=0.3, stop=0.1, enact=0.2)
Story = Callable[[World], None]


def tell(
    story: Story,
    policy: Mapping[str, Any],
    make: Callable[..., World] = World,
    fates: deque[str] | None = None,
    at_rest: Callable[[World], object] = lambda _: None,
) -> World:
    """The story in the world that ``make`` gives. ``fates``: of the operator's writes, if they do
    not all go well. ``at_rest``: as of a World."""
    world = make(instances=4, minReadySeconds=0, update=dict(policy))
    for image in ("app:1", "app:3"):
        world.kubelet.steering[(image, None)] = QUICK
    world.at_rest = lambda: at_rest(world)
    if fates is not None:
        world.careful, world.cluster.fates = False, fates
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
) -> None:
    """Tell the story undisturbed, then with each write (or each second, third … one) going wrong.
    ``ending``: what is compared."""
    undisturbed = Undisturbed(ending)
    told = tell(story, policy, at_rest=undisturbed.add)
    told.quiet(600)
    good(told)
    wanted, writes = ending(told), told.cluster.writes
    branches = Branches(fate, range(0, len(writes), every))

    def look(world: World) -> None:
        if branches.branch is not None and undisturbed.goes_on_like(world):
            branches.end()

    def compared() -> None:
        world = tell(story, policy, fates=branches, at_rest=look)
        if branches.branch is not None:
            world.run(605)
            words = f"{fate} after {branches.branch} of {len(writes)} writes: "
            assert ending(world) == wanted, words + str(writes[branches.branch])

    branches.run(compared)


class Undisturbed:
    """The states of a story in which nothing went wrong, with ``ending`` of each. A world that
    comes to one of them has the same future."""

    def __init__(self, ending: Callable[[World], object]) -> None:
        self._ending = ending
        self._states: dict[float, list[tuple[object, object]]] = defaultdict(list)

    def add(self, world: World) -> None:
        self._states[world.now].append((world.state(), self._ending(world)))

    def goes_on_like(self, world: World) -> bool:
        """Whether it came to a state of the story, and by then to the same ``ending``."""
        known = self._states.get(world.now)
        return known is not None and (world.state(), self._ending(world)) in known
