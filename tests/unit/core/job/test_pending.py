"""Conditions of a Job whose instances do not all run its template: `UpdatePending`, and with it
`Ready`, `Stalled` and `RolledBack`."""

from __future__ import annotations

from controller.api.meta import Condition
from controller.api.update import Action, Phase
from tests.unit.core.sim import World

STRICT = {"maxFailuresPerInstance": 0}
MANUAL = {"mode": "Manual", **STRICT}
ALWAYS = {"UpdatePending", "RolledBack"}


def condition(world: World, name: str, of: str | None = None) -> Condition:
    """A condition of the Job, or of an Update."""
    status = world.named(of).status if of else world.status
    return next(c for c in status.conditions if c.type == name)


def failing(world: World, instance: int = 1) -> None:
    world.behave("app:2", instance=instance, ready=0.5, crash=0.5)


def test_conditions_that_people_wait_for_are_always_there() -> None:
    world = World(instances=2, update=STRICT)
    lacking = []

    def look() -> None:
        for status, wanted in [(world.status, ALWAYS)] + [
            (u.status, {"Paused", "AwaitingPulse", "Succeeded", "Failed", "Complete"})
            for u in world.cluster.updates.values()
        ]:
            if status.observed_generation >= 0:
                lacking.extend(wanted - {c.type for c in status.conditions})

    world.after_step = look
    world.ready()
    failing(world)
    world.roll("app:2")
    world.run(5)
    assert world.phase is Phase.ROLLED_BACK
    assert lacking == []


def test_a_pending_update_that_is_being_admitted_has_its_conditions() -> None:
    world = World(instances=2).ready()
    seen = []

    def look() -> None:
        for update in world.cluster.updates.values():
            if update.status.phase is Phase.PENDING and update.status.policy is not None:
                seen.append(world.conditions(update.metadata.name))

    world.after_step = look
    world.roll("app:2")
    assert seen
    assert all(found == {"Reconciling"} for found in seen)


def test_a_job_is_ready_at_once_when_the_user_restores_the_template() -> None:
    """Mode Manual, rolled back, then the template that runs again: no Update is needed."""
    world = World(instances=2, update=MANUAL).ready()
    failing(world)
    world.edit(image="app:2")
    world.cluster.user_update("by-hand")
    world.run(30)
    assert world.phase is Phase.ROLLED_BACK
    assert world.conditions() == {"Stalled", "Available", "UpdatePending", "RolledBack"}
    world.edit(image="app:1")
    world.run(2)
    assert world.conditions() == {"Ready", "Available"}
    assert len(world.cluster.updates) == 1


def test_a_job_stays_stalled_after_a_failed_update_to_its_template() -> None:
    world = World(instances=2, update={**STRICT, "rollbackOnFailure": False}).ready()
    failing(world)
    world.roll("app:2")
    world.run(2)
    assert world.phase is Phase.FAILED
    assert world.assigned() == {"app:2": "0-1"}
    assert world.conditions() == {"Stalled", "Available"}


def test_a_canary_leaves_the_other_instances_at_their_revision_on_purpose() -> None:
    world = World(instances=3).ready()
    world.roll("app:2")
    older = sorted(world.cluster.revisions, key=lambda r: world.cluster.image(r))[0]
    world.cluster.user_update("canary", revision=older, instances="0")
    world.run(60)
    assert world.named("canary").status.phase is Phase.ROLLED_FORWARD
    assert world.conditions() == {"Ready", "Available", "UpdatePending"}
    assert condition(world, "UpdatePending").reason == "Canary"
    words = f"instance 0: revision {older} (canary was for some instances only)"
    assert condition(world, "UpdatePending").message == words
    assert words in condition(world, "Ready").message


def test_an_older_revision_on_purpose() -> None:
    world = World(instances=2).ready()
    world.roll("app:2")
    older = sorted(world.cluster.revisions, key=lambda r: world.cluster.image(r))[0]
    world.cluster.user_update("back", revision=older)
    world.run(60)
    assert world.conditions() == {"Ready", "Available", "UpdatePending"}
    assert condition(world, "UpdatePending").reason == "OlderRevision"
    assert f"instances 0-1: revision {older}" in condition(world, "Ready").message


def test_after_a_canary_in_mode_manual_an_update_is_still_pending() -> None:
    world = World(instances=3, update=MANUAL).ready()
    world.edit(image="app:2")
    world.cluster.user_update("canary", instances="0")
    world.run(60)
    assert world.assigned() == {"app:1": "1-2", "app:2": "0"}
    assert world.conditions() == {"Ready", "Available", "UpdatePending"}
    assert condition(world, "UpdatePending").reason == "Manual"
    assert "instances 1-2: revision" in condition(world, "Ready").message


def test_tolerated_failures_of_a_surge_leave_the_update_pending() -> None:
    surge = {**STRICT, "maxFailedInstances": 1, "replacement": "Surge"}
    world = World(instances=2, update=surge).ready()
    failing(world)
    world.roll("app:2")
    world.run(30)
    assert world.phase is Phase.ROLLED_FORWARD
    assert world.assigned() == {"app:1": "1", "app:2": "0"}
    assert world.conditions() == {"Ready", "Available", "UpdatePending"}
    assert condition(world, "UpdatePending").reason == "FailuresTolerated"


def test_after_a_deleted_update_its_template_is_pending() -> None:
    world = World(instances=2).ready()
    world.edit(image="app:2")
    world.until_phase(Phase.ROLLING_FORWARD)
    world.cluster.user_delete_update("web-g2")
    world.run(60)
    assert condition(world, "UpdatePending").reason == "Aborted"
    assert "web-g2: it was deleted" in condition(world, "UpdatePending").message


def test_the_job_of_a_paused_update_is_reconciling_as_the_update_is() -> None:
    world = World(instances=2).ready()
    world.edit(image="app:2")
    world.until_phase(Phase.ROLLING_FORWARD)
    world.cluster.user_edit_update("web-g2", paused=True)
    world.run(30)
    assert world.conditions("web-g2") == {"Reconciling", "Paused"}
    assert world.conditions() & {"Ready", "Reconciling", "Stalled"} == {"Reconciling"}


def test_a_new_template_never_makes_a_stalled_job_look_stalled_again() -> None:
    """An instance of the old template is down for long; no report about the new generation says
    so."""
    world = World(instances=2, update={"readyTimeoutSeconds": 5}).ready()
    world.behave("app:1", instance=1, ready=None)
    world.kill(1)
    world.until(lambda: "Stalled" in world.conditions())
    assert condition(world, "Stalled").reason == "InstanceNotReady"
    wrong = []

    def look() -> None:
        if world.status.observed_generation == 2 and "Stalled" in world.conditions():
            wrong.append(condition(world, "Stalled"))

    world.after_step = look
    world.roll("app:2")
    world.run(5)
    assert world.phase is Phase.ROLLED_FORWARD
    assert wrong == []


def overruled(world: World) -> None:
    """A bad template with a larger count rolls back slowly."""
    failing(world, 0)
    world.behave("app:1", instance=0, ready=30.0)
    world.edit(image="app:2", instances=5)
    world.until_phase(Phase.ROLLING_BACK)


def test_a_deleted_rollback_leaves_its_known_bad_revision_and_refused_count() -> None:
    world = World(instances=3, update=STRICT).ready()
    overruled(world)
    world.run(1)
    world.cluster.user_delete_update("web-g2")
    world.run(60)
    assert [(bad.images, bad.reason[:17]) for bad in world.status.known_bad] == [
        (("app:2",), "instance 0 failed")
    ]
    assert world.status.instances_refused == 5
    assert world.status.instances_in_force == len(world.cluster.pods)
    world.roll("app:1")
    world.edit(image="app:2")
    world.run(20)
    assert condition(world, "UpdatePending").reason == "KnownBad"


def test_a_deleted_rollback_leaves_no_gap_in_the_ids() -> None:
    world = World(instances=5, update=STRICT).ready()
    world.behave("app:1", instance=2, ready=30.0)
    world.edit(image="app:2", instances=2)
    world.until(lambda: str(world.observer.intended) == "0-1,4")
    world.cluster.user_edit_update("web-g2", action=Action.ROLLBACK)
    world.until(lambda: str(world.observer.intended) == "0-2,4")
    world.cluster.user_delete_update("web-g2")
    world.run(60)
    assert sorted(world.images()) == [0, 1, 2, 3, 4]
    assert world.status.instances_refused == 2


def test_a_superseded_rollback_leaves_its_known_bad_revision() -> None:
    world = World(instances=3, update=STRICT).ready()
    overruled(world)
    world.edit(image="app:3")
    world.until(lambda: len(world.cluster.updates) == 2)
    world.until_ended()
    world.run(10)
    assert world.phase is Phase.ROLLED_FORWARD
    assert world.images() == dict.fromkeys(range(3), "app:3")
    assert [bad.images for bad in world.status.known_bad] == [("app:2",)]
    assert world.status.instances_refused == 5
    assert world.status.instances_in_force == 3
    world.quiet()


def test_a_known_bad_older_revision_has_its_own_images() -> None:
    world = World(instances=3, update=STRICT).ready()
    world.roll("app:2")
    older = next(r for r in world.cluster.revisions if world.cluster.image(r) == "app:1")
    world.behave("app:1", instance=0, ready=0.5, crash=0.5)
    world.cluster.user_update("back", revision=older)
    world.run(60)
    assert world.named("back").status.phase is Phase.ROLLED_BACK
    assert [(b.revision, b.images) for b in world.status.known_bad] == [(older, ("app:1",))]
    assert world.conditions() == {"Ready", "Available"}


def test_a_known_bad_revision_has_its_own_images_after_another_template() -> None:
    world = World(instances=3, update={**MANUAL, "rollbackOnFailure": False}).ready()
    failing(world, 0)
    world.edit(image="app:2")
    world.cluster.user_update("by-hand")
    world.until_phase(Phase.ROLLING_FORWARD)
    world.edit(image="app:3")
    world.run(30)
    assert world.phase is Phase.FAILED
    assert [b.images for b in world.status.known_bad] == [("app:2",)]


def test_a_message_names_an_overruled_count_once() -> None:
    world = World(instances=3, update=STRICT).ready()
    world.behave("app:2", ready=None, crash=1.0, stop=30.0)
    world.behave("app:2", instance=3, crash=1.0, stop=30.0)
    world.edit(image="app:2", instances=5)
    world.until(lambda: world.status.instances_refused == 5)
    world.cluster.user_delete_update("web-g2")
    world.run(60)
    assert world.conditions() == {"Stalled", "Available", "UpdatePending"}
    for name in ("Stalled", "UpdatePending"):
        words = condition(world, name).message
        assert words.count("web-g2 overruled spec.instances (5)") == 1
