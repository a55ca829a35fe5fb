"""One chain of waits holds the operator's Updates and those of people, in the same words."""

from __future__ import annotations

import pytest

from controller.api.update import Phase
from controller.core.admission import waits
from controller.core.model.context import Context
from controller.core.model.observed import Verdict
from tests.unit.core.admission.test_explicit import asked, manual
from tests.unit.core.sim import World

DOWN = Verdict(False, "Unreachable", "the webhook is down", ask_again=5.0, answered=False)


def hold(monkeypatch: pytest.MonkeyPatch) -> None:
    """One more wait at the end of the chain."""

    def later(_: Context, __: waits.Candidate) -> waits.Wait | None:
        return "Later", "the moon is full"

    monkeypatch.setattr(waits, "WAITS", (*waits.WAITS, later))


def test_nothing_to_wait_for() -> None:
    world = World().ready()
    context = Context(world.operator.observe(), world.now)
    assert waits.first(context, waits.Candidate(world.cluster.revision, Verdict(True))) is None


def test_the_first_wait_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World().ready()
    context = Context(world.operator.observe(), world.now)
    hold(monkeypatch)
    found = waits.first(context, waits.Candidate(verdict=DOWN))
    assert found == ("Unreachable", "the template cannot be checked: the webhook is down")
    assert waits.first(context, waits.Candidate()) == ("Later", "the moon is full")


def test_a_refused_template_is_no_wait() -> None:
    world = World().ready()
    context = Context(world.operator.observe(), world.now)
    assert waits.first(context, waits.Candidate(verdict=Verdict(False, "Invalid", "no"))) is None


def test_the_operators_update_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World().ready()
    hold(monkeypatch)
    world.edit(image="app:2")
    world.run(30)
    assert not world.cluster.updates, "none is made meanwhile"
    assert world.message("UpdatePending") == "the moon is full"
    monkeypatch.undo()
    world.edit(image="app:3")
    world.until_ended()
    assert set(world.images().values()) == {"app:3"}


def test_an_update_of_a_person_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    world = manual()
    hold(monkeypatch)
    world.cluster.user_update("mine")
    world.run(30)
    status = world.named("mine").status
    assert (status.phase, status.reason, status.message) == (
        Phase.PENDING,
        "Later",
        "the moon is full",
    )
    monkeypatch.undo()
    asked(world, "another", instances="0")
    world.run(60)
    assert world.named("mine").status.phase is Phase.ROLLED_FORWARD
