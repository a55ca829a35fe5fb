"""The registry of scenarios, and the budgets that name its figures."""

from __future__ import annotations

import pytest

from hack.bench.budgets import Budgets
from hack.bench.contestants import ALL
from hack.bench.contestants.floor import REFERENCE
from hack.bench.figures import Figure
from hack.bench.scenario import Sizes
from hack.bench.scenarios import SCENARIOS, default
from hack.bench.work import Replacement, Strategy, Work


def test_what_takes_too_long_or_needs_something_is_in_no_form(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(REFERENCE, raising=False)
    assert set(default(smoke=False)) == set(SCENARIOS) - {"hour", "floors"}
    assert set(default(smoke=True)) < set(default(smoke=False))
    monkeypatch.setenv(REFERENCE, "command")
    assert set(default(smoke=False)) == set(SCENARIOS) - {"hour"}


def test_every_scenario_of_the_smoke_form_has_budgets() -> None:
    assert set(Budgets.read().smoke) == set(default(smoke=True))


@pytest.mark.parametrize("form", ["smoke", "full"])
def test_budgets_are_of_existing_scenarios(form: str) -> None:
    budgets = Budgets.read()
    assert set(budgets.smoke if form == "smoke" else budgets.full) <= set(SCENARIOS)


def test_the_smoke_form_tolerates_more() -> None:
    budgets = Budgets(1.3, {"roll": {"ratio": 2.0}}, {"roll": {"ratio": 2.0}})
    figure = Figure("roll", "ratio", 2.5)
    for smoke, met in ((True, True), (False, False)):
        (judged,) = budgets.judge([figure], smoke)
        assert judged.met is met


def test_a_limit_that_was_computed_stays() -> None:
    (judged,) = Budgets(1.3, {}, {}).judge([Figure("large", "writes", 3, limit=2)], smoke=True)
    assert judged.met is False


def test_a_budget_without_a_figure_is_told() -> None:
    values = {"ratio": 2.0, "misspelt": 1.0, "seconds ÷ argo": 1.0}
    budgets = Budgets(1.3, {"roll": values}, {})
    there = [Figure("roll", "ratio", 1.0)]
    assert budgets.unmeasured("roll", there, {"argo"}, smoke=True) == ["misspelt"]
    assert budgets.unmeasured("roll", there, {}, smoke=True) == ["misspelt", "seconds ÷ argo"]
    assert budgets.unmeasured("another", [], {}, smoke=True) == []


def test_no_window_means_all_instances() -> None:
    assert Sizes(instances=7).in_flight == 7
    assert Sizes(instances=7, window=3).in_flight == 3
    assert Sizes(instances=7, window=30).in_flight == 7


@pytest.mark.parametrize("replacement", list(Replacement))
def test_two_versions_differ_in_what_their_pods_show(replacement: Replacement) -> None:
    work = Work(1, 1, replacement)
    assert work.mark(1) != work.mark(2)
    assert work.template(1) != work.template(2)
    container = work.template(2)["spec"]["containers"][0]
    shown = container["resources"]["requests"]["cpu"] if work.resizes else container["image"]
    assert shown == work.mark(2)


def test_contestants_say_what_they_can_do() -> None:
    able = {
        name
        for name, (kind, _) in ALL.items()
        if kind.can(Work(1, 1, Replacement.RESIZE, Strategy.BATCH))
    }
    assert able == {"echelon", "floor"}


def test_a_contestant_without_its_program_says_what_to_give(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("ARGO_ROLLOUTS_BIN", raising=False)
    monkeypatch.setenv("ARGO_ROLLOUTS_CRDS", "/")
    assert ALL["argo"][0].missing() == "ARGO_ROLLOUTS_BIN must be set to an existing path"
    assert ALL["deployment"][0].missing() is None
