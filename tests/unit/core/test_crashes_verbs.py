"""The operator is killed after any write, in stories with Updates and verbs of people."""

from __future__ import annotations

from typing import Any

import pytest

from controller.api.ids import Ids
from controller.api.policy import PolicyPatch
from controller.api.update import Action, Phase
from tests.unit.core.sim import World
from tests.unit.core.sim.telling import Story, same_end, tell, through

MANUAL = {"mode": "Manual", "maxFailuresPerInstance": 0}
BATCHES = {"strategy": {"type": "Batch", "size": 2, "autoPause": True}, "maxFailuresPerInstance": 0}
PAUSES = {
    "strategy": {
        "type": "VariableBatch",
        "sizes": [1, 1, "50%"],
        "pauses": [{"after": 1}, {"after": 2, "seconds": 40}],
    },
    "maxFailuresPerInstance": 0,
}
PULSED = {"pulseIntervalSeconds": 20, "strategy": {"type": "Batch", "size": 2}}
WATCHED = {"watchAfterSeconds": 10, "maxFailuresPerInstance": 0}


def run_update(world: World, name: str, **spec: Any) -> None:
    """Create an Update as a person, and follow it to its end."""
    world.cluster.user_update(name, **spec)
    through(world, name)


def verb(world: World, **spec: Any) -> None:
    """Edit the newest Update."""
    world.cluster.user_edit_update(world.update.metadata.name, **spec)


def until_auto_paused(world: World) -> None:
    """Run until the operator pauses before the next batch."""
    world.until(lambda: bool(world.cluster.updates) and world.update.status.reason == "AutoPaused")


def canary_then_all(world: World) -> None:
    world.ready().edit(image="app:2")
    run_update(world, "canary", instances="1")
    run_update(world, "rest", parent=world.status.current_revision)


def canary_that_fails(world: World) -> None:
    world.behave("app:2", instance=2, ready=None, end=0.5)
    world.ready().edit(image="app:2")
    run_update(world, "canary", instances="1-2", policy=PolicyPatch(max_failures_per_instance=1))
    run_update(world, "again")  # Known to be bad by now.


def forced(world: World) -> None:
    world.behave("app:2", ready=None, end=0.5)
    world.ready().edit(image="app:2")
    run_update(world, "first")
    world.behave("app:2", ready=0.3)
    run_update(world, "second", force=True)


def to_an_older_revision(world: World) -> None:
    old = world.ready().cluster.revision
    world.edit(image="app:2")
    run_update(world, "forth")
    run_update(world, "back", revision=old)


def restarted(world: World) -> None:
    world.ready().edit(image="app:2")
    run_update(world, "canary", instances="3")
    run_update(world, "again", restart=True, instances="1-3")


def restart_that_fails(world: World) -> None:
    world.ready().behave("app:1", instance=1, ready=None)
    run_update(world, "again", restart=True)
    world.behave("app:1", instance=1, ready=0.3)
    world.kill(1)


def dry_run_only(world: World) -> None:
    world.ready().edit(image="app:2")
    run_update(world, "plan", dry_run=True)


def refused(world: World) -> None:
    world.ready().edit(image="app:2")
    run_update(world, "far", instances="7")
    run_update(world, "orphan", parent="web-other")


def paused_and_resumed(world: World) -> None:
    world.ready().edit(image="app:2")
    world.cluster.user_update("mine", paused=True)
    world.run(20)
    verb(world, paused=False)
    world.until(lambda: len(world.update.status.instances.updated) >= 2)
    verb(world, paused=True)
    world.run(60)
    verb(world, paused=False)
    through(world, "mine")


def batch_by_batch(world: World) -> None:
    world.ready().edit(image="app:2")
    until_auto_paused(world)
    verb(world, resume_token="go")
    world.until_ended()


def pauses_of_both_kinds(world: World) -> None:
    world.ready().edit(image="app:2", instances=5)
    until_auto_paused(world)
    verb(world, resume_token="go")
    world.until(lambda: world.update.status.reason != "AutoPaused")
    until_auto_paused(world)
    world.until_ended()


def rolled_back_in_a_pause_with_an_end(world: World) -> None:
    world.ready().edit(image="app:2", instances=5)
    until_auto_paused(world)
    verb(world, resume_token="go")
    world.until(lambda: world.update.status.reason != "AutoPaused")
    until_auto_paused(world)
    verb(world, action=Action.ROLLBACK)
    world.until_ended()


def second_batch_fails(world: World) -> None:
    world.behave("app:2", instance=2, ready=None)
    world.ready().edit(image="app:2")
    until_auto_paused(world)
    verb(world, resume_token="go")
    world.until_ended()


def requested_rollback(world: World) -> None:
    world.ready().edit(image="app:2", instances=5)
    until_auto_paused(world)
    verb(world, action=Action.ROLLBACK)
    world.until_ended()


def requested_rollback_after_a_pause(world: World) -> None:
    world.ready().edit(image="app:2")
    until_auto_paused(world)
    verb(world, paused=True, action=Action.ROLLBACK)
    world.run(30)
    verb(world, paused=False)
    world.until_ended()


def aborted(world: World) -> None:
    world.ready().edit(image="app:2", instances=5)
    until_auto_paused(world)
    verb(world, action=Action.ABORT)
    world.until_ended()


def aborted_rollback(world: World) -> None:
    world.behave("app:2", instance=3, ready=20.0)
    world.ready().edit(image="app:2")
    until_auto_paused(world)
    verb(world, resume_token="go")
    world.until(lambda: len(world.update.status.instances.updated) == 3, 100)
    verb(world, action=Action.ROLLBACK)
    world.until(lambda: world.phase is Phase.ROLLING_BACK)
    verb(world, paused=True)
    world.run(60)
    verb(world, action=Action.ABORT)
    world.until_ended()


def deleted(world: World) -> None:
    world.ready().edit(image="app:2")
    until_auto_paused(world)
    world.cluster.user_delete_update(world.update.metadata.name)


def pulsed(world: World) -> None:
    world.ready().edit(image="app:2")
    beat(world)


def pulsed_both_ways(world: World) -> None:
    world.behave("app:2", instance=2, ready=None)
    world.ready().edit(image="app:2")
    beat(world)


def beat(world: World) -> None:
    """Pulses until the end, with long gaps."""
    awaiting = (Phase.ROLL_FORWARD_AWAITING_PULSE, Phase.ROLL_BACK_AWAITING_PULSE)
    for _ in range(30):
        world.run(50, lambda: bool(world.cluster.updates) and world.phase in awaiting)
        if world.update.status.finished_at is not None:
            return
        world.cluster.pulse(world.update.metadata.name)
        world.run(1)
    raise AssertionError(world.story())


def watched(world: World) -> None:
    world.ready().edit(image="app:2")
    world.until(lambda: bool(world.cluster.updates))
    world.until_ended()


def bad_while_watched(world: World) -> None:
    world.behave("app:2", instance=3, ready=0.3, crash=8.0)
    world.ready().edit(image="app:2")
    world.until(lambda: bool(world.cluster.updates))
    world.until_ended()


STORIES: list[tuple[Story, dict[str, Any]]] = [
    (canary_then_all, MANUAL),
    (canary_that_fails, MANUAL),
    (forced, MANUAL),
    (to_an_older_revision, MANUAL),
    (restarted, MANUAL),
    (restart_that_fails, MANUAL),
    (dry_run_only, MANUAL),
    (refused, MANUAL),
    (paused_and_resumed, MANUAL),
    (batch_by_batch, BATCHES),
    (pauses_of_both_kinds, PAUSES),
    (rolled_back_in_a_pause_with_an_end, PAUSES),
    (second_batch_fails, BATCHES),
    (requested_rollback, BATCHES),
    (requested_rollback_after_a_pause, BATCHES),
    (aborted, BATCHES),
    (aborted_rollback, BATCHES),
    (deleted, BATCHES),
    (pulsed, PULSED),
    (pulsed_both_ways, {**PULSED, "maxFailuresPerInstance": 0}),
    (watched, WATCHED),
    (bad_while_watched, WATCHED),
]
NAMES = [story.__name__ for story, _ in STORIES]


@pytest.mark.parametrize(("story", "policy"), STORIES, ids=NAMES)
def test_killed_after_any_write(story: Story, policy: dict[str, Any]) -> None:
    same_end(story, policy, "crash")


@pytest.mark.parametrize("fate", ["lost", "down"])
@pytest.mark.parametrize(("story", "policy"), STORIES, ids=NAMES)
def test_any_write_fails(story: Story, policy: dict[str, Any], fate: str) -> None:
    same_end(story, policy, fate, every=7)


@pytest.mark.parametrize(
    ("story", "policy", "phase", "images"),
    [
        (canary_that_fails, MANUAL, Phase.REJECTED, {"app:1"}),
        (forced, MANUAL, Phase.ROLLED_FORWARD, {"app:2"}),
        (restart_that_fails, MANUAL, Phase.FAILED, {"app:1"}),
        (pauses_of_both_kinds, PAUSES, Phase.ROLLED_FORWARD, {"app:2"}),
        (rolled_back_in_a_pause_with_an_end, PAUSES, Phase.ROLLED_BACK, {"app:1"}),
        (second_batch_fails, BATCHES, Phase.ROLLED_BACK, {"app:1"}),
        (requested_rollback, BATCHES, Phase.ROLLED_BACK, {"app:1"}),
        (requested_rollback_after_a_pause, BATCHES, Phase.ROLLED_BACK, {"app:1"}),
        (aborted, BATCHES, Phase.ABORTED, {"app:1", "app:2"}),
        (aborted_rollback, BATCHES, Phase.ABORTED, {"app:1", "app:2"}),
        (pulsed_both_ways, PULSED | {"maxFailuresPerInstance": 0}, Phase.ROLLED_BACK, {"app:1"}),
        (bad_while_watched, WATCHED, Phase.ROLLED_BACK, {"app:1"}),
    ],
)
def test_the_stories_end_as_they_say(
    story: Story, policy: dict[str, Any], phase: Phase, images: set[str]
) -> None:
    world = tell(story, policy)
    world.run(60)
    assert world.phase is phase
    assert set(world.images().values()) == images
    assert set(world.images()) == set(Ids(range(len(world.images()))))
