"""A resize that was announced on a pod, and not made, is taken back."""

from __future__ import annotations

import asyncio

import pytest

from controller.api import labels
from controller.core.model import plan
from controller.kube.errors import Conflict, ServerError
from tests.unit.reconcile.one_pod import LARGE, SMALL, World, template


@pytest.fixture
def resources() -> World:
    return World(template(resources=SMALL), template(resources=LARGE))


async def half_made(world: World) -> dict[str, str]:
    """The operator is killed after the announcement. Returns the annotations before it."""
    world.notes[labels.UPDATE] = "u0"
    before = dict(world.notes)
    world.api.fail("patch resize", ServerError(500, "InternalError", "killed here"))
    await world.act()
    world.show()
    world.settled.clear()
    world.api.asked.clear()
    return before


async def undo(world: World) -> None:
    action = plan.RepairPod(3, False, "web-3", "p1", world.old, undo=True)
    world.pods.act(world.entry, [action])
    assert 3 in world.entry.instances.view().repairing
    await asyncio.sleep(0)
    await world.pods.drain(5.0)
    assert world.settled == [True]
    assert 3 not in world.entry.instances.view().repairing


async def test_an_announced_resize_is_taken_back_by_one_patch(resources: World) -> None:
    before = await half_made(resources)
    await undo(resources)
    assert resources.api.kinds == ["get", "patch merge"]
    kept = {n: v for n, v in resources.notes.items() if n != labels.RESTART_BASE}
    assert kept == before
    assert resources.pod["metadata"]["labels"][labels.REVISION] in resources.old
    assert (resources.seen.revision, resources.seen.changing_to) == (resources.old, "")
    assert resources.seen.update == "u0"


async def test_a_resize_that_was_made_meanwhile_is_not_taken_back(resources: World) -> None:
    await half_made(resources)
    resources.pod["metadata"] |= {"generation": 2, "resourceVersion": "200"}
    resources.pod["spec"]["containers"][0]["resources"] = LARGE
    await undo(resources)
    assert resources.api.kinds == ["get"]
    assert (resources.seen.revision, resources.seen.changing_to) == (resources.new, "")


async def test_a_pod_that_changes_while_its_resize_is_taken_back_is_read_again(
    resources: World,
) -> None:
    await half_made(resources)
    resources.api.fail("patch merge", Conflict(409, "Conflict", "modified"))
    await undo(resources)
    assert resources.api.kinds == ["get", "patch merge", "get"]
    assert resources.seen.changing_to == resources.new, "the next decision takes it back"


async def test_no_resize_is_taken_back_on_a_pod_that_is_gone(resources: World) -> None:
    await half_made(resources)
    resources.api.pod = None
    await undo(resources)
    assert resources.api.kinds == ["get"]
    assert resources.entry.instances.pods == {}
