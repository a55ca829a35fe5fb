"""Which instances count for `spec.sla`: those that have been good for long enough."""

from __future__ import annotations

from controller.api.ids import NONE, Ids
from controller.core.pods.index import Instances
from tests.unit.core.pods.test_index import pod
from tests.values import replace


def counting(store: Instances, now: float) -> Ids:
    store.advance(now)
    return store.view().counting


def made(lasting: float = 100) -> Instances:
    store = Instances("job")
    store.set_times(5, lasting)
    store.put(pod(0, ready=True, ready_since=100.0))
    return store


def test_an_instance_counts_after_the_time_in_which_it_was_good() -> None:
    store = made()
    assert counting(store, 204.9) == NONE
    assert store.view().good == Ids([0])
    assert store.view().next_counting == 205.0
    assert counting(store, 205.0) == Ids([0])
    assert store.view().next_counting is None


def test_a_change_of_metadata_is_no_break() -> None:
    store = made()
    assert counting(store, 205.0) == Ids([0])
    store.put(pod(0, version=2, ready=True, ready_since=100.0, update="another"))
    assert counting(store, 205.0) == Ids([0])


def test_a_loss_of_readiness_is_a_break() -> None:
    store = made()
    store.put(pod(0, version=2, ready=False, ready_since=150.0))
    store.put(pod(0, version=3, ready=True, ready_since=151.0))
    assert counting(store, 255.9) == NONE
    assert counting(store, 256.0) == Ids([0])


def test_without_a_time_each_good_instance_counts() -> None:
    store = made(0)
    assert counting(store, 105.0) == Ids([0])
    assert store.view().next_counting is None


def test_another_time_counts_at_once() -> None:
    store = made()
    assert counting(store, 150.0) == NONE
    store.set_times(5, 10)
    assert counting(store, 150.0) == Ids([0])
    store.set_times(5, 1_000)
    assert counting(store, 150.0) == NONE


def test_a_pod_that_is_being_evicted_serves_until_that_is_granted() -> None:
    store = made(0)
    store.assume_evicting((0, False), "u0")
    assert counting(store, 200.0) == Ids([0])
    assert store.view().evicting == store.view().ready == Ids([0])
    store.evicted((0, False), "u0", granted=False)
    assert counting(store, 200.0) == Ids([0])
    assert store.view().evicting == NONE
    store.assume_evicting((0, False), "u0")
    store.evicted((0, False), "u0", granted=True)
    assert counting(store, 200.0) == NONE
    assert store.view().terminating == Ids([0])


def test_what_we_evicted_begins_no_series_of_back_offs() -> None:
    store = made(0)
    store.assume_evicting((0, False), "u0")
    store.evicted((0, False), "u0", granted=True)
    gone = replace(store.pods[0, False], disrupted=True, resource_version=9)
    store.put(gone)
    store.drop((0, False), "u0")
    assert store.remade == {}


def test_it_equals_what_is_computed_from_scratch() -> None:
    store = made()
    store.put(replace(pod(1, ready=True, ready_since=10.0), surge=True, name="web-1-s"))
    store.advance(205.0)
    fresh = store.recomputed(205.0)
    assert fresh.view().counting == store.view().counting == Ids([0])
    assert fresh.view(Ids([1])).counting == Ids([0, 1])
