"""Old revisions go, except those that somebody still needs."""

from __future__ import annotations

from controller.api.update import Phase
from tests.unit.core.sim import World


def test_a_revision_that_only_a_rollback_needs_is_kept() -> None:
    """Instance 0 came from the canary's revision, which no instance is assigned any more."""
    policy = {"mode": "Manual", "maxFailuresPerInstance": 0}
    world = World(instances=3, revisionHistoryLimit=0, update=policy).ready()
    world.edit(image="app:2")
    world.cluster.user_update("canary", instances="0")
    world.until(lambda: world.named("canary").status.phase is Phase.ROLLED_FORWARD)
    world.behave("app:3", instance=1, ready=None)
    world.edit(image="app:3")
    world.cluster.user_update("mine")
    world.until(lambda: world.named("mine").status.finished_at is not None)
    assert world.named("mine").status.phase is Phase.ROLLED_BACK
    assert world.images() == {0: "app:2", 1: "app:1", 2: "app:1"}
