"""The clock of the operator, while the clock of its machine is set."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import pytest

from controller.clock import RATE, SteadyClock

HOUR = 3600.0


@dataclass
class Machine:
    wall: float = 1_000_000.0
    count: float = 50.0

    def pass_(self, seconds: float) -> None:
        self.wall += seconds
        self.count += seconds


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.fixture
def clock(machine: Machine) -> SteadyClock:
    return SteadyClock(lambda: machine.wall, lambda: machine.count)


def test_it_goes_with_the_wall_clock(machine: Machine, clock: SteadyClock) -> None:
    for _ in range(1000):
        machine.pass_(0.1)
    assert clock() == pytest.approx(machine.wall)


@pytest.mark.parametrize("jump", [HOUR, -HOUR])
def test_a_jump_that_is_taken_back_is_hardly_felt(
    machine: Machine, clock: SteadyClock, jump: float
) -> None:
    begun = clock()
    machine.wall += jump
    for _ in range(10):
        machine.pass_(1.0)
        clock()
    assert clock() - begun == pytest.approx(10.0, abs=10 * RATE + 0.01)
    machine.wall -= jump
    machine.pass_(60.0)
    assert clock() == pytest.approx(machine.wall)


def test_it_follows_a_clock_that_was_set_for_good(machine: Machine, clock: SteadyClock) -> None:
    machine.wall += 60.0
    machine.pass_(60.0 / RATE + 1)
    assert clock() == pytest.approx(machine.wall)


def test_it_never_goes_back(machine: Machine, clock: SteadyClock) -> None:
    before = clock()
    machine.wall -= HOUR
    for _ in range(100):
        machine.pass_(0.01)
        assert clock() >= before
        before = clock()


def test_a_machine_that_was_suspended_is_no_jump(
    machine: Machine, clock: SteadyClock, caplog: pytest.LogCaptureFixture
) -> None:
    machine.pass_(8 * HOUR)
    assert clock() == pytest.approx(machine.wall)
    assert not caplog.records


def test_the_log_tells_of_a_jump_and_of_its_end_once(
    machine: Machine, clock: SteadyClock, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, logger="controller.clock"):
        for jump in (HOUR, 0.0, -HOUR, 0.0):
            machine.wall += jump
            machine.pass_(1.0)
            clock()
    jumped, agrees = (record.getMessage() for record in caplog.records)
    assert jumped == "the clock of this machine jumped by +3600 s; this operator follows slowly"
    assert "agrees" in agrees
