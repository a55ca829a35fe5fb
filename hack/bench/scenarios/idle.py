"""What an operator with 1,000 Jobs and 10,000 pods costs when there is nothing to do."""

from __future__ import annotations

import time
from collections import Counter

from hack.bench import proc
from hack.bench.audit import in_words
from hack.bench.crowd import INSTANCES, LEASES, fill
from hack.bench.figures import Figure
from hack.bench.scenario import Bench, Result, Scenario, Sizes


def run(bench: Bench, sizes: Sizes) -> Result:
    what = f"{sizes.jobs:,} Jobs × {INSTANCES} instances"
    with bench.rig("idle") as rig:
        rig.start_operator()
        rig.await_operator()
        fill(rig, sizes.jobs)
        rig.say(f"watching the idle operator for {sizes.seconds:g} s")
        audit = rig.audit
        audit.mark()
        before, began = rig.sample(), time.monotonic()
        time.sleep(sizes.seconds)
        used, taken = rig.sample().since(before), time.monotonic() - began
        every = audit.writes()
        memory, peak = (proc.rss_mb(rig.operator, peak=peak) for peak in (False, True))
    ours = Counter({k: n for k, n in every.items() if not k.endswith(LEASES)})
    leases = every.total() - ours.total()
    cpu = used.ours["operator"] / taken * 100
    noise = f"other processes used {used.others:.2f} cores"
    highest = f"{peak:.0f} MB at its peak, while the Jobs were created"
    return Result("idle", f"{what}, {taken:.0f} s", [
        Figure("idle", "API writes without the Lease", ours.total(), note=in_words(ours)),
        Figure("idle", "Lease writes", leases, note=in_words(every - ours)),
        Figure("idle", "CPU", cpu, "% of a core", note=noise),
        Figure("idle", "memory", memory, "MB", note=highest),
    ])  # fmt: skip


SCENARIOS = (
    Scenario(
        "idle",
        "an idle operator with 1,000 Jobs of 10: writes, CPU and memory",
        run,
        Sizes(jobs=1_000, seconds=60.0),
        minutes=6,
    ),
)
