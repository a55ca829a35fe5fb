"""Many small Jobs, for the scenarios of an operator without work and of one that starts."""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from hack.bench.manifests import job
from hack.bench.rig import JOBS, Rig

INSTANCES = 10
LEASES = "leases"
#: Seconds without a write after which the operator counts as idle.
_QUIET = 3.0
#: Jobs created at a time, and the timeout of a wait in seconds.
_STEP, _PATIENCE = 200, 1_200.0


def fill(rig: Rig, count: int) -> None:
    """Create so many Jobs. Returns when their instances are available and the operator is idle."""
    rig.say(f"creating {count:,} Jobs of {INSTANCES} instances")
    began, jobs = time.monotonic(), 0
    with ThreadPoolExecutor(4) as pool:
        while jobs < count:
            more = range(jobs, min(jobs + _STEP, count))
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
    _await_quiet(rig)


def _await_available(rig: Rig, count: int) -> None:
    rig.wait("the instances to be available", lambda: _available(rig) >= count, _PATIENCE, 0.5)


def _await_quiet(rig: Rig) -> None:
    quiet, last = time.monotonic(), Counter[str]()

    def is_quiet() -> bool:
        nonlocal quiet, last
        now = Counter({k: n for k, n in rig.written().items() if not k.endswith(LEASES)})
        if now != last:
            quiet, last = time.monotonic(), now
        return time.monotonic() - quiet > _QUIET

    rig.wait("the operator to be idle", is_quiet, _PATIENCE, 0.5)


def _available(rig: Rig) -> int:
    metric = 'echelon_instances{state="available"} '
    found = [line for line in rig.metrics().splitlines() if line.startswith(metric)]
    return int(float(found[0].removeprefix(metric))) if found else 0


def _job(number: int) -> dict[str, object]:
    return job(name(number), INSTANCES, 1)


def name(number: int) -> str:
    """The name of a Job."""
    return f"job-{number:04}"
