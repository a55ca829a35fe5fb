"""How long pods took to be assigned and to become good, and instances to recover: each is counted
once, and not what was so before."""

from __future__ import annotations

import pytest

from controller.api.ids import NONE, Ids
from controller.core.pods.index import Instances
from controller.core.pods.timings import Timings
from tests.unit.core.pods.test_index import pod


def ready(i: int, version: int, created: float, since: float) -> object:
    return pod(
        i, version, phase="Running", ready=True, created=created, ready_since=since, stamps=()
    )


def counted(store: Instances) -> tuple[int, float]:
    return store.timings.good.count, store.timings.good.seconds


def test_a_pod_is_counted_when_it_is_good_for_the_first_time() -> None:
    store = Instances("job", min_ready=5)
    store.advance(100.0)
    store.put(ready(0, 1, created=100, since=103))  # type: ignore[arg-type]
    store.advance(107.0)
    assert counted(store) == (0, 0.0)
    store.advance(108.0)
    assert counted(store) == (1, 8.0)


@pytest.mark.parametrize("min_ready", [0, 5])
def test_no_pod_is_counted_twice(min_ready: int) -> None:
    store = Instances("job", min_ready=min_ready)
    store.advance(100.0)
    store.put(ready(0, 1, created=100, since=103))  # type: ignore[arg-type]
    store.put(ready(0, 2, created=100, since=103))  # type: ignore[arg-type]
    store.advance(110.0)
    store.put(pod(0, 3, phase="Running", created=100))
    store.put(ready(0, 4, created=100, since=120))  # type: ignore[arg-type]
    store.advance(130.0)
    assert counted(store) == (1, 3.0 + min_ready)


def test_what_was_good_before_the_first_look_is_not_counted() -> None:
    store = Instances("job")
    store.put(ready(0, 1, created=50, since=60))  # type: ignore[arg-type]
    store.advance(100.0)
    assert counted(store) == (0, 0.0)


def test_another_job_of_the_name_begins_anew() -> None:
    store = Instances("job")
    store.advance(100.0)
    store.put(ready(0, 1, created=100, since=103))  # type: ignore[arg-type]
    store.advance(104.0)
    store.belong_to("other")
    assert counted(store) == (0, 0.0)


def test_a_pod_is_assigned_once_when_its_node_is_seen_for_the_first_time() -> None:
    store = Instances("job")
    store.put(pod(0, 1, created=100.0, bound=101.0))
    assert store.timings.assigned.total == (0, 0.0), "the scheduler only found no node for it"
    store.put(pod(0, 2, created=100.0, bound=104.0, node="n1"))
    store.put(pod(0, 3, created=100.0, bound=104.0, node="n1", phase="Running"))
    assert store.timings.assigned.total == (1, 4.0)
    store.put(pod(1, 4, created=100.0, bound=160.0, node="n1"))
    assert store.timings.assigned.total == (1, 4.0), "one that was bound when it was first seen"


ALL = Ids.span(0, 3)


def test_an_instance_that_was_lost_recovers_once() -> None:
    timings = Timings()
    timings.compare(ALL, ALL, NONE, 100.0)
    timings.compare(ALL - Ids([1]), ALL, NONE, 110.0)
    timings.compare(ALL - Ids([1]), ALL, NONE, 120.0)
    assert timings.recovery.total == (0, 0.0)
    timings.compare(ALL, ALL, NONE, 125.0)
    timings.compare(ALL, ALL, NONE, 130.0)
    assert timings.recovery.total == (1, 15.0)


def test_what_an_update_has_in_work_is_not_lost() -> None:
    timings = Timings()
    timings.compare(ALL, ALL, NONE, 100.0)
    timings.compare(NONE, ALL, Ids([0, 1]), 110.0)
    timings.compare(ALL, ALL, NONE, 130.0)
    assert timings.recovery.total == (1, 20.0), "only instance 2, which is not in the batch"


def test_what_was_lost_before_an_update_took_it_stays_lost() -> None:
    timings = Timings()
    timings.compare(ALL, ALL, NONE, 100.0)
    timings.compare(ALL - Ids([0]), ALL, NONE, 110.0)
    timings.compare(ALL - Ids([0]), ALL, Ids([0]), 120.0)
    timings.compare(ALL, ALL, Ids([0]), 140.0)
    assert timings.recovery.total == (1, 30.0)


def test_instances_that_a_scale_removed_or_added_did_not_recover() -> None:
    timings, two = Timings(), Ids.span(0, 2)
    timings.compare(ALL, ALL, NONE, 100.0)
    timings.compare(two, ALL, NONE, 110.0)
    timings.compare(two, two, NONE, 120.0)
    timings.compare(Ids([0]), Ids([0]), NONE, 125.0)
    timings.compare(ALL, ALL, NONE, 900.0)
    assert timings.recovery.total == (0, 0.0)


def test_instances_that_come_up_for_the_first_time_did_not_recover() -> None:
    timings = Timings()
    timings.compare(NONE, ALL, NONE, 100.0)
    timings.compare(ALL, ALL, NONE, 110.0)
    assert timings.recovery.total == (0, 0.0)


def test_a_longer_min_ready_seconds_loses_no_instance() -> None:
    timings = Timings()
    timings.compare(ALL, ALL, NONE, 100.0)
    assert timings.is_settled(ALL, 0.0)
    assert not timings.is_settled(ALL, 60.0)
    timings.apply(60.0)
    timings.compare(NONE, ALL, NONE, 110.0)
    timings.apply(60.0)
    timings.compare(ALL, ALL, NONE, 160.0)
    assert timings.recovery.total == (0, 0.0)
    timings.compare(NONE, ALL, NONE, 170.0)
    timings.apply(60.0)
    timings.compare(ALL, ALL, NONE, 180.0)
    assert timings.recovery.total == (3, 30.0)
