"""Figures from turns."""

from __future__ import annotations

from typing import Any

import pytest

from hack.bench.compare import figures, per_instance
from hack.bench.scenarios.hour import Lap, growth
from hack.bench.scenarios.slope import slope
from hack.bench.turn import Turn


def turn(seconds: float, **more: Any) -> Turn:
    usual = {"told": seconds, "cpu": 1.0, "peak_mb": 100.0, "replaced": 10, "down": 10,
             "others": 0.0}  # fmt: skip
    return Turn(seconds, **(usual | more))


def test_ratios_are_those_of_the_medians() -> None:
    turns = {
        "echelon": [turn(2.0), turn(3.0), turn(40.0)],
        "floor": [turn(1.0, cpu=0.5), turn(2.0, cpu=0.5), turn(4.0, cpu=0.5)],
    }
    found = {figure.what: figure.value for figure in figures("recreate", turns)}
    assert found["seconds"] == 3.0
    assert found["seconds ÷ floor"] == pytest.approx(1.5)
    assert found["CPU ÷ floor"] == 2.0


def test_a_way_back_is_compared_per_replaced_instance() -> None:
    turns = {"echelon": [turn(6.0, replaced=6)], "floor": [turn(4.0, replaced=5)]}
    found = {figure.what: figure.value for figure in figures("rollback", turns)}
    assert found["seconds ÷ floor"] == pytest.approx(1.0 / 0.8)


def test_writes_of_leases_do_not_count() -> None:
    writes = {"delete pods": 10, "create pods": 10, "patch leases": 5}
    assert per_instance(turn(1.0, writes=writes)) == 2.0


def test_reactions_of_all_rounds_are_one_set() -> None:
    turns = {"echelon": [turn(1.0, reactions=[0.01]), turn(1.0, reactions=[0.03], lag=[0.002])]}
    found = {figure.what: figure for figure in figures("reaction", turns)}
    assert found["reaction, p50"].value == pytest.approx(20.0)
    assert found["reaction, p50"].note == "2 pairs; resolution 2.0 ms"


def test_without_echelon_there_is_nothing_to_compare() -> None:
    assert figures("recreate", {"floor": [turn(1.0)]}) == []


@pytest.mark.parametrize("power", [1.0, 1.5])
def test_the_slope_is_the_power_of_the_growth(power: float) -> None:
    assert slope({n: 0.01 * n**power for n in (100, 1_000, 10_000)}) == pytest.approx(power)


def test_growth_is_that_of_the_last_quarter_over_the_second() -> None:
    laps = [Lap(200.0, 9.0, 9.0), *(Lap(100.0, 1.0, 2.0) for _ in range(6)), Lap(110.0, 1.5, 2.0)]
    found = {figure.what: figure.value for figure in growth(laps, {"Updates": 3})}
    assert found["updates"] == 8
    assert found["memory per update, last ÷ second quarter"] == pytest.approx(1.05)
    assert found["CPU per update, last ÷ second quarter"] == pytest.approx(1.25)
