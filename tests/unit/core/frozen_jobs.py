"""Jobs with frozen instances."""

from __future__ import annotations

from typing import Any

from tests.unit.core.sim import World


def frozen(ids: str, instances: int = 4, **spec: Any) -> World:
    world = World(instances=instances, **spec).ready()
    world.cluster.user_freeze(ids)
    world.settle()
    return world


def images(world: World) -> str:
    return "".join(world.images()[i][-1] for i in sorted(world.images()))


def ready_message(world: World) -> str:
    return world.message("Ready")


def newest(world: World) -> str:
    return max(world.cluster.updates, key=lambda n: int(n.rpartition("-g")[2]))


def ended(world: World, name: str | None = None) -> bool:
    updates = world.cluster.updates
    return bool(updates) and world.named(name or newest(world)).status.finished_at is not None
