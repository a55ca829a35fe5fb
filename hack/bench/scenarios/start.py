"""How long an operator takes from its start to its first decision, with 10,000 pods present."""

from __future__ import annotations

import time

from hack.bench.crowd import INSTANCES, fill, name
from hack.bench.figures import Figure
from hack.bench.manifests import template
from hack.bench.rig import JOBS, UPDATES, Rig
from hack.bench.scenario import Bench, Result, Scenario, Sizes


def run(bench: Bench, sizes: Sizes) -> Result:
    with bench.rig("start") as rig:
        rig.start_operator()
        rig.await_operator()
        fill(rig, sizes.jobs)
        ready = rig.ready_seconds
        synced, acted = zip(*(_start(rig, n) for n in range(sizes.rounds)), strict=True)
    pods = f"{sizes.jobs * INSTANCES:,} pods of {sizes.jobs:,} Jobs"
    rounds = ", ".join(f"{seconds:.2f}" for seconds in synced)
    return Result("start", pods, [
        Figure("start", "control plane until /readyz", ready, "s"),
        Figure("start", "operator until synced", sorted(synced)[len(synced) // 2], "s",
               note=rounds),
        Figure("start", "operator until its first Update", sorted(acted)[len(acted) // 2], "s",
               note="of a template that changed while it was down"),
    ])  # fmt: skip


def _start(rig: Rig, number: int) -> tuple[float, float]:
    """Stop the operator, change a Job, start the operator. Returns the seconds until it logs that
    it is at work, and until the Update of that Job exists."""
    rig.say(f"start {number + 1}")
    rig.stop_operator()
    change = {"spec": {"template": template(2)}}
    path = f"{JOBS}/{name(number)}"
    rig.cluster.api.get(path)  # the kept connection may be closed: a GET opens a new one
    changed = rig.cluster.api.patch(path, change)
    wanted = f"{name(number)}-g{changed['metadata']['generation']}"
    update = f"{UPDATES}?fieldSelector=metadata.name={wanted}"
    began = time.monotonic()
    rig.start_operator()
    rig.await_operator()
    synced = time.monotonic() - began
    rig.wait("its first Update", lambda: rig.cluster.api.get(update)["items"], 60.0, 0.02)
    return synced, time.monotonic() - began


SCENARIOS = (
    Scenario(
        "start",
        "from the operator's start to its first decision, with 10,000 pods",
        run,
        Sizes(jobs=1_000, rounds=5),
        minutes=6,
    ),
)
