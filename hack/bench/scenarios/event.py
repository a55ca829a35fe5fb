"""What one pod event and one reconcile cost in a Job of 10,000 instances, measured in process.

The pod comes from an API server and has managedFields. The figure is CPU time of the best round.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from controller.reconcile.decode import POD_CODEC
from hack.bench.figures import Figure
from hack.bench.middle import Middle
from hack.bench.rig import RigError
from hack.bench.scenario import Bench, Result, Scenario, Sizes

_EVENTS = 2_000
_ROUNDS = 5


def run(bench: Bench, sizes: Sizes) -> Result:
    count, window = sizes.instances, sizes.in_flight
    what = f"a Job of {count:,} instances, in process"
    bench.say("event", what)
    middle = Middle(count, window)
    return Result("event", what, [
        *_events(middle),
        _reconcile(middle, count, window, 100),
        _reconcile(Middle(count, count), count, count, 5),
    ])  # fmt: skip


def _events(middle: Middle) -> list[Figure]:
    events = min(_EVENTS, middle.count)
    lines = [middle.line(i) for i in range(events)]
    decode = _micros(lambda: _each(POD_CODEC.event, lines), events)
    stored = float("inf")
    for _ in range(_ROUNDS):
        news = [middle.news(i) for i in range(events)]
        stored = min(stored, _micros(partial(_each, middle.store.put_pod, news), events, 1))
    note = f"{len(lines[0]):,} bytes of JSON"
    return [
        Figure("event", "one pod event, decoded", decode, "µs", note=note),
        Figure("event", "one pod event, stored", stored, "µs"),
    ]


def _reconcile(middle: Middle, count: int, size: int, times: int) -> Figure:
    found = middle.reconcile()
    if found.write is not None or found.actions:
        raise RigError(f"expected a plan without actions, not {found}")
    each = _micros(lambda: _each(lambda _: middle.reconcile(), range(times)), times)
    what = f"one reconcile, {size:,} instances in flight"
    return Figure("event", what, each, "µs", note=f"of {count:,}; observed + decide + reports")


def _each(act: Callable[[Any], object], items: Iterable[object]) -> None:
    for item in items:
        act(item)


def _micros(act: Callable[[], object], per: int, rounds: int = _ROUNDS) -> float:
    """CPU µs per call in the best round, when one ``act()`` makes ``per`` calls."""
    best = float("inf")
    gc.collect()
    for _ in range(rounds):
        began = time.process_time()
        act()
        best = min(best, time.process_time() - began)
    return best / per * 1e6


SCENARIOS = (
    Scenario(
        "event",
        "cost of one pod event and one reconcile at 10,000 instances, in process",
        run,
        Sizes(instances=10_000, window=100),
        minutes=1,
    ),
)
