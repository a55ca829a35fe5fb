"""`echelon.dev/expected-parent`: a changed template waits until the Job is at that revision."""

from __future__ import annotations

import pytest

from controller.api.update import Phase
from tests.unit.core.admission.test_explicit import asked
from tests.unit.core.job.test_pending import condition
from tests.unit.core.sim import World

STRICT = {"maxFailuresPerInstance": 0}


def waiting(parent: str = "web-unknown", **given: object) -> World:
    """A Job whose new template waits for another parent."""
    world = World(instances=2, **given).ready()
    world.cluster.annotate(expected_parent=parent)
    world.edit(image="app:2")
    world.run(30)
    return world


def reason(world: World, name: str = "UpdatePending") -> str:
    return condition(world, name).reason


def test_the_template_waits_by_choice() -> None:
    world = waiting()
    assert not world.cluster.updates
    assert set(world.images().values()) == {"app:1"}
    assert len(world.cluster.revisions) == 1, "its revision says which parent it has: not yet"
    assert {"Ready", "UpdatePending"} <= world.conditions()
    assert "Stalled" not in world.conditions()
    assert reason(world) == "ParentMismatch"
    said = world.message("UpdatePending")
    assert "web-unknown" in said
    assert str(world.status.current_revision) in said
    world.quiet()


@pytest.mark.parametrize("right", ["current", "", None])
def test_it_goes_on_when_the_annotation_is_met_emptied_or_removed(right: str | None) -> None:
    world = waiting()
    current = world.status.current_revision
    world.cluster.annotate(expected_parent=current if right == "current" else right)
    world.until_ended()
    assert world.phase is Phase.ROLLED_FORWARD
    assert set(world.images().values()) == {"app:2"}
    assert "UpdatePending" not in world.conditions()
    world.quiet()


def test_scaling_goes_on_meanwhile() -> None:
    world = waiting()
    world.edit(instances=4)
    world.run(30)
    assert world.images() == dict.fromkeys(range(4), "app:1")
    world.edit(instances=1)
    world.run(30)
    assert world.images() == {0: "app:1"}
    assert reason(world) == "ParentMismatch"
    assert "Ready" in world.conditions()


def test_the_end_of_another_update_meets_it() -> None:
    """Two pipelines: who builds on what the other has shipped waits for it, and no longer."""
    world = World(instances=3).ready()
    world.behave("app:2", ready=20.0)
    world.edit(image="app:2")
    world.until_phase(Phase.ROLLING_FORWARD)
    next_parent = world.cluster.revision
    world.cluster.annotate(expected_parent=next_parent)
    world.edit(image="app:3")
    world.run(5)
    assert list(world.cluster.updates) == ["web-g2"], "beside an active Update that one goes on"
    assert world.phase is Phase.ROLLING_FORWARD
    assert reason(world) == "ParentMismatch"
    world.until(lambda: len(world.cluster.updates) == 2)
    assert world.named("web-g2").status.phase is Phase.ROLLED_FORWARD
    world.until_ended()
    assert set(world.images().values()) == {"app:3"}
    to = world.update.status.to
    assert to is not None
    assert to.parent == next_parent


def test_what_still_fits_supersedes() -> None:
    world = World(instances=3).ready()
    world.cluster.annotate(expected_parent=world.status.current_revision)
    world.behave("app:2", ready=20.0)
    world.edit(image="app:2")
    world.until_phase(Phase.ROLLING_FORWARD)
    world.edit(image="app:3")
    world.until(lambda: len(world.cluster.updates) == 2)
    world.until_ended()
    assert world.named("web-g2").status.phase is Phase.SUPERSEDED
    assert world.phase is Phase.ROLLED_FORWARD


def test_after_a_rollback_the_new_template_waits_and_the_old_failure_is_past() -> None:
    world = World(instances=2, update=STRICT).ready()
    world.behave("app:2", ready=0.5, crash=0.5)
    world.roll("app:2")
    world.run(5)
    assert {"Stalled", "RolledBack"} <= world.conditions()
    world.cluster.annotate(expected_parent=world.cluster.revision)
    world.edit(image="app:3")
    world.run(5)
    assert reason(world) == "ParentMismatch"
    assert {"Stalled", "RolledBack"} & world.conditions() == set()
    assert "Ready" in world.conditions()
    world.cluster.annotate(expected_parent=world.status.current_revision)
    world.until(lambda: world.phase is Phase.ROLLED_FORWARD)


def test_a_known_bad_template_is_not_a_wait_by_choice() -> None:
    world = World(instances=2, update=STRICT).ready()
    world.behave("app:2", ready=0.5, crash=0.5)
    world.roll("app:2")
    world.edit(image="app:1")
    world.run(30)
    world.cluster.annotate(expected_parent="web-unknown")
    world.edit(image="app:2")
    world.run(30)
    assert reason(world) == "KnownBad"
    assert "Stalled" in world.conditions()


def test_an_instance_that_is_down_is_said_all_the_same() -> None:
    world = waiting()
    world.behave("app:1", ready=None)
    world.kill(0)
    world.run(5)
    assert "Ready" not in world.conditions()
    world.run(200)
    assert "Stalled" in world.conditions()
    assert reason(world, "Stalled") == "InstanceNotReady"


def test_it_is_ignored_at_the_first_creation_in_manual_and_by_explicit_updates() -> None:
    world = World(instances=2, update={"mode": "Manual"})
    world.cluster.annotate(expected_parent="web-unknown")
    world.ready()
    world.edit(image="app:2")
    world.run(30)
    assert reason(world) == "Manual"
    asked(world, "mine")
    assert world.named("mine").status.phase is Phase.ROLLED_FORWARD
    assert set(world.images().values()) == {"app:2"}


def test_an_explicit_update_passes_a_template_that_waits() -> None:
    world = waiting()
    asked(world, "mine")
    assert world.named("mine").status.phase is Phase.ROLLED_FORWARD
    assert "UpdatePending" not in world.conditions()
    world.quiet()


def test_an_update_that_was_made_already_waits_too() -> None:
    world = World(instances=2).ready()

    def annotated() -> None:
        if world.cluster.updates and not world.cluster.job.metadata.annotations:
            world.cluster.annotate(expected_parent="web-unknown")

    world.after_step = annotated
    world.edit(image="app:2")
    world.run(30)
    status = world.update.status
    assert (status.phase, status.reason) == (Phase.PENDING, "ParentMismatch")
    assert reason(world) == "ParentMismatch"
    assert set(world.images().values()) == {"app:1"}
    world.after_step = lambda: None
    world.cluster.annotate(expected_parent=None)
    world.until_ended()
    assert world.phase is Phase.ROLLED_FORWARD


def test_a_refused_template_is_said_before_it_waits() -> None:
    world = World(instances=2).ready()
    world.cluster.bad_images["app:2"] = "no such field"
    world.edit(image="app:2")
    world.run(10)
    world.cluster.annotate(expected_parent="web-unknown")
    world.run(10)
    assert reason(world) == "InvalidTemplate"
    assert "Stalled" in world.conditions()
