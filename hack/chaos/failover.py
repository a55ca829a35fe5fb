"""The leader ends, is killed, or loses its network: how long until the next write."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Final

from hack.chaos.pair import FAST, Pair, Replica, Times
from hack.chaos.part import Run
from hack.chaos.row import Row
from hack.harness.operator import OperatorError
from hack.harness.proxy import Reach

_SCENARIO: Final = "updates without a pause, two replicas"
#: Tries of each fault in the two forms.
_FULL: Final = 50
_SHORT: Final = 1
#: Pairs at the same time for what takes as long as a Lease, in the long form.
_PAIRS: Final = 4
_START: Final = 90.0


@dataclass(frozen=True, slots=True)
class Disturbance:
    """``act`` disturbs the leader and mends it again. It returns the seconds until the next write,
    None if there was none; what must not happen goes into the row."""

    name: str
    limit: float
    act: Callable[[Pair, Replica, Replica, Row], float | None]


def run(run: Run) -> list[Row]:
    """All faults, one after the other."""
    times = FAST if run.short else Times()
    late = times.lease + 2
    quick = [
        Disturbance("SIGTERM to the leader", 1.0, _ended),
        Disturbance("kill -9, the leader starts again", 5.0, _restarted),
    ]
    slow = [
        Disturbance("kill -9, the standby takes over", late, _gone),
        Disturbance("network refused", late, partial(_cut, "refused")),
        Disturbance("network hangs", late, partial(_cut, "hanging")),
    ]
    with ExitStack() as stack:
        pairs = [stack.enter_context(Pair(run.plane, times))]
        rows = [_row(run, pairs, times, each) for each in quick]
        if not run.short:
            pairs += [stack.enter_context(Pair(run.plane, times)) for _ in range(1, _PAIRS)]
        rows += [_row(run, pairs, times, each) for each in slow]
        broken = [each for pair in pairs for each in pair.judged()]
    # What is judged at the end belongs to the whole course.
    return [*rows, Row(_SCENARIO, "all of these", tried=len(pairs), broken=broken)]


def _row(run: Run, pairs: Sequence[Pair], times: Times, what: Disturbance) -> Row:
    """Try a fault on all pairs until there are enough tries."""
    row = Row(_SCENARIO, what.name, limit=what.limit, note=f"Lease of {times.lease:g} s")
    free: queue.Queue[Pair] = queue.Queue()
    for pair in pairs:
        free.put(pair)

    def one(_: int) -> None:
        pair = free.get()
        try:
            _try(pair, what, row)
        finally:
            free.put(pair)
        run.say(f"{what.name}: {row.tried} tries, {row.seconds[-1:]} s")

    with ThreadPoolExecutor(len(pairs)) as pool:
        list(pool.map(one, range(run.tries(_FULL, _SHORT))))
    return row


def _try(pair: Pair, what: Disturbance, row: Row) -> None:
    row.tried += 1
    try:
        leader, standby = pair.leader()
        pair.mark()
        seconds = what.act(pair, leader, standby, row)
    except (AssertionError, OperatorError) as error:
        row.broken.append(str(error))
        pair.mend()
        return
    if seconds is None:
        row.broken.append("nobody writes")
    else:
        row.seconds.append(round(seconds, 3))


def _ended(pair: Pair, leader: Replica, standby: Replica, _: Row) -> float | None:
    """Ends in good order. Returns the seconds until the standby writes."""
    since = time.time()
    leader.operator.stop()
    found = pair.next_write(standby, since=since, timeout=30)
    leader.operator.start(timeout=_START)
    return found


def _restarted(pair: Pair, leader: Replica, _: Replica, __: Row) -> float | None:
    """Killed, and started at once, as the kubelet does. Returns the seconds until the next write,
    of whom ever."""
    leader.operator.kill9()
    since = time.time()
    leader.operator.start(ready=False)
    found = pair.next_write(since=since, timeout=60)
    leader.operator.wait("readiness", lambda: leader.operator.probe("readyz"), _START)
    return found


def _gone(pair: Pair, leader: Replica, standby: Replica, _: Row) -> float | None:
    """Killed, and not started again before the standby has taken over."""
    leader.operator.kill9()
    since = time.time()
    found = pair.next_write(standby, since=since, timeout=60)
    leader.operator.start(timeout=_START)
    return found


def _cut(reach: Reach, pair: Pair, leader: Replica, standby: Replica, row: Row) -> float | None:
    """Cut from the API server, until the standby has written. What the former leader writes after
    that is a fault."""
    since = time.time()
    leader.proxy.reach = reach
    found = pair.next_write(standby, since=since, timeout=60)
    leader.proxy.reach = "open"
    time.sleep(1)
    if found is not None:
        row.broken += [
            f"the former leader wrote when its network was back: {request}"
            for request in pair.writes(leader, since=since + found)
        ]
    return found
