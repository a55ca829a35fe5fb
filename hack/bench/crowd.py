"""Many small Jobs: what an idle operator costs, and how long it takes to start."""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from hack.bench import proc
from hack.bench.figures import Figure
from hack.bench.manifests import job, template
from hack.bench.options import Options
from hack.bench.requests import in_words
from hack.bench.rig import JOBS, UPDATES, Rig
from hack.bench.show import Progress

INSTANCES = 5
#: Limits: percent of a core, and seconds.
IDLE_CPU, READY = 2.0, 10.0
#: Seconds without a write after which the operator counts as idle.
_QUIET = 3.0
_LEASES = "leases"
#: Jobs created at a time, and the timeout of a wait in seconds.
_STEP, _PATIENCE = 200, 600.0


def run(options: Options, say: Progress, wanted: set[str]) -> list[Figure]:
    """Runs the wanted ones of ``idle`` and ``start`` on one cluster."""
    with Rig("idle" if "idle" in wanted else "start", say, audit=True) as rig:
        rig.start_operator()
        rig.await_operator()
        jobs = _fill(rig, options)
        found = idle(rig, jobs, options.seconds) if "idle" in wanted else []
        return found + (start(rig, jobs) if "start" in wanted else [])


def idle(rig: Rig, jobs: int, seconds: float) -> list[Figure]:
    """Writes, CPU and memory of an operator without work."""
    rig.say(f"watching the idle operator for {seconds:g} s")
    audit = rig.audit
    audit.mark()
    before, began = rig.sample(), time.monotonic()
    time.sleep(seconds)
    used, taken = rig.sample().since(before), time.monotonic() - began
    every = audit.writes()
    ours = Counter({k: n for k, n in every.items() if not k.endswith(_LEASES)})
    cpu = used.ours["operator"] / taken * 100
    what = f"{jobs:,} Jobs × {INSTANCES} instances, {taken:.0f} s"
    noise = f"other processes used {used.others:.2f} cores"
    return [
        Figure(
            "idle",
            "API writes without the Lease",
            ours.total(),
            limit=0,
            note=in_words(ours) or what,
        ),
        Figure("idle", "Lease writes", every.total() - ours.total(), note=in_words(every - ours)),
        Figure("idle", "CPU", cpu, "% of a core", limit=IDLE_CPU, note=noise),
        Figure("idle", "memory", proc.rss_mb(rig.operator), "MB", note=_peak(rig)),
    ]


def start(rig: Rig, jobs: int) -> list[Figure]:
    """Seconds from the operator's start to its first action, with all Jobs present."""
    rig.say(f"starting the operator with {jobs:,} Jobs")
    rig.stop_operator()
    change = {"spec": {"template": template(2)}}
    path = f"{JOBS}/{_name(0)}"
    rig.cluster.api.get(path)  # the kept connection may be closed: a GET opens a new one
    changed = rig.cluster.api.patch(path, change)
    update = (
        f"{UPDATES}?fieldSelector=metadata.name={_name(0)}-g{changed['metadata']['generation']}"
    )
    began = time.monotonic()
    rig.start_operator()
    rig.await_operator()
    at_work = time.monotonic() - began
    rig.wait("its first Update", lambda: rig.cluster.api.get(update)["items"], 60.0, 0.05)
    acted = time.monotonic() - began
    return [
        Figure("start", "control plane until /readyz", rig.ready_seconds, "s", limit=READY),
        Figure("start", "operator until it acts", at_work, "s", note=f"{jobs:,} Jobs"),
        Figure("start", "operator until its first Update", acted, "s", note="changed while down"),
    ]


def _fill(rig: Rig, options: Options) -> int:
    """Create the Jobs and wait for their pods. Returns the number of Jobs created."""
    rig.say(f"creating {options.jobs:,} Jobs of {INSTANCES} instances")
    began, jobs = time.monotonic(), 0
    with ThreadPoolExecutor(4) as pool:
        while jobs < options.jobs and time.monotonic() - began < options.patience:
            more = range(jobs, min(jobs + _STEP, options.jobs))
            for _ in pool.map(lambda i: rig.cluster.api.create(JOBS, _job(i)), more):
                jobs += 1
            # The next Jobs are created before the operator has finished these.
            _await_available(rig, (jobs - _STEP // 2) * INSTANCES)
            rig.say(f"{jobs:,} Jobs created, {_available(rig):,} instances available")
    _await_available(rig, jobs * INSTANCES)
    taken = time.monotonic() - began
    rig.say(
        f"all of {jobs:,} Jobs available after {taken:.0f} s; waiting until the operator is idle"
    )
    if jobs < options.jobs:
        rig.say(f"[yellow]only {jobs:,} of {options.jobs:,} Jobs: creating more takes too long")
    _await_quiet(rig)
    return jobs


def _await_available(rig: Rig, count: int) -> None:
    rig.wait("the instances to be available", lambda: _available(rig) >= count, _PATIENCE, 0.5)


def _await_quiet(rig: Rig) -> None:
    quiet, last = time.monotonic(), Counter[str]()

    def is_quiet() -> bool:
        nonlocal quiet, last
        now = Counter({k: n for k, n in rig.written().items() if not k.endswith(_LEASES)})
        if now != last:
            quiet, last = time.monotonic(), now
        return time.monotonic() - quiet > _QUIET

    rig.wait("the operator to be idle", is_quiet, _PATIENCE, 0.5)


def _available(rig: Rig) -> int:
    name = 'echelon_instances{state="available"} '
    found = [line for line in rig.metrics().splitlines() if line.startswith(name)]
    return int(float(found[0].removeprefix(name))) if found else 0


def _job(number: int) -> dict[str, Any]:
    return job(_name(number), INSTANCES, 1)


def _name(number: int) -> str:
    return f"job-{number:04}"


def _peak(rig: Rig) -> str:
    return f"{proc.rss_mb(rig.operator, peak=True):.0f} MB at its peak, while the Jobs were created"
