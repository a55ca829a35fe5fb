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
from hack.bench.show import Progress

INSTANCES = 10_000
#: Instances in flight: of an ordinary Queue, and all instances.
WINDOW = 100
_EVENTS = 2_000
_ROUNDS = 5


def run(say: Progress) -> list[Figure]:
    say("event", f"a Job of {INSTANCES:,} instances, in process")
    middle = Middle(INSTANCES, WINDOW)
    return [
        *_events(middle),
        _reconcile(middle, WINDOW, 100),
        _reconcile(Middle(INSTANCES, INSTANCES), INSTANCES, 5),
    ]


def _events(middle: Middle) -> list[Figure]:
    lines = [middle.line(i) for i in range(_EVENTS)]
    decode = _micros(lambda: _each(POD_CODEC.event, lines), _EVENTS)
    stored = float("inf")
    for _ in range(_ROUNDS):
        news = [middle.news(i) for i in range(_EVENTS)]
        stored = min(stored, _micros(partial(_each, middle.store.put_pod, news), _EVENTS, 1))
    note = f"{len(lines[0]):,} bytes of JSON"
    return [
        Figure("event", "one pod event, decoded", decode, "µs", note=note),
        Figure("event", "one pod event, stored", stored, "µs"),
    ]


def _reconcile(middle: Middle, size: int, times: int) -> Figure:
    found = middle.reconcile()
    if found.write is not None or found.actions:
        raise RigError(f"expected a plan without actions, not {found}")
    each = _micros(lambda: _each(lambda _: middle.reconcile(), range(times)), times)
    what = f"one reconcile, {size:,} instances in flight"
    return Figure("event", what, each, "µs", note=f"of {INSTANCES:,}; observed + decide + reports")


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
