"""Who stands for the Leases: who sees all kinds, and has CRDs that lose nothing."""

from __future__ import annotations

import asyncio

import pytest

from controller.candidacy import Candidacy
from tests.unit.kube.conftest import Clock


class Elections:
    def __init__(self) -> None:
        self.failing = False
        self.able = False

    def stand(self, able: bool) -> None:
        self.able = able


class Lists:
    """Feeds that have failed for some seconds."""

    def __init__(self) -> None:
        self.synced = True
        self.failing_for = 0.0

    def problem(self, seconds: float) -> str | None:
        return "cannot follow pods: no" if self.failing_for > seconds else None


class Check:
    def __init__(self) -> None:
        self.fit = asyncio.Event()
        self.fit.set()


class Stage:
    def __init__(self) -> None:
        self.elector, self.lists, self.crds, self.clock = Elections(), Lists(), Check(), Clock()
        self.candidacy = Candidacy(
            self.elector,  # type: ignore[arg-type]
            self.lists,  # type: ignore[arg-type]
            self.crds,  # type: ignore[arg-type]
            15.0,
            self.clock,
        )

    def stands(self) -> bool:
        self.candidacy.look()
        return self.elector.able


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_who_has_filled_caches_and_crds_that_fit_stands(stage: Stage) -> None:
    assert stage.stands()
    stage.crds.fit.clear()
    assert not stage.stands()
    stage.crds.fit.set()
    stage.lists.synced = False
    assert not stage.stands()
    assert stage.candidacy.blindness() == "not filled yet"


def test_who_is_refused_for_two_durations_of_a_lease_does_not_stand(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    stage.lists.failing_for = 29.0
    assert stage.stands()
    stage.lists.failing_for = 31.0
    assert not stage.stands()
    assert not stage.stands()
    assert stage.candidacy.blindness() == "cannot follow pods: no"
    assert caplog.messages == ["this operator stands for no Lease: it cannot follow pods: no"]
    stage.lists.failing_for = 0.0
    assert stage.stands()


def test_after_an_outage_whoever_gets_the_lease_has_time_to_list(stage: Stage) -> None:
    stage.elector.failing, stage.lists.failing_for = True, 600.0
    assert stage.stands()
    assert stage.candidacy.blindness() is None, "nobody sees more"
    stage.elector.failing = False
    stage.clock.pass_by(29)
    assert stage.stands()
    stage.clock.pass_by(2)
    assert not stage.stands()
