"""Backups, copies, orphans: what comes back without its status, or under another uid."""

from __future__ import annotations

from typing import Any

import pytest

from controller.api.update import Phase
from tests.unit.core.sim import World

MANUAL = {"mode": "Manual"}


@pytest.mark.parametrize(
    ("spec", "phase"),
    [
        ({"instances": "9"}, Phase.REJECTED),
        ({"revision": "web-other"}, Phase.REJECTED),
        ({"dry_run": True}, Phase.PLANNED),
        ({}, Phase.ROLLED_FORWARD),
    ],
)
@pytest.mark.parametrize("with_status", [False, True])
def test_an_update_that_was_judged_is_final_after_a_restore(
    spec: dict[str, Any], phase: Phase, with_status: bool
) -> None:
    world = World(instances=2, update=MANUAL).ready()
    world.edit(image="app:2")
    world.cluster.user_update("mine", **spec)
    world.until_ended()
    assert world.phase is phase
    world.edit(image="app:3", instances=12)
    world.run(30)
    world.cluster.restore_update("mine", status=with_status)
    world.run(60)
    status = world.named("mine").status
    if with_status:
        assert status.phase is phase
    else:
        assert (status.phase, status.reason) == (Phase.ABORTED, "Restored")
        assert "remove the annotation echelon.dev/admitted to run it" in status.message
    assert "app:3" not in world.images().values()
