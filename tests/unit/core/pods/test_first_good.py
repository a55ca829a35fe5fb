"""How long pods take to become good: each is counted once, and not what was good before."""

from __future__ import annotations

import pytest

from controller.core.pods.index import Instances
from tests.unit.core.pods.test_index import pod


def ready(i: int, version: int, created: float, since: float) -> object:
    return pod(
        i, version, phase="Running", ready=True, created=created, ready_since=since, stamps=()
    )


def counted(store: Instances) -> tuple[int, float]:
    return store.first_good.count, store.first_good.seconds


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
