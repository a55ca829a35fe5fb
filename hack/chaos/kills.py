"""The operator is killed before and after each of its writes, in every scenario."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack, suppress
from functools import partial
from typing import Final, TypeVar

from hack.chaos.lane import Lane
from hack.chaos.plane import Plane
from hack.chaos.points import Point, every, sample
from hack.chaos.row import Row
from hack.chaos.scenario import Scenario
from hack.chaos.tries import INFRASTRUCTURE, Tried, killed, undisturbed
from hack.devcluster.cluster import ClusterError

T = TypeVar("T")
Say = Callable[[str], None]
#: Operators at the same time: each waits most of the time.
LANES: Final = 6
#: How often a try is made that says nothing, because the control plane did not answer.
_REPEATS: Final = 4


class Lanes:
    """Gives each task a free lane. A lane that failed is replaced by a new one. ``drains``: see
    `Lane`."""

    def __init__(self, plane: Plane, count: int, say: Say, *, drains: bool = False) -> None:
        self._plane = plane
        self._drains = drains
        self._count = count
        self._say = say
        self._free: queue.Queue[Lane] = queue.Queue()
        self._stack = ExitStack()

    def __enter__(self) -> Lanes:
        for _ in range(self._count):
            self._free.put(self._new())
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _new(self) -> Lane:
        return self._stack.enter_context(Lane(self._plane, drains=self._drains))

    def map(self, task: Callable[[Lane, T], None], given: Iterable[T]) -> None:
        """Run ``task`` for each of ``given``, several at a time. Raises the first error."""
        pool = ThreadPoolExecutor(self._count)
        try:
            for future in as_completed([pool.submit(self._one, task, each) for each in given]):
                future.result()
        finally:
            pool.shutdown(cancel_futures=True)

    def _one(self, task: Callable[[Lane, T], None], given: T) -> None:
        for _ in range(_REPEATS):
            lane = self._free.get()
            try:
                task(lane, given)
                return
            except INFRASTRUCTURE as error:
                self._say(f"a try is made again: {str(error)[:200]}")
                with suppress(*INFRASTRUCTURE):
                    lane.retire()
                    time.sleep(5)
                    lane = self._new()
            finally:
                self._free.put(lane)
        raise ClusterError("this machine is too busy, or the control plane fails")


def run(
    plane: Plane, wanted: Sequence[Scenario], most: int | None, seed: int, say: Say
) -> list[Row]:
    """``most``: the most points that are tried, chosen by ``seed``; None: all."""
    drains = any(each.least is not None for each in wanted)
    if any(each.claims for each in wanted):
        plane.provide()
    with Lanes(plane, LANES, say, drains=drains) as lanes:
        references: dict[str, Tried] = {}
        lanes.map(partial(_refer, references, say), wanted)
        points = every({name: each.writes for name, each in references.items()})
        chosen = sample(points, most, seed)
        say(f"{len(chosen)} of {len(points)} points in {len(references)} scenarios, seed {seed}")
        named = {each.name: each for each in wanted}
        rows = {(p.scenario, p.fault): Row(p.scenario, p.fault) for p in chosen}
        done: list[Point] = []

        def attempt(lane: Lane, point: Point) -> None:
            tried = killed(lane, named[point.scenario], point, references[point.scenario].ending)
            _record(rows[point.scenario, point.fault], tried, say)
            done.append(point)
            if len(done) % 50 == 0:
                say(f"{len(done)} of {len(chosen)} points tried")

        lanes.map(attempt, chosen)
    # A point is not reached if the operator makes fewer writes than in the undisturbed run.
    reached = [row for row in rows.values() if row.tried]
    return sorted(reached, key=lambda row: _order(wanted, row))


def _order(wanted: Sequence[Scenario], row: Row) -> tuple[int, str]:
    return [each.name for each in wanted].index(row.scenario), row.fault


def _refer(references: dict[str, Tried], say: Say, lane: Lane, scenario: Scenario) -> None:
    found = undisturbed(lane, scenario)
    if found.broken:
        raise ClusterError(f"{scenario.name}, undisturbed: {found.broken[0]}")
    say(f"{scenario.name}: {found.writes} writes")
    references[scenario.name] = found


def _record(row: Row, tried: Tried, say: Say) -> None:
    if not tried.reached:
        return  # It made fewer writes this time.
    row.tried += 1
    row.broken += tried.broken
    if tried.seconds is not None:
        row.seconds.append(round(tried.seconds, 3))
    for each in tried.broken:
        say(f"BROKEN: {row.scenario}, {row.fault}: {each[:200]}")
