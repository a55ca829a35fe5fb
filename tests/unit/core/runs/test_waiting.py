"""`echelon.dev/expected-parent` of Cron and Adhoc Jobs: a new template waits, as for a Service."""

from __future__ import annotations

import pytest

from controller.core.model.observed import Verdict
from controller.core.model.plan import KeepCronJob
from tests.unit.core.runs.test_cron import FIRST, SECOND
from tests.unit.core.runs.world import World, pod_template

PARENT = "echelon.dev/expected-parent"


def ran(kind: str, **spec: object) -> World:
    """A Job whose last run succeeded."""
    world = World.of(kind, **spec)
    world.settle()
    if kind == "Cron":
        world.now = FIRST
        world.tick(FIRST)
        world.settle()
    world.succeed(world.made[0])
    world.settle()
    return world


def shipped(world: World, parent: str | None = "web-unknown") -> World:
    """The Job with a new template that expects this parent; None: the present one."""
    world.annotations = {PARENT: parent or str(world.status.current_revision)}
    world.spec["template"] = pod_template("web:2")
    world.restart()
    world.settle()
    return world


@pytest.mark.parametrize("kind", ["Adhoc", "Cron"])
def test_the_template_waits_by_choice(kind: str) -> None:
    world = ran(kind)
    cron, before = world.cron, str(world.status.current_revision)
    shipped(world)
    assert world.true == {"Ready"}
    status, reason, message = world.condition("UpdatePending")
    assert (status, reason) == ("True", "ParentMismatch")
    words = f"the annotation {PARENT} is web-unknown, the Job's currentRevision is {before}"
    assert message == words
    assert (len(world.made), world.cron) == (1, cron)
    assert list(world.revisions) == [before], "its revision says which parent it has: not yet"
    assert world.settle().wake_at is None


@pytest.mark.parametrize("kind", ["Adhoc", "Cron"])
@pytest.mark.parametrize("right", ["current", "", None])
def test_it_goes_on_when_the_annotation_is_met_emptied_or_removed(
    kind: str, right: str | None
) -> None:
    world = shipped(ran(kind))
    cron, current = world.cron, str(world.status.current_revision)
    world.annotations = {} if right is None else {PARENT: current if right == "current" else right}
    world.settle()
    assert world.condition("UpdatePending")[:2] == ("False", "NotSupported")
    assert world.made[1:] == (["web-r2"] if kind == "Adhoc" else [])
    assert (world.cron != cron) == (kind == "Cron")


def test_the_revision_of_a_run_is_the_parent_while_it_is_active() -> None:
    """Two pipelines: who builds on what the other has shipped waits until that runs."""
    world = ran("Adhoc")
    world.spec["template"] = pod_template("web:2")
    theirs = world.revision
    world.spec["template"] = pod_template("web:1")
    shipped(world, None)
    assert world.status.current_revision == theirs
    world.annotations = {PARENT: theirs}
    world.spec["template"] = pod_template("web:3")
    world.restart()
    world.succeed("web-r2")
    world.settle()
    assert world.made == ["web-r1", "web-r2", "web-r3"]


def test_a_template_that_waits_kills_no_run() -> None:
    world = World.of(collisionPolicy="KillExisting")
    world.settle()
    shipped(world)
    assert not world.runs[0].deleted
    assert world.true == {"Reconciling"}
    assert "present template" not in world.condition("Reconciling")[2]
    assert world.condition("UpdatePending")[1] == "ParentMismatch"


def test_a_failed_run_stays_failed_meanwhile() -> None:
    world = World.of()
    world.settle()
    world.fail("web-r1")
    world.settle()
    shipped(world)
    assert world.condition("Stalled")[:2] == ("True", "FailedIndexes")
    assert world.condition("UpdatePending")[1] == "ParentMismatch"


def test_a_schedule_is_obeyed_while_the_template_waits() -> None:
    world = shipped(ran("Cron"))
    assert world.cron is not None
    made_from = world.cron.made_from
    world.spec["cron"] = {"schedule": "*/5 * * * *", "suspend": True}
    assert world.step() == KeepCronJob("web", None)
    world.settle()
    assert world.cron.settings[2] is True
    assert world.cron.made_from == made_from
    assert world.condition("Ready")[2].endswith("; suspended")
    assert world.condition("UpdatePending")[1] == "ParentMismatch"


def test_runs_go_on_while_the_template_waits() -> None:
    world = shipped(ran("Cron"))
    before = world.status.current_revision
    world.now = SECOND
    run = world.tick(SECOND)
    world.change(run.name, revision=before)
    world.settle()
    world.succeed(run.name)
    world.settle()
    assert world.true == {"Ready"}
    assert world.status.current_revision == before
    assert world.condition("UpdatePending")[1] == "ParentMismatch"


@pytest.mark.parametrize("kind", ["Adhoc", "Cron"])
def test_it_is_ignored_before_the_first_run(kind: str) -> None:
    world = World.of(kind)
    world.annotations = {PARENT: "web-unknown"}
    world.settle()
    assert world.condition("UpdatePending")[0] == "False"
    assert world.made == (["web-r1"] if kind == "Adhoc" else [])
    assert (world.cron is not None) == (kind == "Cron")


def test_a_cron_job_that_somebody_deleted_is_made_anew() -> None:
    world = shipped(ran("Cron"))
    world.cron = None
    world.settle()
    assert world.cron is not None
    assert world.condition("UpdatePending")[0] == "False"


def test_other_changes_do_not_wait() -> None:
    world = ran("Cron")
    world.annotations = {PARENT: "web-unknown"}
    world.spec["instances"] = 3
    world.spec["update"] = {"retryToken": "again"}
    cron = world.cron
    world.settle()
    assert world.cron != cron
    assert world.condition("UpdatePending")[0] == "False"


def test_a_refused_template_is_said_before_it_waits() -> None:
    world = ran("Adhoc")
    world.spec["template"] = pod_template("web:2")
    world.restart()
    world.refuses = Verdict(False, "InvalidTemplate", "no such field")
    world.settle()
    world.annotations = {PARENT: "web-unknown"}
    world.settle()
    assert world.condition("Stalled")[:2] == ("True", "InvalidTemplate")
    assert world.condition("UpdatePending")[0] == "False"


def test_an_announced_run_that_was_never_made_is_not_about_to_start() -> None:
    world = ran("Adhoc")
    world.spec["template"] = pod_template("web:2")
    world.restart()
    while not (world.status.last_run and world.status.last_run.name == "web-r2"):
        world.step()
    world.spec["template"] = pod_template("web:3")
    world.annotations = {PARENT: "web-unknown"}
    world.restart()
    world.settle()
    assert world.made == ["web-r1"]
    assert world.condition("Reconciling")[:2] == ("True", "ParentMismatch")
