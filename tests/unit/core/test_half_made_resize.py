"""The operator is killed between the announcement of a resize and the resize itself. Whatever
people do until the operator is back: no pod is replaced, and each says what it runs."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from controller.api.update import Action
from tests.unit.core.sim import World
from tests.unit.core.sim.cluster import CrashError

Happens = Callable[[World], None]


def abort(world: World) -> None:
    world.cluster.user_edit_update(world.update.metadata.name, action=Action.ABORT)


def roll_back(world: World) -> None:
    world.cluster.user_edit_update(world.update.metadata.name, action=Action.ROLLBACK)


def delete_the_update(world: World) -> None:
    world.cluster.user_delete_update(world.update.metadata.name)


def apply_the_old_size(world: World) -> None:
    world.edit(image="app:1", cpu="1")


def apply_another_size(world: World) -> None:
    world.edit(image="app:1", cpu="3")


def nothing(world: World) -> None:
    del world


def killed_and(happens: Happens) -> tuple[World, dict[int, str]]:
    """A Job of four whose second instance bears an announcement when the operator dies, then
    ``happens``, and all that follows. Returns the pods' uids at that moment, too."""
    world = World(instances=4, minReadySeconds=0, update={"replacement": "InPlace"})
    world.edit(image="app:1", cpu="1")
    world.ready().edit(image="app:1", cpu="2")
    announce, uids = world.cluster.announce, dict[int, str]()

    def and_die(name: str, uid: str, seen: int, revision: str) -> int:
        announced = announce(name, uid, seen, revision)
        if name == "web-1" and not uids:
            raise CrashError
        return announced

    def meanwhile() -> None:
        if world.pod(1).changing_to and not uids:
            uids.update(world.uids())
            happens(world)
            world.restart()

    world.cluster.announce = and_die  # type: ignore[method-assign]
    world.after_step = meanwhile
    world.run(300)
    assert uids, "the operator was not killed"
    return world, uids


def cpu(world: World, instance: int) -> str:
    """What an instance runs, as the pod's labels say."""
    containers = world.cluster.templates[world.pod(instance).revision]["spec"]["containers"]
    return str(containers[0]["resources"]["requests"]["cpu"])


@pytest.mark.parametrize(
    ("happens", "cpus"),
    [
        (nothing, "2222"),
        (abort, "2111"),
        (roll_back, "1111"),
        (delete_the_update, "2111"),
        (apply_the_old_size, "1111"),
        (apply_another_size, "3333"),
    ],
)
def test_no_pod_is_replaced(happens: Happens, cpus: str) -> None:
    world, uids = killed_and(happens)
    assert "".join(cpu(world, i) for i in range(4)) == cpus
    assert world.uids() == uids, "a pod was replaced"
    assert all(pod.labelled and not pod.changing_to for pod in world.cluster.pods.values())


def test_an_update_that_goes_on_announces_the_resize_again() -> None:
    world, _ = killed_and(nothing)
    done = [verb for verb, name in world.cluster.writes if name == "web-1"]
    assert done[1:] == ["announce resize of pod", "announce resize of pod", "change pod"]
