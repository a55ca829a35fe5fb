"""Pairs of an instance that became good and the next request."""

from __future__ import annotations

import pytest

from hack.bench.audit import Write
from hack.bench.observer import Turned
from hack.bench.reaction import lag, of_turn, quantile, reactions
from hack.bench.work import Replacement, Strategy, Work


def test_in_a_queue_each_good_instance_lets_one_more_start() -> None:
    work = Work(instances=5, window=2)
    # The first two requests need no good instance; the last two good ones let nothing start.
    found = reactions([10.0, 11.0, 12.0, 13.0, 14.0], [1.0, 1.0, 10.5, 11.25, 12.0], work)
    assert found == [0.5, 0.25, 0.0]


def test_the_order_of_events_does_not_matter() -> None:
    assert reactions([11.0, 10.0], [10.5, 1.0], Work(instances=2, window=1)) == [0.5]


def test_in_batches_only_the_first_request_of_a_group_has_a_pair() -> None:
    work = Work(instances=5, window=2, strategy=Strategy.BATCH)
    found = reactions([10.0, 11.0, 22.0, 23.0, 34.0], [1.0, 1.0, 11.5, 11.6, 23.25], work)
    assert found == [0.5, 0.25]


@pytest.mark.parametrize(
    "work",
    [Work(2, 2), Work(2, 1, Replacement.SURGE), Work(2, 1, jobs=2)],
    ids=["all at once", "surge", "many jobs"],
)
def test_work_without_pairs_has_no_reactions(work: Work) -> None:
    turned = [Turned(1.0, "web-0", work.mark(2)), Turned(2.0, "web-1", work.mark(2))]
    assert of_turn(turned, [_write(0.5), _write(1.5, name="web-1")], ["us"], work) == []


def test_only_requests_of_the_contestant_that_take_a_pod_down_count() -> None:
    work = Work(2, 1)
    turned = [Turned(0.1, "web-9", work.mark(1)), Turned(1.0, "web-0", work.mark(2))]
    writes = [_write(0.5), _write(0.75, agent="them"), _write(1.1, what="create pods"),
              _write(1.5, name="web-1")]  # fmt: skip
    assert of_turn(turned, writes, ["us"], work) == [0.5]


def test_of_several_requests_for_a_pod_the_first_counts() -> None:
    work = Work(2, 1, Replacement.RESIZE)
    turned = [Turned(1.0, "web-0", work.mark(2)), Turned(9.0, "web-1", work.mark(2))]
    dry, wet = "dry-run patch pods/resize", "patch pods/resize"
    writes = [_write(0.25, what=dry), _write(0.5, what=wet)]
    writes += [_write(1.25, what=dry, name="web-1"), _write(1.5, what=wet, name="web-1")]
    assert of_turn(turned, writes, ["us"], work) == [0.25]


def test_the_resolution_is_how_much_later_the_observer_sees_a_creation() -> None:
    made = _write(1.0, what="create pods")
    assert lag({"web-0": 1.25, "web-7": 9.0}, [made, _write(2.0)]) == [0.25]


@pytest.mark.parametrize(("values", "expected"), [([], 0.0), ([3.0], 3.0), ([1.0, 2.0, 3.0], 2.0)])
def test_quantiles_exist_for_few_values(values: list[float], expected: float) -> None:
    assert quantile(values, 50) == expected


def _write(at: float, agent: str = "us", what: str = "delete pods", name: str = "web-0") -> Write:
    return Write(at, at, agent, what, name)
