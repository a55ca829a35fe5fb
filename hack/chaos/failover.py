"""The leader ends, is killed, or loses its network: how long until the next write."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from hack.chaos.pair import FAST, Pair, Replica, Times
from hack.chaos.part import Run
from hack.chaos.row import Row
from hack.harness.operator import OperatorError
from hack.harness.proxy import Reach

_SCENARIO: Final = "updates without a pause, two replicas"
#: Tries of each fault in the two forms.
_FULL: Final = 50
_SHORT: Final = 2
_START: Final = 90.0


@dataclass(slots=True)
class Course:
    """The course of one try: it disturbs the leader of a pair, and mends it again."""

    pair: Pair
    times: Times
    row: Row

    def run(self, disturb: Callable[[Replica, Replica, Row], float | None]) -> None:
        self.row.tried += 1
        try:
            leader, standby = self.pair.leader()
            self.pair.mark()
            seconds = disturb(leader, standby, self.row)
        except (AssertionError, OperatorError) as error:
            self.row.broken.append(str(error))
            self.pair.mend()
            return
        if seconds is None:
            self.row.broken.append("nobody writes")
        else:
            self.row.seconds.append(round(seconds, 3))


def run(run: Run) -> list[Row]:
    """All faults, one after the other, on one pair of replicas."""
    times = FAST if run.short else Times()
    rows: list[Row] = []
    with Pair(run.plane, times) as pair:
        faults: list[tuple[str, float, Callable[[Replica, Replica, Row], float | None]]] = [
            ("SIGTERM to the leader", 1.0, lambda a, b, _: _ended(pair, a, b)),
            ("kill -9, the leader starts again", 5.0, lambda a, *_: _restarted(pair, a)),
            ("kill -9, the standby takes over", times.lease + 2, lambda a, b, _: _gone(pair, a, b)),
            ("network refused", times.lease + 2, lambda a, b, r: _cut(pair, a, b, "refused", r)),
            ("network hangs", times.lease + 2, lambda a, b, r: _cut(pair, a, b, "hanging", r)),
        ]
        for name, limit, disturb in faults:
            row = Row(_SCENARIO, name, limit=limit, note=f"Lease of {times.lease:g} s")
            for _ in range(run.tries(_FULL, _SHORT)):
                Course(pair, times, row).run(disturb)
                run.say(f"{name}: {row.seconds[-1:]}")
            rows.append(row)
        faulty = pair.judged()
    # What was judged at the end belongs to the whole course.
    rows.append(Row(_SCENARIO, "all of these", tried=1, broken=faulty))
    return rows


def _ended(pair: Pair, leader: Replica, standby: Replica) -> float | None:
    """Ends in good order. Returns the seconds until the standby writes."""
    since = time.time()
    leader.operator.stop()
    found = pair.next_write(standby, since=since, timeout=30)
    leader.operator.start(timeout=_START)
    return found


def _restarted(pair: Pair, leader: Replica) -> float | None:
    """Killed, and started at once, as the kubelet does. Returns the seconds until it writes."""
    leader.operator.kill9()
    since = time.time()
    leader.operator.start(ready=False)
    found = pair.next_write(since=since, timeout=60)
    leader.operator.wait("readiness", lambda: leader.operator.probe("readyz"), _START)
    return found


def _gone(pair: Pair, leader: Replica, standby: Replica) -> float | None:
    """Killed, and not started again before the standby has taken over."""
    leader.operator.kill9()
    since = time.time()
    found = pair.next_write(standby, since=since, timeout=60)
    leader.operator.start(timeout=_START)
    return found


def _cut(pair: Pair, leader: Replica, standby: Replica, reach: Reach, row: Row) -> float | None:
    """Cut from the API server, until the standby has written. What the former leader wrote after
    that is a fault."""
    since = time.time()
    leader.proxy.reach = reach
    found = pair.next_write(standby, since=since, timeout=60)
    healed = time.time()
    leader.proxy.reach = "open"
    pair.leader()
    row.broken += [
        f"the former leader wrote when its network was back: {request}"
        for request in pair.writes(leader, since=since + (found or 0))
        if request.at.timestamp() < healed + 60
    ]
    return found
