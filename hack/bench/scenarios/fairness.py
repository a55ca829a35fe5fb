"""Do small Jobs wait while a Job of 10,000 instances is updated?

Small Jobs with one instance in flight are updated again and again, first alone, then beside the
roll of the huge one. A step is the time from an instance that became good to the request for the
next instance of the same Job.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from controller.api.progress import Phase
from controller.api.update import TERMINAL
from hack.bench.audit import AGENT
from hack.bench.contestants.base import PATIENCE
from hack.bench.contestants.echelon import job
from hack.bench.figures import Figure
from hack.bench.observer import Observer
from hack.bench.reaction import of_turn, quantile
from hack.bench.rig import JOBS, UPDATES, Rig
from hack.bench.scenario import Bench, Result, Scenario, Sizes
from hack.bench.turn import settle
from hack.bench.work import Work

_HUGE = "huge"
_SMALL = Work(instances=20, window=1)


def run(bench: Bench, sizes: Sizes) -> Result:
    huge = Work(sizes.instances, sizes.in_flight)
    what = f"{sizes.jobs} Jobs of {_SMALL.instances} beside {huge.words()}"
    with bench.rig("fairness") as rig:
        observer = rig.observe()
        rig.start_operator()
        rig.await_operator()
        names = [f"small-{number}" for number in range(sizes.jobs)]
        rig.say(f"creating {what}")
        for name, work in [(_HUGE, huge), *((name, _SMALL) for name in names)]:
            rig.cluster.api.create(JOBS, job(name, work))
        total = huge.total + _SMALL.total * sizes.jobs
        observer.until(lambda book: book.counts[huge.mark(1)] == total, PATIENCE)
        settle(rig)
        alone = _steps(rig, observer, names, 2)
        rig.say("the huge Job is updated")
        change = {"spec": {"template": huge.template(_NEXT)}}
        rig.cluster.api.patch(f"{JOBS}/{_HUGE}", change)
        mark, tenth = huge.mark(_NEXT), huge.total // 10
        observer.until(lambda book: book.counts[mark] >= tenth, PATIENCE)
        beside: list[float] = []
        rounds = 0
        while observer.reading(lambda b: b.counts[mark]) < huge.total and rounds < sizes.rounds:
            rounds += 1
            beside += _steps(rig, observer, names, _NEXT + rounds)
        done = observer.reading(lambda book: book.counts[mark])
        rig.say(f"{rounds} rounds; {done:,} of {huge.total:,} instances of the huge Job updated")
        observer.close()
    return Result("fairness", what, _figures(alone, beside, rounds))


def _steps(rig: Rig, observer: Observer, names: list[str], version: int) -> list[float]:
    """Update the small Jobs once. Returns the seconds of all their steps."""
    audit, mark = rig.audit, _SMALL.mark(version)
    audit.mark()
    observer.reading(lambda book: book.mark())
    change = {"spec": {"template": _SMALL.template(version)}}
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda name: rig.cluster.api.patch(f"{JOBS}/{name}", change), names))
    count = _SMALL.total * len(names)
    observer.until(lambda book: book.counts[mark] == count, PATIENCE)
    rig.wait("the small Jobs' Updates to end", lambda: _ended(rig), PATIENCE, 0.2)
    turned = observer.reading(lambda book: list(book.turned))
    writes = list(audit.entries())
    found = []
    for name in names:
        own = [each for each in turned if _owner(each.name) == name]
        asked = [write for write in writes if _owner(write.name) == name]
        found += of_turn(own, asked, [AGENT], _SMALL, version)
    return found


def _owner(pod: str) -> str:
    return pod.rpartition("-")[0]


def _ended(rig: Rig) -> bool:
    """Whether no Update but the huge Job's is under way."""
    return all(
        update["spec"]["job"] == _HUGE
        or Phase(update.get("status", {}).get("phase", Phase.PENDING)) in TERMINAL
        for update in rig.cluster.api.get(UPDATES)["items"]
    )


def _figures(alone: list[float], beside: list[float], rounds: int) -> list[Figure]:
    found = []
    for name, steps in (("alone", alone), ("beside the huge Job", beside)):
        note = f"{len(steps):,} steps"
        if name != "alone":
            note += f", {rounds} rounds"
        for percent in (50, 99):
            value = quantile(steps, percent) * 1000
            found.append(
                Figure("fairness", f"a small Job's step {name}, p{percent}", value, "ms", note=note)
            )
    return found


#: Version of the huge Job's update; the small Jobs' rounds beside it have the versions after it.
_NEXT = 3
SCENARIOS = (
    Scenario(
        "fairness",
        "10 small Jobs beside the update of 10,000 instances: p99 of a step",
        run,
        Sizes(instances=10_000, window=100, jobs=10, rounds=10),
        minutes=6,
    ),
)
