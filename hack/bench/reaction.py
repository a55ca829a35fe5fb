"""Reaction time: from an instance that became good to the next request for another instance.

Both ends are measured from outside. The observer's own watch shows when a pod became Ready, and the
API server's audit log when it received the next request. In a queue of ``window`` instances, the
request number ``window + k`` can follow only the k-th Ready pod, so the two are a pair; in batches
only the first request of a group has one. The end of a queue has no next request, hence no pair.

The observer reads an event some time after the API server has sent it; `lag` is how long after. A
reaction is too short by about that much, and can even be negative.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import inf
from statistics import quantiles

from hack.bench.audit import Write
from hack.bench.observer import Turned
from hack.bench.work import Replacement, Strategy, Work

#: The request with which the replacement of an instance starts. A surge has no such pair: its next
#: instance waits for the end of a deletion.
STARTS = {
    Replacement.RECREATE: "delete pods",
    Replacement.IN_PLACE: "patch pods",
    Replacement.RESIZE: "patch pods/resize",
}


def reactions(ready: Sequence[float], requests: Sequence[float], work: Work) -> list[float]:
    """Seconds from Ready to the next request. Both in the order of time, as Unix times."""
    window, groups = work.window, work.strategy is Strategy.BATCH
    ready, requests = sorted(ready), sorted(requests)
    found = []
    for number in range(window, min(work.instances, len(requests))):
        if groups and number % window:
            continue
        if number - window < len(ready):
            good = ready[number - 1] if groups else ready[number - window]
            found.append(requests[number] - good)
    return found


def of_turn(
    turned: Iterable[Turned],
    writes: Iterable[Write],
    agents: Iterable[str],
    work: Work,
    version: int = 2,
) -> list[float]:
    """The reactions of one workload that went to ``version``. Empty if the work has no pairs."""
    start = STARTS.get(work.replacement)
    if start is None or work.all_at_once or work.jobs > 1:
        return []
    ready = [each.at for each in turned if each.mark == work.mark(version)]
    wanted = tuple(agents)
    first: dict[str, float] = {}  # of each pod: it may be asked for again, or be a dry run before
    for write in writes:
        if write.what in (start, f"dry-run {start}") and write.by(wanted):
            first[write.name] = min(write.received, first.get(write.name, inf))
    return reactions(ready, list(first.values()), work)


def lag(added: Mapping[str, float], writes: Iterable[Write]) -> list[float]:
    """Seconds from the API server's answer to a creation of a pod to its event at the observer,
    without sign: the resolution of the reaction times."""
    return [
        abs(added[write.name] - write.answered)
        for write in writes
        if write.what == "create pods" and write.name in added
    ]


def quantile(values: Sequence[float], percent: int) -> float:
    """A percentile. 0 without values."""
    if len(values) < 2:
        return values[0] if values else 0.0
    return quantiles(values, n=100, method="inclusive")[percent - 1]
