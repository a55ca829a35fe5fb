"""A refused write holds up only what depends on it."""

from __future__ import annotations

import pytest

from controller.api.update import Phase
from tests.unit.core.admission.test_superseding import half_way
from tests.unit.core.sim import World
from tests.unit.core.sim.world import job

WORDS = "exceeded quota: few, requested: count/updates.echelon.dev=1"
UPDATE = "the Update"
REVISION = "ControllerRevision "


def refused(subject: str, **update: object) -> World:
    """A Job that was Ready and has a new template, whose Update cannot begin."""
    world = World(instances=3, update=update).ready()
    world.cluster.refused[subject] = WORDS
    world.edit(image="app:2")
    world.run(2)
    return world


@pytest.mark.parametrize("subject", [UPDATE, REVISION, "Update web-g2"])
def test_the_job_says_what_is_refused_and_everything_else_goes_on(subject: str) -> None:
    world = refused(subject)
    assert world.conditions() == {"Reconciling", "Available", "UpdatePending"}
    assert WORDS in world.message("UpdatePending")
    assert WORDS in world.message("Reconciling")
    assert subject in world.message("Ready")
    world.kill(1)
    world.edit(instances=4)
    world.until(lambda: world.status.available_instances == 4, within=30)
    assert set(world.images().values()) == {"app:1"}
    world.cluster.refused.clear()
    world.until_phase(Phase.ROLLED_FORWARD)
    world.run(5)
    assert world.conditions() == {"Ready", "Available"}
    assert set(world.images().values()) == {"app:2"}


def test_a_refused_write_needs_a_person_after_the_ready_timeout() -> None:
    world = refused(UPDATE, readyTimeoutSeconds=30)
    assert "Stalled" not in world.conditions()
    world.run(40)
    assert world.conditions() == {"Stalled", "Available", "UpdatePending"}
    assert WORDS in world.message("Stalled")
    # A restart of the operator does not take that back.
    world.restart()
    world.run(5)
    assert "Stalled" in world.conditions()


def test_the_job_shows_the_refusal_of_its_updates_status() -> None:
    world = half_way()
    name = world.update.metadata.name
    world.cluster.refused[f"Update {name}"] = WORDS
    world.run(45)
    assert f"Update {name} is refused: {WORDS}" in world.message("Reconciling")
    world.cluster.refused.clear()
    world.until_phase(Phase.ROLLED_FORWARD)
    world.run(5)
    assert WORDS not in world.message("Ready")


def test_a_back_off_grows() -> None:
    world = refused(UPDATE)
    world.run(600)
    held = world.operator.refused_writes[UPDATE]
    assert 10 <= held.tries <= 20


def test_putting_the_template_back_ends_the_refusal() -> None:
    world = refused(UPDATE)
    world.operator.refused_writes.clear()  # As the operator does for each new template.
    world.edit(image="app:1")
    world.run(5)
    assert world.conditions() == {"Ready", "Available"}


def test_a_first_creation_shows_that_its_revision_is_refused() -> None:
    world = World(job(instances=2, update={"readyTimeoutSeconds": 30}))
    world.cluster.refused[REVISION] = WORDS
    world.run(5)
    assert world.conditions() == {"Reconciling"}
    assert WORDS in world.message("Reconciling")
    world.run(40)
    assert world.conditions() == {"Stalled"}
    world.cluster.refused.clear()
    world.ready()


def test_an_active_update_goes_on_when_its_successor_is_refused() -> None:
    world = half_way()
    world.cluster.refused[UPDATE] = WORDS
    world.edit(image="app:3")
    world.until_ended()
    assert world.phase is Phase.ROLLED_FORWARD
    world.run(2)
    assert WORDS in world.message("UpdatePending")


def test_a_user_made_update_shows_that_its_revision_is_refused() -> None:
    world = World(instances=2, update={"mode": "Manual"}).ready()
    world.edit(image="app:2")
    world.cluster.refused[REVISION] = WORDS
    world.cluster.user_update("mine")
    world.run(5)
    status = world.named("mine").status
    assert (status.phase, status.reason) == (Phase.PENDING, "QuotaExceeded")
    assert WORDS in status.message
    world.cluster.refused.clear()
    world.until_ended()
    assert world.phase is Phase.ROLLED_FORWARD


@pytest.mark.parametrize("subject", ["the Job's status", "Update web-g2"])
def test_while_a_status_is_refused_lost_pods_come_back_and_no_replacement_starts(
    subject: str,
) -> None:
    world = half_way()
    world.cluster.refused[subject] = "a webhook is down"
    world.run(60)
    before = world.images()
    uids = world.uids()
    world.kill(3)
    world.run(60)
    assert world.images() == before
    assert {i for i, uid in world.uids().items() if uid != uids[i]} == {3}
    world.cluster.refused.clear()
    world.until_ended()
    assert world.phase is Phase.ROLLED_FORWARD


def test_a_failure_that_cannot_be_stored_keeps_its_pod() -> None:
    world = World(instances=2, update={"maxFailuresPerInstance": 3}).ready()
    world.behave("app:2", instance=1, end=20.0)
    world.edit(image="app:2")
    world.until(lambda: len(world.images_of("app:2")) == 2)
    world.cluster.refused["Update web-g2"] = "a webhook is down"
    uid = world.pod(1).uid
    world.run(60)
    assert (world.pod(1).uid, world.pod(1).ended) == (uid, True)
    world.behave("app:2", instance=1)
    world.cluster.refused.clear()
    world.until_ended()
    assert world.phase is Phase.ROLLED_FORWARD
    assert {count: str(ids) for count, ids in world.update.status.failure_counts.items()} == {
        "1": "1"
    }
