"""A known-bad template waits for a person: the Job is `Stalled`, not `Ready`."""

from __future__ import annotations

import pytest

from controller.api.meta import format_time
from controller.api.update import Action, Phase
from tests.unit.core.job.test_pending import STRICT, condition, failing
from tests.unit.core.sim import World


def test_a_known_bad_template_that_waits_needs_a_person() -> None:
    world = World(instances=2, update=STRICT).ready()
    failing(world)
    world.roll("app:2")
    world.edit(image="app:1")
    world.run(10)
    assert world.conditions() == {"Ready", "Available"}
    world.edit(image="app:2")
    world.run(10)
    assert world.conditions() == {"Stalled", "Available", "UpdatePending"}
    assert (
        condition(world, "UpdatePending").reason == condition(world, "Stalled").reason == "KnownBad"
    )
    words = condition(world, "Stalled").message
    (bad,) = world.status.known_bad
    assert f"failed before, at {format_time(bad.time)} (instance 1 failed: " in words
    assert words.endswith("change the template, or change spec.update.retryToken to try it again")


@pytest.mark.parametrize("end", ["aborted", "deleted", "restarted"])
def test_a_waiting_known_bad_template_is_no_choice_of_the_user(end: str) -> None:
    """However the failed Update ends, and whatever comes after it except a new template."""
    world = World(instances=3, update=STRICT).ready()
    failing(world, 0)
    world.behave("app:1", instance=0, ready=3.0)
    world.edit(image="app:2")
    world.until_phase(Phase.ROLLING_BACK)
    if end == "aborted":
        world.cluster.user_edit_update("web-g2", action=Action.ABORT)
    elif end == "deleted":
        world.cluster.user_delete_update("web-g2")
    else:
        world.until_ended()
        world.cluster.user_update("again", restart=True)
    world.run(60)
    assert set(world.images().values()) == {"app:1"}
    assert world.conditions() == {"Stalled", "Available", "UpdatePending"}
    assert (
        condition(world, "UpdatePending").reason == condition(world, "Stalled").reason == "KnownBad"
    )
    world.roll("app:3")
    world.run(10)
    assert world.conditions() == {"Ready", "Available"}


def test_a_failed_restart_of_a_revision_does_not_make_it_known_bad() -> None:
    """Although the revision is not the `currentRevision`: only a canary runs it."""
    world = World(instances=3, update={**STRICT, "mode": "Manual"}).ready()
    world.edit(image="app:2")
    world.cluster.user_update("canary", instances="0")
    world.until(lambda: world.named("canary").status.phase is Phase.ROLLED_FORWARD)
    world.behave("app:2", ready=None)
    world.cluster.user_update("again", instances="0", restart=True, revision=world.pod(0).revision)
    world.until(lambda: world.named("again").status.phase is Phase.FAILED)
    assert world.status.known_bad == ()
