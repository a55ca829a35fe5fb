"""For how long instances have been available: percentiles, and how many that long."""

from __future__ import annotations

from decimal import Decimal

import pytest

from controller.api.ids import Ids
from controller.core.pods.index import Instances
from controller.core.pods.uptime import (
    PERCENTS,
    at_percent,
    available_since,
    up_count,
    uptimes,
)
from tests.unit.core.pods.test_index import pod
from tests.values import replace

#: Ten instances: uptimes of 10 s to 100 s.
TEN = uptimes([1000.0 - 10 * n for n in range(1, 11)], 10, 1000.0)


@pytest.mark.parametrize(
    ("percent", "seconds"),
    [(50, 60.0), (75, 30.0), (90, 20.0), (95, 10.0), (99, 10.0), (100, 10.0), (1, 100.0)],
)
def test_at_least_so_many_percent_have_been_available_for_so_long(
    percent: int, seconds: float
) -> None:
    assert at_percent(TEN, percent) == seconds
    assert 10 * up_count(TEN, seconds) >= percent
    longer = [each for each in TEN if each > seconds]
    assert all(10 * up_count(TEN, each) < percent for each in longer), "no longer time would do"


def test_instances_that_are_not_available_count_with_0() -> None:
    found = uptimes([900.0, 950.0], 4, 1000.0)
    assert found == [0.0, 0.0, 50.0, 100.0]
    assert [at_percent(found, percent) for percent in PERCENTS] == [50.0, 0.0, 0.0, 0.0, 0.0]
    assert (up_count(found, 60.0), up_count(found, 50.0)) == (1, 2)


def test_one_percentage_with_a_fraction_of_a_thousand_instances() -> None:
    found = uptimes([float(n) for n in range(1000)], 1000, 1000.0)
    assert at_percent(found, Decimal("99.9")) == 2.0
    assert at_percent(found, 100) == 1.0


def test_without_instances_there_is_no_uptime() -> None:
    assert (at_percent([], 50), up_count([], 60.0)) == (0.0, 0)


def test_since_when_instances_are_available() -> None:
    store = Instances("job", min_ready=5)
    store.put(pod(0, ready=True, ready_since=100.0))
    store.put(pod(1, ready=True, ready_since=104.0))
    store.put(pod(2, ready=True, ready_since=90.0))
    store.put(pod(3, ready=True, ready_since=100.0, deleted=106.0))
    store.advance(107.0)
    assert sorted(available_since(store, Ids([0, 1, 3]))) == [105.0]


def test_in_a_surge_the_older_pod_counts() -> None:
    store = Instances("job")
    store.put(pod(0, ready=True, ready_since=100.0))
    twin = replace(pod(0, uid="twin"), name="web-0-s", surge=True, revision="web-b")
    store.put(replace(twin, ready=True, ready_since=200.0))
    store.put(replace(twin, instance=1, name="web-1-s", uid="new", ready=True, ready_since=300.0))
    store.advance(400.0)
    assert sorted(available_since(store, Ids([0, 1]))) == [100.0, 300.0]
