"""An hour of updates without a break: does the operator's memory or CPU grow?"""

from __future__ import annotations

import time
from dataclasses import dataclass
from statistics import median

from hack.bench import proc
from hack.bench.contestants.base import PATIENCE
from hack.bench.contestants.echelon import Echelon, job
from hack.bench.figures import Figure
from hack.bench.limits import RAISED
from hack.bench.observer import Observer
from hack.bench.rig import JOBS, UPDATES, Rig
from hack.bench.scenario import Bench, Result, Scenario, Sizes
from hack.bench.turn import settle
from hack.bench.work import Work

_SAY_EVERY = 60.0
_REVISIONS = "/apis/apps/v1/namespaces/default/controllerrevisions"


@dataclass(frozen=True, slots=True)
class Lap:
    """One update: resident memory after it, CPU seconds and seconds that it took."""

    rss_mb: float
    cpu: float
    seconds: float


def run(bench: Bench, sizes: Sizes) -> Result:
    work = Work(sizes.instances, sizes.in_flight)
    with bench.rig("hour") as rig:
        observer = rig.observe()
        rig.start_operator()
        rig.await_operator()
        rig.cluster.api.create(JOBS, job("web-0", work))
        observer.until(lambda book: book.counts[work.mark(1)] == work.total, PATIENCE)
        settle(rig)
        laps = _laps(rig, observer, work, sizes.seconds)
        left = {
            "Updates": len(rig.cluster.api.get(UPDATES)["items"]),
            "ControllerRevisions": len(rig.cluster.api.get(_REVISIONS)["items"]),
        }
        observer.close()
    return Result("hour", work.words(), growth(laps, left))


def _laps(rig: Rig, observer: Observer, work: Work, seconds: float) -> list[Lap]:
    began = said = time.monotonic()
    laps: list[Lap] = []
    while time.monotonic() - began < seconds:
        laps.append(_lap(rig, observer, work, len(laps) + 2))
        if time.monotonic() - said > _SAY_EVERY:
            said = time.monotonic()
            rig.say(f"{len(laps):,} updates, {laps[-1].rss_mb:.0f} MB, CPU {laps[-1].cpu:.2f} s")
    return laps


def _lap(rig: Rig, observer: Observer, work: Work, version: int) -> Lap:
    """Update the Job to a version."""
    start, used, mark = time.monotonic(), proc.cpu_seconds(rig.operator), work.mark(version)
    observer.reading(lambda book: book.mark())
    rig.cluster.api.patch(f"{JOBS}/web-0", {"spec": {"template": work.template(version)}})
    observer.until(lambda book: book.counts[mark] == work.total, PATIENCE)
    echelon = Echelon(rig, observer, work, RAISED)
    rig.wait("the Update to end", lambda: _all_ended(echelon), PATIENCE, 0.05)
    cpu = proc.cpu_seconds(rig.operator) - used
    return Lap(proc.rss_mb(rig.operator), cpu, time.monotonic() - start)


def _all_ended(echelon: Echelon) -> bool:
    """Whether the Job has no active Update."""
    status = echelon.objects()[0].get("status", {})
    return not status.get("activeUpdate") and echelon.done()


def growth(laps: list[Lap], left: dict[str, int]) -> list[Figure]:
    """Compares the last quarter with the second one: the first one fills caches and history."""
    quarter = max(1, len(laps) // 4)
    early, late = laps[quarter : 2 * quarter] or laps[:1], laps[-quarter:]
    found = [Figure("hour", "updates", len(laps), note=_words(left))]
    for what, unit, name in (("rss_mb", "MB", "memory"), ("cpu", "s", "CPU"),
                             ("seconds", "s", "seconds")):  # fmt: skip
        before = median(float(getattr(lap, what)) for lap in early)
        after = median(float(getattr(lap, what)) for lap in late)
        note = f"{before:.2f} {unit} in the second quarter, {after:.2f} {unit} in the last"
        growth = after / before if before else 1.0
        found.append(Figure("hour", f"{name} per update, last ÷ second quarter", growth, "×",
                            note=note))  # fmt: skip
    return found


def _words(left: dict[str, int]) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in left.items()) + " left"


SCENARIOS = (
    Scenario(
        "hour",
        "an hour of updates of 1,000 instances without a break",
        run,
        Sizes(window=100, seconds=3_600.0),
        minutes=62,
        named_only=True,
    ),
)
