"""How long a drain of nodes would take, from how long the Jobs' updates took.

A *step* moves so many instances of a Job at a time as may go when all are available. With n
instances of a Job on the nodes that are drained together, it makes ``ceil(n / that)`` steps. Each
takes as long as a group of its last completed updates took, and before the next step what was moved
must be available for ``durationSeconds``. With ``replacement: Surge`` a step lasts so long besides,
for the old pods go when the new ones count; the next step does not wait for that. Nodes that are
drained together take as long as the slowest Job on them. What a coordinator takes to answer is not
known.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from statistics import median
from typing import Final

from controller.api.job import Job
from controller.api.progress import Phase
from controller.api.update import Update
from controller.core.maintenance.turns import most
from controller.core.rollout.strategy import group_sizes
from controller.view.node_plan import JobState, Key, World
from controller.view.words import plural

#: Completed updates that the estimate uses; older ones say little about the present.
MAX_PAST: Final = 5


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds that a step takes, and where that comes from."""

    seconds: float
    source: str


@dataclass(frozen=True, slots=True)
class DrainTime:
    """Seconds that the whole takes, and where that comes from."""

    seconds: int
    source: str


def pace(job: Job, updates: Iterable[Update]) -> Pace:
    """How long a step of a Job takes. ``updates``: of the Job, in any order."""
    past = [
        u.status
        for u in updates
        if u.status.phase is Phase.ROLLED_FORWARD and u.status.policy and u.status.counts.total
    ]
    past.sort(key=lambda status: status.finished_at or 0.0, reverse=True)
    rates = list[float]()
    for status in past[:MAX_PAST]:
        assert status.policy is not None
        strategy, total = status.policy.strategy, status.counts.total
        groups = sum(1 for _ in group_sizes(strategy.type, strategy.groups, total))
        took = (status.finished_at or 0.0) - (status.started_at or 0.0)
        # Stamps are whole seconds: an update with equal stamps took at most one second.
        rates.append(max(1.0, took - status.policy.watch_after_seconds) / groups)
    if rates:
        many = "update" if len(rates) == 1 else f"{len(rates)} updates"
        words = f"{median(rates):.0f} s a step, as a group of its last {many} took"
        return Pace(median(rates), words)
    seconds = job.spec.min_ready_seconds
    words = (
        f"minReadySeconds ({seconds} s) a step, as it has no completed update; "
        "the time that pods take to start and stop is added"
    )
    return Pace(seconds, words)


def drain_time(world: World, names: Sequence[str], paces: Mapping[Key, Pace]) -> DrainTime | None:
    """The whole of these nodes, so many at a time as the spec says. None if nothing is to be
    moved."""
    there = [name for name in names if name in world.nodes]
    at_once = most(world.spec, len(there)) if there else 1
    total, slowest, moved = 0.0, Counter[Key](), frozenset[Key]()
    for start in range(0, len(there), at_once):
        wave = dict(_wave(world, there[start : start + at_once], paces, moved))
        moved |= wave.keys()
        if wave:
            key = max(wave, key=lambda each: wave[each])
            total += wave[key]
            slowest[key] += ceil(wave[key])
    if not slowest:
        return None
    (key, _), *_ = slowest.most_common(1)
    job = world.jobs[key]
    words = (
        f"{plural(len(there), 'node')}, {at_once} at a time; the slowest is Job "
        f"{job.place}, {_at_a_time(job)}: {paces[key].source}"
    )
    if asked := job.foresight.coordinator:
        words += f"; the time that coordinator {asked} takes to allow each is added"
    return DrainTime(ceil(total), words)


def _wave(
    world: World, names: Sequence[str], paces: Mapping[Key, Pace], moved: frozenset[Key]
) -> Iterator[tuple[Key, float]]:
    """Of each Job on nodes that are drained together: the seconds that it takes. ``moved``: Jobs
    that were moved before, so that what was moved must count first."""
    pods = [pod for name in names for pod in world.leaving(name).instances]
    for key, count in Counter((pod.namespace, pod.job) for pod in pods).items():
        if (job := world.jobs.get(key)) is None or key not in paces:
            continue
        ahead = job.foresight
        steps = ceil(count / (ahead.at_once or count))
        waits = steps if key in moved else steps - 1
        lasts = ahead.lasting * (1 if ahead.surges else waits)
        yield key, steps * paces[key].seconds + lasts


def _at_a_time(job: JobState) -> str:
    ahead = job.foresight
    lasts = f", which then must be available for {ahead.lasting} s" if ahead.lasting else ""
    many = "all instances" if ahead.at_once is None else plural(ahead.at_once, "instance")
    beside = ", each beside its new pod" if ahead.surges else ""
    return f"{many} at a time{beside}{lasts}"
