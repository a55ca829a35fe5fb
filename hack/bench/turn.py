"""One turn: a contestant creates its pods, is measured while it replaces them, and is removed."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import Any

from hack.bench import proc, reaction
from hack.bench.audit import Audit
from hack.bench.contestants.base import PATIENCE, Contestant
from hack.bench.limits import RAISED
from hack.bench.observer import PODS, Observer
from hack.bench.rig import JOBS, UPDATES, Rig, RigError
from hack.devcluster.api import ApiError

#: Seconds without a write after which the control plane counts as quiet.
QUIET = 1.0
#: Seconds after which a wait for something that always ends has failed.
_ENDS = 600.0
_LEFT = (JOBS, UPDATES, "/apis/apps/v1/namespaces/default/controllerrevisions")


@dataclass(frozen=True, slots=True)
class Turn:
    """What one replacement of all pods has cost.

    ``seconds``: from the request until all instances are Ready at the new version and no other pod
    is left, as the observer's watch shows; ``told``: until its own status says so. ``cpu``: CPU
    seconds of its process until ``told``. ``replaced``: instances that became Ready anew. ``down``:
    instances out of service at the same time, at most. ``reactions``, ``lag``: see `reaction`.
    ``others``: cores that programs other than the control plane and this one have used.
    """

    seconds: float
    told: float
    cpu: float
    peak_mb: float
    replaced: int
    down: int
    others: float
    writes: Mapping[str, int] = field(default_factory=dict)
    reactions: list[float] = field(default_factory=list)
    lag: list[float] = field(default_factory=list)

    def json(self) -> dict[str, Any]:
        return asdict(self)


def play(rig: Rig, observer: Observer, contestant: Contestant) -> Turn:
    """The whole turn of a contestant. Nothing of it is left afterwards."""
    work = contestant.work
    observer.reading(lambda book: book.clear(work.resizes))
    rig.use(RAISED)  # pods are created fast, whatever is measured later
    contestant.start()
    contestant.create()
    old = work.mark(1)
    try:
        observer.until(lambda book: book.counts[old] == work.total, PATIENCE)
        rig.use(contestant.limits)
        settle(rig)
        if contestant.turns_back:
            contestant.advance()
        turn = _measure(rig, observer, contestant)
    except TimeoutError as error:
        raise RigError(f"timed out after {PATIENCE:g} s: {error}") from None
    rig.use(RAISED)
    contestant.clean()
    _sweep(rig, observer)
    contestant.stop()
    return turn


def _measure(rig: Rig, observer: Observer, contestant: Contestant) -> Turn:
    work, pid = contestant.work, contestant.pid
    mark, count = contestant.goal()
    audit = rig.audit
    audit.mark()
    observer.reading(lambda book: book.mark())
    proc.forget_peak(pid)
    before, used = rig.sample(contestant=pid), proc.cpu_seconds(pid)
    began = time.monotonic()
    contestant.back() if contestant.turns_back else contestant.roll()
    ended = observer.until(
        lambda book: book.counts[mark] == count and len(book.marks) == work.total, PATIENCE
    )
    rig.wait("the end of the update", contestant.done, _ENDS, 0.01)
    told = time.monotonic()
    cpu, peak = proc.cpu_seconds(pid) - used, proc.rss_mb(pid, peak=True)
    machine = rig.sample(contestant=pid).since(before)
    turned, added, fewest = observer.reading(lambda b: (list(b.turned), dict(b.added), b.fewest))
    writes = list(audit.entries())
    pairs = [] if contestant.turns_back else turned  # a way back begins in the middle of a queue
    ours = Counter(write.what for write in writes if write.by(contestant.agents))
    return Turn(
        seconds=ended - began,
        told=told - began,
        cpu=cpu,
        peak_mb=peak,
        replaced=sum(each.mark == mark for each in turned),
        down=work.total - fewest,
        others=machine.others,
        writes=dict(ours.most_common()),
        reactions=reaction.of_turn(pairs, writes, contestant.agents, work),
        lag=reaction.lag(added, writes),
    )


def settle(rig: Rig) -> None:
    """Return when nobody has written anything for a while, leases excepted."""
    audit, since, last = rig.audit, time.monotonic(), -1

    def quiet() -> bool:
        nonlocal since, last
        now = _without_leases(audit)
        if now != last:
            since, last = time.monotonic(), now
        return time.monotonic() - since > QUIET

    audit.mark()
    rig.wait("the control plane to be quiet", quiet, _ENDS, 0.1)


def _without_leases(audit: Audit) -> int:
    return sum(not write.what.endswith(" leases") for write in audit.entries())


def _sweep(rig: Rig, observer: Observer) -> None:
    """Delete the pods that are left, and return when the garbage collector has finished."""
    api = rig.cluster.api

    def gone() -> bool:
        if observer.reading(lambda book: len(book.marks)):
            with suppress(OSError, ApiError):  # a deletion of many may take longer than a request
                api.delete(PODS, {"gracePeriodSeconds": 0})
        return not observer.reading(lambda book: len(book.marks))

    rig.wait("the pods to be gone", gone, _ENDS, 0.2)

    def collected() -> bool:
        return not any(api.get(f"{path}?limit=1")["items"] for path in _LEFT)

    rig.wait("the garbage collector", collected, _ENDS, 0.2)
    settle(rig)
