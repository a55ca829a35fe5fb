"""How long something has not worked, and when it is tried again."""

from __future__ import annotations

import pytest

from controller.kube.errors import ApiError
from controller.kube.failures import SHORT, Failures
from tests.unit.kube.conftest import Clock

ERROR = ApiError(500, "InternalError", "no")


@pytest.fixture
def failures(clock: Clock) -> Failures:
    return Failures(clock)


def test_the_time_counts_from_the_first_failure_to_the_next_success(
    failures: Failures, clock: Clock
) -> None:
    clock.pass_by(100)
    assert failures.seconds == 0
    failures.failed(ERROR)
    clock.pass_by(5)
    failures.failed(ERROR)
    clock.pass_by(5)
    assert (failures.seconds, failures.count, failures.error) == (10, 2, ERROR)
    failures.succeeded()
    assert (failures.seconds, failures.count, failures.error) == (0, 0, None)


def test_a_watch_that_ends_at_once_was_no_success(failures: Failures, clock: Clock) -> None:
    failures.failed(ERROR)
    for _ in range(10):
        clock.pass_by(4)
        failures.opened()
        assert failures.seconds == 0, "it may stay open"
        clock.pass_by(SHORT / 2)
        failures.failed(ERROR)
    assert failures.seconds == 45


def test_a_watch_that_was_open_for_a_while_was_a_success(failures: Failures, clock: Clock) -> None:
    failures.failed(ERROR)
    clock.pass_by(4)
    failures.opened()
    clock.pass_by(30)
    failures.failed(ERROR)
    assert failures.seconds == 0


def test_pauses_grow_and_what_the_server_asks_for_is_obeyed(failures: Failures) -> None:
    pauses = [failures.failed(ERROR) for _ in range(12)]
    assert 0.05 <= pauses[0] <= 0.1
    assert all(5 <= pause <= 10 for pause in pauses[7:])
    assert failures.failed(ApiError(429, "TooManyRequests", "", retry_after=17)) == 17
