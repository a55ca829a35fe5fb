"""Overlays of a Job in a simulated cluster: an Update changes the instances that differ, and gives
the others other labels."""

from __future__ import annotations

from typing import Any

from controller.api.ids import Ids
from controller.api.update import Action, Phase
from tests.unit.core.frozen_jobs import ended
from tests.unit.core.sim import World
from tests.unit.core.sim.world import template


def overlay(name: str, ids: str, **env: str) -> dict[str, Any]:
    made = [{"name": key, "value": value} for key, value in env.items()]
    patch = {"spec": {"containers": [{"name": "app", "env": made}]}}
    return {"name": name, "instances": ids, "patch": patch}


def apply(world: World, *overlays: dict[str, Any], image: str | None = None, **spec: Any) -> None:
    changes: dict[str, Any] = {"overlays": overlays, **spec}
    if image:
        changes["template"] = template(image)
    world.cluster.user_edit(
        lambda job: job.model_copy(update={"spec": job.spec.model_copy(update=changes)})
    )


def replaced(world: World, before: dict[int, str]) -> Ids:
    return Ids(i for i, uid in world.uids().items() if before.get(i) != uid)


def rolled(world: World) -> None:
    names = set(world.cluster.updates)
    world.until(lambda: bool(set(world.cluster.updates) - names))
    world.until(lambda: ended(world))


def revisions(world: World) -> set[str]:
    return {pod.revision for pod in world.cluster.pods.values()}


def test_only_the_instances_that_differ_are_replaced() -> None:
    world = World(instances=5).ready()
    before = world.uids()
    apply(world, overlay("canary", "1,3", LOG="debug"))
    rolled(world)
    assert world.phase is Phase.ROLLED_FORWARD
    assert replaced(world, before) == Ids([1, 3])
    counts = world.update.status.counts
    assert (counts.total, counts.updated, counts.relabelled) == (2, 2, 3)
    assert world.update.status.message == (
        "2 of 2 instances updated; 3 instances relabelled, because nothing else differs"
    )
    assert revisions(world) == {world.status.current_revision}
    assert len(world.status.assigned) == 1
    assert world.conditions() == {"Ready", "Available"}
    world.quiet()


def test_the_others_keep_their_labels_until_the_end() -> None:
    world = World(instances=4, update={"watchAfterSeconds": 10}).ready()
    old = world.status.current_revision
    seen = list[int]()

    def look() -> None:
        if world.cluster.updates and world.update.status.watching_since is not None:
            seen.append(sum(p.revision == old for p in world.cluster.pods.values()))

    world.after_step = look
    apply(world, overlay("canary", "0", LOG="debug"))
    rolled(world)
    assert seen[0] == 3, "they are patched after the watch"
    assert revisions(world) == {world.status.current_revision}


def test_where_nothing_differs_only_labels_change() -> None:
    world = World(instances=3).ready()
    before = world.uids()
    apply(world, overlay("later", "7", LOG="debug"))
    rolled(world)
    status = world.update.status
    assert (status.phase, status.reason) == (Phase.ROLLED_FORWARD, "Relabelled")
    assert replaced(world, before) == Ids()
    assert revisions(world) == {world.status.current_revision}
    world.quiet()


def test_a_rollback_goes_back_to_the_labels_of_before() -> None:
    world = World(instances=4).ready()
    before, old = world.uids(), world.status.current_revision
    apply(world, overlay("bad", "1-2", LOG="debug"))
    world.until(lambda: replaced(world, before) == Ids([1]))
    world.cluster.user_edit_update(world.update.metadata.name, action=Action.ROLLBACK)
    world.until(lambda: ended(world))
    assert world.phase is Phase.ROLLED_BACK
    assert replaced(world, before) <= Ids([1, 2])
    assert revisions(world) == {old}
    world.quiet()


def test_a_rollback_in_the_last_moment_takes_back_labels() -> None:
    world = World(instances=4).ready()
    before, old = world.uids(), world.status.current_revision
    asked = list[str]()

    def look() -> None:
        mixed = len(revisions(world)) == 2 and len(world.status.assigned) == 1
        if mixed and replaced(world, before) == Ids([1]) and not asked:
            asked.append(world.update.metadata.name)
            world.cluster.user_edit_update(asked[0], action=Action.ROLLBACK)

    world.after_step = look
    apply(world, overlay("bad", "1", LOG="debug"))
    rolled(world)
    world.run(60)
    assert asked
    assert replaced(world, before) == Ids([1])
    assert len(revisions(world)) == 1
    if world.phase is Phase.ROLLED_BACK:
        assert revisions(world) == {old}
    world.quiet()


def test_aborted_in_the_middle_nobody_is_replaced_for_labels() -> None:
    world = World(instances=4).ready()
    before = world.uids()
    apply(world, overlay("some", "0-1", LOG="debug"))
    world.until(lambda: replaced(world, before) == Ids([0]))
    world.cluster.user_edit_update(world.update.metadata.name, action=Action.ABORT)
    world.until(lambda: ended(world))
    world.run(300)
    assert replaced(world, before) <= Ids([0, 1])


def test_a_restart_relabels_nobody() -> None:
    world = World(instances=3).ready()
    apply(world, overlay("some", "0", LOG="debug"))
    rolled(world)
    before = world.uids()
    world.cluster.user_update("restart", restart=True)
    world.until(lambda: ended(world, "restart"))
    assert replaced(world, before) == Ids([0, 1, 2])


def test_a_new_image_replaces_all() -> None:
    world = World(instances=3).ready()
    apply(world, overlay("some", "0", LOG="debug"))
    rolled(world)
    before = world.uids()
    apply(world, overlay("some", "0", LOG="debug"), image="app:2")
    rolled(world)
    assert replaced(world, before) == Ids([0, 1, 2])
    assert world.update.status.counts.relabelled == 0


def test_killed_after_any_write() -> None:
    for strike in range(1, 40):
        world = World(instances=3).ready()
        before, made = world.uids(), len(world.cluster.writes)
        apply(world, overlay("some", "0", LOG="debug"))
        killed = False

        def strike_once(world: World = world, made: int = made, strike: int = strike) -> None:
            nonlocal killed
            if not killed and len(world.cluster.writes) - made >= strike:
                killed = True
                world.restart()

        world.after_step = strike_once
        rolled(world)
        world.run(60)
        assert replaced(world, before) == Ids([0])
        assert revisions(world) == {world.status.current_revision}
        world.quiet()
        if not killed:
            return
    raise AssertionError("more writes than expected")
