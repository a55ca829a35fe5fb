"""Instances that are no longer frozen: an Update brings them to ``currentRevision``, once."""

from __future__ import annotations

from typing import Any

from controller.api.ids import Ids
from controller.api.update import Action, Phase
from tests.unit.core.frozen_jobs import ended, frozen, images, newest


def test_an_id_that_is_no_longer_frozen_gets_an_update() -> None:
    world = frozen("1,3")
    world.edit(image="app:2")
    world.until(lambda: ended(world))
    world.cluster.user_freeze("3")
    world.until(lambda: images(world) == "2221")
    name = newest(world)
    world.until(lambda: ended(world, name))
    update = world.named(name)
    assert (update.spec.instances, update.status.phase) == ("1", Phase.ROLLED_FORWARD)
    assert update.spec.revision == world.status.current_revision
    assert world.status.frozen == Ids([3])
    world.run(100)
    assert len(world.cluster.updates) == 2
    assert "Ready" in world.conditions()
    world.quiet()


def test_it_is_made_once_whatever_its_outcome() -> None:
    world = frozen("1", update={"maxFailuresPerInstance": 0})
    world.edit(image="app:2")
    world.until(lambda: ended(world))
    world.behave("app:2", instance=1, crash=1)
    world.cluster.user_freeze(None)
    world.until(lambda: len(world.cluster.updates) == 2 and ended(world))
    assert world.named(newest(world)).status.phase is Phase.ROLLED_BACK
    assert not world.status.frozen
    world.run(600)
    assert len(world.cluster.updates) == 2
    assert images(world) == "2122"


def test_with_mode_manual_it_is_pending() -> None:
    world = frozen("1")
    world.edit(image="app:2")
    world.until(lambda: ended(world))
    world.edit(mode="Manual")
    world.cluster.user_freeze(None)
    world.run(60)
    assert len(world.cluster.updates) == 1
    assert "UpdatePending" in world.conditions()
    assert "instance 1: revision" in world.message("UpdatePending")
    world.cluster.user_update("mine")
    world.until(lambda: ended(world, "mine"))
    assert images(world) == "2222"
    assert not world.status.frozen
    assert "UpdatePending" not in world.conditions()


def test_a_dry_run_plans_what_the_update_takes_along() -> None:
    world = frozen("1")
    world.edit(image="app:2")
    world.until(lambda: ended(world))
    world.edit(mode="Manual")
    world.cluster.user_freeze(None)
    world.run(10)
    world.cluster.user_update("dry", dry_run=True)
    world.until(lambda: ended(world, "dry"))
    plan = world.named("dry").status.plan
    assert plan is not None
    assert plan.instances.recreate == Ids([1])
    assert plan.groups.first[0].instances == Ids([1])


def test_an_update_that_cannot_be_created_is_said() -> None:
    world = frozen("1")
    world.edit(image="app:2")
    world.until(lambda: ended(world))
    world.cluster.refused["the Update"] = "no more Updates"
    world.cluster.user_freeze(None)
    world.run(10)
    assert "no more Updates" in world.message("UpdatePending")
    assert "no more Updates" in world.message("Reconciling")
    world.run(200)
    assert "no more Updates" in world.message("Stalled")
    assert "Stalled" in world.conditions()
    world.cluster.refused.clear()
    world.until(lambda: images(world) == "2222")


def test_if_all_were_frozen_the_job_does_not_speak_of_an_older_revision() -> None:
    world = frozen("0-3")
    world.edit(image="app:2")
    world.until(lambda: ended(world))
    world.cluster.user_freeze(None)
    world.run(30)
    assert images(world) == "1111"
    assert "went to an older revision" not in world.message("UpdatePending")


def test_an_update_to_a_new_template_takes_them_along() -> None:
    world = frozen("1")
    world.edit(image="app:2")
    world.until(lambda: ended(world))

    def both(job: Any) -> Any:
        from tests.unit.core.sim.world import template

        changes = {"frozen": None, "template": template("app:3")}
        return job.model_copy(update={"spec": job.spec.model_copy(update=changes)})

    world.cluster.user_edit(both)
    world.until(lambda: len(world.cluster.updates) == 2 and ended(world))
    assert images(world) == "3333"
    assert not world.status.frozen
    world.run(100)
    assert len(world.cluster.updates) == 2


def test_it_waits_for_the_end_of_an_active_update() -> None:
    world = frozen("1")
    world.behave("app:2", instance=3, ready=40)
    world.edit(image="app:2")
    world.until(lambda: images(world) == "2122")
    world.cluster.user_freeze(None)
    world.settle()
    assert world.status.frozen == Ids([1])
    world.until(lambda: images(world) == "2222")
    world.until(lambda: ended(world))
    assert world.named(newest(world)).spec.instances == "1"


def test_frozen_again_before_it_starts() -> None:
    world = frozen("1")
    world.edit(image="app:2")
    world.until(lambda: ended(world))
    world.cluster.user_freeze(None)
    for _ in range(2):
        world.step()
    world.cluster.user_freeze("1")
    world.run(100)
    assert images(world) in ("2122", "2222")
    pending = [u for u in world.cluster.updates.values() if u.status.finished_at is None]
    assert not pending


def test_aborted_before_it_starts_it_is_not_made_again() -> None:
    world = frozen("1")
    world.behave("app:2", instance=3, ready=40)
    world.edit(image="app:2")
    world.until(lambda: ended(world))
    world.cluster.user_freeze(None)
    world.until(lambda: len(world.cluster.updates) == 2)
    world.cluster.user_edit_update(newest(world), action=Action.ABORT)
    world.run(200)
    assert not world.status.frozen
    assert len(world.cluster.updates) == 2


def test_what_is_still_named_stays_frozen_when_an_update_is_called_off() -> None:
    world = frozen("1,3")
    world.edit(image="app:2")
    world.until(lambda: ended(world))
    kept = list[bool]()

    def call_off() -> None:
        kept.append(3 in world.status.frozen)
        update = world.named(newest(world))
        if update.status.phase is Phase.PENDING and update.spec.action is not Action.ABORT:
            world.cluster.user_edit_update(newest(world), action=Action.ABORT)

    world.after_step = call_off
    world.cluster.user_freeze("3")
    world.run(200)
    assert world.named(newest(world)).status.reason == "AbortRequested"
    assert len(world.cluster.updates) == 2
    assert world.status.frozen == Ids([3])
    assert all(kept)
