"""What a Job says about its last Update: why it ended, who wanted it, and which count it keeps."""

from __future__ import annotations

import pytest

from controller.api.ids import Ids
from controller.api.update import Action, Phase
from controller.core.model import conditions as cond
from tests.unit.core.sim import World

STRICT = {"maxFailuresPerInstance": 0}


def message(world: World, condition: str = cond.STALLED) -> str:
    """The message of a condition of the Job; the condition must be True."""
    match = next(c for c in world.status.conditions if c.type == condition)
    assert match.status == "True", world.story()
    return match.message


def rolling(**kwargs: object) -> World:
    world = World(instances=3, **kwargs).ready()
    world.edit(image="app:2")
    world.until(lambda: "app:2" in world.images().values())
    return world


def test_a_requested_rollback_names_who_requested_it_and_why() -> None:
    world = rolling()
    world.cluster.user_edit_update("web-g2", action=Action.ROLLBACK, message="checkout\nis slow")
    world.until_ended()
    assert world.phase is Phase.ROLLED_BACK
    words = "web-g2: rollback requested by unknown: checkout is slow"
    assert message(world) == message(world, cond.ROLLED_BACK) == words
    world.cluster.user_delete_update("web-g2")
    world.run(30)
    assert message(world) == words


def test_an_abort_half_way_names_who_requested_it_and_why() -> None:
    world = rolling()
    world.cluster.user_edit_update("web-g2", action=Action.ABORT, message="x" * 500)
    world.until_ended()
    assert world.phase is Phase.ABORTED
    words = f"aborted by unknown: {'x' * 159}…"
    assert world.update.status.message == words
    assert message(world) == f"web-g2: {words}; instances are at different revisions"


def test_an_update_that_was_deleted_half_way_is_named() -> None:
    world = rolling()
    world.cluster.user_delete_update("web-g2")
    world.run(30)
    assert message(world) == "web-g2: it was deleted; instances are at different revisions"


def test_a_failed_update_names_itself_once() -> None:
    world = World(instances=3, update={**STRICT, "rollbackOnFailure": False}).ready()
    world.behave("app:2", ready=None)
    world.roll("app:2")
    assert world.phase is Phase.FAILED
    assert message(world) == "web-g2: instance 0 failed: ReadyTimeout, not Ready within 60s"


def test_a_failed_rollback_names_the_instance_that_failed() -> None:
    world = World(instances=3, update=STRICT).ready()
    world.behave("app:2", ready=None)
    world.behave("app:1", instance=0, ready=None)
    world.roll("app:2")
    assert world.phase is Phase.FAILED
    assert message(world).startswith("web-g2: the rollback failed: instance 0 failed: ReadyTimeout")


@pytest.mark.parametrize(
    ("updated", "who"), [(0, "instance 0 needs it"), (1, "instances 0-1 need it")]
)
def test_an_update_that_cannot_continue_names_the_revision_and_who_needs_it(
    updated: int, who: str
) -> None:
    world = World(instances=3, update=STRICT).ready()
    old = world.status.current_revision
    world.behave("app:2", instance=updated, ready=None)
    world.edit(image="app:2")
    world.until_phase(Phase.ROLLING_FORWARD)
    world.until(lambda: world.update.status.instances.updating == Ids([updated]))
    gone = world.cluster.revisions.pop(str(old))
    world.cluster.tell("revision", gone.name, gone.uid, None)
    world.until_ended()
    assert world.phase is Phase.ERROR
    words = f"ControllerRevision {old} is gone, and {who}; update to a revision that exists"
    assert world.update.status.message == words
    assert message(world) == f"web-g2: {words}"


@pytest.mark.parametrize("count", [1, 5])
def test_a_count_that_a_rollback_overruled_is_explained_with_what_to_do(count: int) -> None:
    world = World(instances=3, update=STRICT).ready()
    world.behave("app:2", instance=0, ready=None)
    world.roll("app:2", instances=count)
    assert world.phase is Phase.ROLLED_BACK
    words = (
        f"; web-g2 overruled spec.instances ({count}): the Job keeps 3 instances until "
        "spec.instances changes; percentages of PodDisruptionBudgets count against spec.instances "
        f"({count}) and may block every eviction: set spec.instances to 3, or to the count you want"
    )
    assert message(world).endswith(words)
    # The user restores the template: the Job is well, but its count is not what its spec says.
    world.edit(image="app:1")
    world.run(10)
    words = f"an earlier Update overruled spec.instances ({count})"
    assert words in message(world, cond.READY)
    world.edit(instances=3)
    world.run(10)
    assert "overruled" not in message(world, cond.READY)
