"""A newer engine carries on an Update of an older one, and stores its version before it moves."""

from __future__ import annotations

import pytest

from controller.api import engine
from controller.api.update import Action, Phase, UpdateStatus
from controller.core.model.plan import WriteUpdate
from tests.unit.core.sim import World


def rolling() -> World:
    """A Job in mid-update, by an operator with engine 1."""
    world = World(instances=4).ready()
    world.edit(image="app:2")
    world.until_phase(Phase.ROLLING_FORWARD)
    world.until(lambda: world.update.status.counts.updated == 1)
    return world


def upgraded(world: World, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, object]]:
    """The operator is replaced by one with engine 2. Returns the plans that it makes, each as
    write or actions, and the version stored at that moment."""
    made: list[tuple[str, object]] = []

    def note() -> None:
        plan = world.plan
        moves = [type(a).__name__ for a in plan.actions]
        write = [type(plan.write).__name__] if plan.write else []
        for name in write or moves:
            made.append((name, world.update.status.engine_version))

    monkeypatch.setattr(engine, "ENGINE_VERSION", 2)
    world.restart()
    world.after_step = note
    return made


def test_admission_stores_the_version() -> None:
    assert rolling().update.status.engine_version == 1


@pytest.mark.parametrize("stored", [1, None])
def test_a_newer_engine_stores_its_version_before_it_moves(
    stored: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = rolling()
    without = world.update.status.model_copy(update={"engine_version": stored})
    world.cluster.put_update(world.update.metadata.name, without)
    made = upgraded(world, monkeypatch)
    world.until_ended()
    assert world.phase is Phase.ROLLED_FORWARD
    assert made[0] == ("WriteUpdate", 2)
    assert {version for _, version in made} == {2}


def test_the_version_is_all_that_this_write_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    world = rolling()
    upgraded(world, monkeypatch)
    before: list[UpdateStatus] = [world.update.status]
    changed: list[set[str]] = []

    def note() -> None:
        now, old = world.update.status, before.pop()
        before.append(now)
        if isinstance(world.plan.write, WriteUpdate) and now.engine_version != old.engine_version:
            fields = UpdateStatus.model_fields
            changed.append({f for f in fields if getattr(now, f) != getattr(old, f)})

    world.after_step = note
    world.until_ended()
    assert len(changed) == 1
    assert "engine_version" in changed[0]


def test_an_update_that_needs_nothing_keeps_its_version(monkeypatch: pytest.MonkeyPatch) -> None:
    world = rolling()
    name = world.update.metadata.name
    world.cluster.user_edit_update(name, paused=True)
    world.until_phase(Phase.ROLL_FORWARD_PAUSED)
    world.run(60)
    upgraded(world, monkeypatch)
    world.run(600)
    assert world.update.status.engine_version == 1
    world.cluster.user_edit_update(name, paused=False)
    world.until_ended()
    assert (world.phase, world.update.status.engine_version) == (Phase.ROLLED_FORWARD, 2)


@pytest.mark.parametrize("action", [Action.ROLLBACK, Action.ABORT])
def test_a_verb_that_the_newer_engine_obeys_stores_its_version(
    action: Action, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = rolling()
    upgraded(world, monkeypatch)
    world.cluster.user_edit_update(world.update.metadata.name, action=action)
    world.until_ended()
    assert world.update.status.engine_version == 2


def test_a_refused_version_holds_the_moves_until_it_is_stored(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = rolling()
    upgraded(world, monkeypatch)
    world.cluster.refused["Update"] = "no"
    pods = world.uids()
    world.run(30)
    assert world.update.status.engine_version == 1
    assert {i: uid for i, uid in world.uids().items() if pods.get(i) != uid} == {}
    world.cluster.refused.clear()
    world.until_ended()
    assert (world.phase, world.update.status.engine_version) == (Phase.ROLLED_FORWARD, 2)


def test_the_same_engine_writes_no_version_again() -> None:
    world = rolling()
    seen = set[object]()
    world.after_step = lambda: seen.add(world.update.status.engine_version)
    world.until_ended()
    assert seen == {1}
