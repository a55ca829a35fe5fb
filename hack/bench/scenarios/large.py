"""One Job of 10,000 instances with the longest possible statuses, observed by watches.

The scenario creates the Job. A first Update replaces every other instance and tolerates failures
with long messages. A second Update replaces all instances, fails near its end and rolls back. Its
instances alternate between two revisions, so that all range strings are long.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from typing import Any

from controller.api.labels import API_VERSION
from controller.api.update import TERMINAL, Phase
from hack.bench import histogram, proc
from hack.bench.audit import counted, in_words, writes
from hack.bench.figures import Figure
from hack.bench.manifests import job, template
from hack.bench.proc import Sample
from hack.bench.rig import JOBS, UPDATES, Rig, RigError
from hack.bench.scenario import Bench, Result, Scenario, Sizes
from hack.bench.witness import Record, Witness

#: Largest size of a Job or an Update in bytes.
MAX_BYTES = 200 * 1024
#: Limits of writes other than of pods: per stage, per group, and per second.
WRITES, PER_GROUP, PER_SECOND = 20, 3, 3
#: Instances that fail: in the first Update (tolerated), and in the second (too many).
TOLERATED, FAILING, TOO_MANY = 80, 60, 120
_NAME, _PATIENCE = "web", 1_200.0
_SIM = "sim.echelon.dev"
_RECONCILES = "echelon_reconcile_seconds"
_STATUSES = (" echelonjobs", " updates")
#: The termination message of a program, longer than what the operator keeps of it.
_LAST_WORDS = "cannot bind 0.0.0.0:8080: address already in use; " * 8


@dataclass(frozen=True, slots=True)
class Stage:
    """Figures of one stage: seconds, CPU of each process, MB, and the operator's writes."""

    name: str
    seconds: float
    machine: Sample
    peak_mb: float
    writes: Counter[str]
    reconciles: Counter[float]
    groups: int

    @property
    def pods(self) -> int:
        return self.writes["create pods"]

    @property
    def statuses(self) -> Counter[str]:
        """Writes of Jobs and Updates, nearly all of their statuses."""
        return Counter({k: n for k, n in self.writes.items() if k.endswith(_STATUSES)})


def run(bench: Bench, sizes: Sizes) -> Result:
    count = sizes.instances
    with bench.rig("large") as rig:
        rig.start_operator()
        rig.await_operator()
        witness = Witness(rig)
        record = witness.record
        stages = [
            _stage(rig, record, "made", lambda: _make(rig, count)),
            _stage(rig, record, "half", lambda: _update_half(rig, count)),
            _stage(rig, record, "back", lambda: _update_whole(rig, count)),
        ]
        witness.close()
    figures = [*(f for stage in stages for f in _figures(stage)), *_sizes(record)]
    return Result("large", f"{count:,} alternating instances", figures)


def _make(rig: Rig, count: int) -> None:
    made = job(_NAME, count, max(1, count // 4))
    made["spec"]["update"]["mode"] = "Manual"
    rig.cluster.api.create(JOBS, made)
    rig.wait("the Job to be available", lambda: _available(rig) == count, _PATIENCE, 1.0)


def _update_half(rig: Rig, count: int) -> None:
    """Update every other instance, in four batches. Some instances of each batch keep crashing."""
    even = [str(i) for i in range(0, count, 2)]
    crashing = even[:: max(1, len(even) // FAILING)][:FAILING]
    _ship(rig, 2, crashing)
    _roll(
        rig,
        "half",
        Phase.ROLLED_FORWARD,
        instances=",".join(even),
        policy={
            "strategy": {"type": "Batch", "size": max(1, len(even) // 4)},
            "maxFailedInstances": TOLERATED,
        },
    )


def _update_whole(rig: Rig, count: int) -> None:
    """Update all instances. Too many of the last tenth crash, so the Update rolls back; the
    instances that crashed in the first Update then crash again."""
    last = range(count - count // 10, count)
    _ship(rig, 3, [str(i) for i in last[:: max(1, len(last) // TOO_MANY)]])
    queue = {"type": "Queue", "size": max(1, count // 4)}
    policy = {"strategy": queue, "maxFailedInstances": TOLERATED}
    _roll(rig, "back", Phase.ROLLED_BACK, policy=policy)


def _ship(rig: Rig, version: int, crashing: list[str]) -> None:
    """Apply a new template. The instances in ``crashing`` keep crashing, with long messages."""
    steering = {
        f"{_SIM}/behaviour": "crash-loop",
        f"{_SIM}/instances": ",".join(crashing),
        f"{_SIM}/reason": _LAST_WORDS,
        f"{_SIM}/backoff": "2s",
    }
    wanted = template(version)
    wanted["metadata"]["annotations"] = steering
    rig.cluster.api.patch(f"{JOBS}/{_NAME}", {"spec": {"template": wanted}})


def _roll(rig: Rig, name: str, outcome: Phase, **spec: Any) -> None:
    body = {
        "apiVersion": API_VERSION,
        "kind": "Update",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"job": _NAME, **spec},
    }
    rig.cluster.api.create(UPDATES, body)
    status: dict[str, Any] = {}

    def ended() -> bool:
        nonlocal status
        status = rig.cluster.api.get(f"{UPDATES}/{name}")["status"]
        return Phase(status.get("phase", Phase.PENDING)) in TERMINAL

    rig.wait(f"Update {name}", ended, _PATIENCE, 1.0)
    if status["phase"] != outcome:
        raise RigError(f"{name} ended as {status['phase']}: {status['message']}")
    if len(status["failures"]) < 50:
        raise RigError(f"{name} has only {len(status['failures'])} failures")
    rig.say(f"{name}: {status['message']}")


def _stage(rig: Rig, record: Record, name: str, act: Callable[[], None]) -> Stage:
    rig.say(f"{name} …")
    proc.forget_peak(rig.operator)
    metrics, before, began = rig.metrics(), rig.sample(), time.monotonic()
    act()
    seconds, after = time.monotonic() - began, rig.metrics()
    reconciles = histogram.buckets(after, _RECONCILES)
    reconciles.subtract(histogram.buckets(metrics, _RECONCILES))
    found = Stage(
        name,
        seconds,
        rig.sample().since(before),
        proc.rss_mb(rig.operator, peak=True),
        writes(counted(after) - counted(metrics)),
        reconciles,
        record.groups(name),
    )
    rig.say(f"{name}: {found.pods:,} pods in {seconds:.0f} s, {in_words(found.statuses)}")
    return found


def _available(rig: Rig) -> int:
    status = rig.cluster.api.get(f"{JOBS}/{_NAME}").get("status", {})
    return int(status.get("availableInstances", 0))


def _figures(stage: Stage) -> list[Figure]:
    def figure(what: str, value: float, unit: str = "", **more: Any) -> Figure:
        return Figure("large", f"{stage.name}: {what}", value, unit, **more)

    ours, others = stage.machine.ours["operator"], stage.machine.others
    limit = WRITES + PER_GROUP * stage.groups + PER_SECOND * stage.seconds
    p99 = histogram.quantile(stage.reconciles, 0.99) * 1000
    return [
        figure(
            "replaced" if stage.groups else "pods",
            stage.pods / stage.seconds,
            "pods/s",
            note=f"{stage.pods:,} in {stage.seconds:.0f} s; others used {others:.2f} cores",
        ),
        figure(
            "status writes",
            stage.statuses.total(),
            limit=round(limit),
            note=f"{in_words(stage.statuses)}; {stage.groups} groups",
        ),
        figure("CPU per 1,000 pods", ours * 1000 / stage.pods, "s", note=f"{ours:.1f} s in all"),
        figure("peak memory", stage.peak_mb, "MB"),
        figure(
            "reconcile, median",
            histogram.quantile(stage.reconciles, 0.5) * 1000,
            "ms",
            note=f"99 % below {p99:.0f} ms; {stage.reconciles[inf]:,} of them, with their writes",
        ),
    ]


def _sizes(record: Record) -> list[Figure]:
    return [
        Figure(
            "large",
            f"largest {kind}",
            size.whole / 1024,
            "KiB",
            limit=MAX_BYTES / 1024,
            note=f"{(size.whole - size.managed) / 1024:.1f} KiB without managedFields; "
            f"{record.seen[kind]:,} versions observed",
        )
        for kind, size in sorted(record.largest.items())
    ]


SCENARIOS = (
    Scenario(
        "large",
        "an Update of 10,000 alternating instances that fails: writes and sizes of statuses",
        run,
        Sizes(instances=10_000),
        minutes=12,
    ),
)
