"""Stories that are told again and again, with the operator's first, second, third … write going
wrong: each must come to the same end.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from typing import Any

from tests.unit.core.sim.calm import good
from tests.unit.core.sim.kubelet import Behaviour
from tests.unit.core.sim.memory import Memory
from tests.unit.core.sim.world import World

QUICK = Behaviour(ready=0.3, stop=0.1, enact=0.2)
Story = Callable[[World], None]


def tell(
    story: Story,
    policy: Mapping[str, Any],
    make: Callable[..., World] = World,
    fates: deque[str] | None = None,
    at_rest: Callable[[World], object] = lambda _: None,
    memory: Memory | None = None,
) -> World:
    """The story in the world that ``make`` gives. ``fates``: of the operator's writes, if they do
    not all go well. ``at_rest``: as of a World. ``memory``: of the tellings before."""
    world = make(instances=4, minReadySeconds=0, update=dict(policy))
    if memory is not None:
        world.decide, world.cluster.stored = memory.decide, memory.stored
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
    undisturbed, memory = Undisturbed(ending), Memory()
    told = tell(story, policy, at_rest=undisturbed.add, memory=memory)
    told.quiet(600)
    good(told)
    writes = told.cluster.writes
    left = set(range(0, len(writes), every))
    while left:
        disturbed = Disturbed(undisturbed, left, fate)
        world = tell(story, policy, fates=disturbed, at_rest=disturbed.look, memory=memory)
        world.run(605)
        words = ", ".join(f"{after} ({' '.join(writes[after])})" for after in disturbed.places)
        assert ending(world) == ending(told), f"{fate} after so many writes: {words}"
        assert disturbed.places, f"the story no longer has {len(writes)} writes"


def state(world: World) -> tuple[object, ...]:
    """All that decides what happens next, and how far the story has come."""
    cluster = world.cluster
    stored = cluster.job, dict(cluster.updates), dict(cluster.pods), dict(cluster.revisions)
    return world.runs, world.now, *stored, *world.kubelet.state(), *world.operator.state()


class Undisturbed:
    """The states of a story in which nothing went wrong, each with its ``ending`` and the number of
    writes so far. A world that comes to one of them has the same future."""

    def __init__(self, ending: Callable[[World], object]) -> None:
        self._ending = ending
        self._states: dict[float, list[tuple[tuple[object, object], int]]] = defaultdict(list)

    def add(self, world: World) -> None:
        found = state(world), self._ending(world)
        self._states[world.now].append((found, len(world.cluster.writes)))

    def writes(self, world: World) -> int | None:
        """After how many writes the story comes to the state of ``world``. None: it does not."""
        known = self._states.get(world.now)
        if known is None:
            return None
        found = state(world), self._ending(world)
        return next((writes for there, writes in known if there == found), None)


class Disturbed(deque[str]):
    """Stands for the fates of writes: the first of the writes ``left`` goes wrong. When the world
    has come back to the undisturbed story, the next one does, and so on. So one telling does for
    many, and each write goes wrong in a world where nothing went wrong before."""

    def __init__(self, undisturbed: Undisturbed, left: set[int], fate: str) -> None:
        super().__init__()
        #: After how many good writes one went wrong.
        self.places: list[int] = []
        self._undisturbed = undisturbed
        self._left = left
        self._fate = fate
        self._count: int | None = 0

    def __bool__(self) -> bool:
        return True

    def popleft(self) -> str:
        after = self._count
        if after is None:
            return "ok"
        if after not in self._left:
            self._count = after + 1
            return "ok"
        self._count = None
        self._left.remove(after)
        self.places.append(after)
        return self._fate

    def look(self, world: World) -> None:
        if self._count is None:
            self._count = self._undisturbed.writes(world)
