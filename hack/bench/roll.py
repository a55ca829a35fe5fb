"""Replaces all instances of one Job at once, in turn with the operator and with a raw client.

Both replace the same number of equal pods on the same cluster. The operator's time is that from
the creation to the end of its Update, as a watch shows it.
"""

from __future__ import annotations

import http.client
import json
import os
import ssl
import time
from collections import Counter
from dataclasses import dataclass
from statistics import mean, median
from typing import Any

from controller.api.update import TERMINAL, Phase
from hack.bench import proc
from hack.bench.figures import Figure
from hack.bench.manifests import RAW_JOB, job, raw_pods, template
from hack.bench.options import Options
from hack.bench.proc import Sample
from hack.bench.requests import counted, in_words, writes
from hack.bench.rig import JOBS, UPDATES, Rig, RigError
from hack.bench.show import Progress

_PATIENCE = 300.0
_OURS, _RAW = "web", "raw"
#: Largest ratio of the operator's time to the raw client's time.
RATIO = 1.3
#: Limits of writes other than of pods: per update, and per second.
WRITES, WRITES_PER_SECOND = 20, 5


@dataclass(frozen=True, slots=True)
class Turn:
    """One replacement of all pods: seconds, CPU seconds, MB, writes, and the use of the machine.

    ``cuts``: how often the API server ended the watch of the pods, because its reader was slow.
    """

    seconds: float
    cpu: float
    peak_mb: float
    writes: Counter[str]
    machine: Sample
    cuts: int

    @property
    def left(self) -> float:
        """Seconds it would take with the whole machine, if only the CPU limits it."""
        cores = os.cpu_count() or 1
        return self.seconds * max(0.0, cores - self.machine.others) / cores

    @property
    def beside_pods(self) -> Counter[str]:
        return Counter({k: n for k, n in self.writes.items() if not k.endswith(" pods")})


def run(options: Options, say: Progress) -> list[Figure]:
    with Rig("roll", say) as rig:
        count = options.instances
        rig.start_operator()
        rig.await_operator()
        rig.say(f"{count:,} instances for each of the two")
        rig.cluster.api.create(JOBS, job(_OURS, count, count))
        rig.wait("the Job to be Ready", lambda: _available(rig) == count, _PATIENCE, 0.5)
        owner = rig.cluster.api.create(JOBS, job(_RAW, 0, 1))["metadata"]["uid"]
        pods = rig.cluster.dir / "raw-pods.jsonl"
        pods.write_bytes(b"\n".join(raw_pods(_RAW, owner, count)))
        _raw_turn(rig)
        turns = []
        for number in range(1, options.rounds + 1):
            ours = _operator_turn(rig, number + 1)
            raw = _raw_turn(rig)
            turns.append((ours, raw))
            rig.say(
                f"round {number}: operator {ours.seconds:.2f} s, raw client {raw.seconds:.2f} s, "
                f"ratio [bold]{ours.seconds / raw.seconds:.2f}[/] "
                f"(others used {ours.machine.others:.2f} and {raw.machine.others:.2f} cores)"
            )
        return _figures(turns, count)


def _operator_turn(rig: Rig, version: int) -> Turn:
    listed = rig.cluster.api.get(f"{UPDATES}?limit=1")
    events = _Events(rig, listed["metadata"]["resourceVersion"])
    asked = counted(rig.metrics())
    proc.forget_peak(rig.operator)
    before = rig.sample()
    rig.cluster.api.patch(f"{JOBS}/{_OURS}", {"spec": {"template": template(version)}})
    began, ended = events.follow()
    used = rig.sample().since(before)
    asked = counted(rig.metrics()) - asked
    return Turn(
        seconds=ended - began,
        cpu=used.ours["operator"],
        peak_mb=proc.rss_mb(rig.operator, peak=True),
        writes=writes(asked),
        machine=used,
        cuts=asked["watch pods"],
    )


def _raw_turn(rig: Rig) -> Turn:
    arguments = ["-m", "hack.bench.raw", f"--server={rig.cluster.url}"]
    arguments += [f"--certs={rig.cluster.layout.certs}", f"--selector={RAW_JOB}"]
    arguments += [f"--pods={rig.cluster.dir / 'raw-pods.jsonl'}"]
    before = rig.sample()
    child = rig.child(f"raw-{time.monotonic_ns()}", arguments)
    rig.wait("the raw client", lambda: child.died, _PATIENCE)
    assert child.pid is not None
    whole = proc.cpu_seconds(child.pid)
    machine = rig.sample().since(before)
    said = child.said()
    child.end()
    try:
        found = json.loads(said.splitlines()[-1])
    except (ValueError, IndexError):
        raise RigError(f"the raw client failed:\n{said}") from None
    machine = Sample(machine.at, {**machine.ours, "raw": whole}, machine.busy)
    sent, cuts = Counter({"pods": int(found["writes"])}), int(found["watches"]) - 1
    return Turn(found["seconds"], found["cpu"], found["peak_mb"], sent, machine, cuts)


class _Events:
    """A watch of the Updates, opened before the change of the Job."""

    def __init__(self, rig: Rig, version: str) -> None:
        certs = rig.cluster.layout.certs
        tls = ssl.create_default_context(cafile=str(certs / "ca.crt"))
        tls.load_cert_chain(certs / "admin.crt", certs / "admin.key")
        port = int(rig.cluster.url.rpartition(":")[2])
        self._connection = http.client.HTTPSConnection(
            "127.0.0.1", port, context=tls, timeout=_PATIENCE
        )
        self._connection.request("GET", f"{UPDATES}?watch=1&resourceVersion={version}")
        self._answer = self._connection.getresponse()

    def follow(self) -> tuple[float, float]:
        """The times when the next Update was created and when it was RolledForward."""
        began, name = 0.0, ""
        for line in self._answer:
            event: dict[str, Any] = json.loads(line)
            update = event["object"]
            if event["type"] == "ADDED":
                began, name = time.monotonic(), update["metadata"]["name"]
            phase = Phase(update.get("status", {}).get("phase", Phase.PENDING))
            if update["metadata"].get("name") == name and phase in TERMINAL:
                self._connection.close()
                if phase is not Phase.ROLLED_FORWARD:
                    raise RigError(f"{name} ended as {phase}: {update['status'].get('message')}")
                return began, time.monotonic()
        raise RigError("the watch of the Updates ended")


def _available(rig: Rig) -> int:
    status = rig.cluster.api.get(f"{JOBS}/{_OURS}").get("status", {})
    return int(status.get("availableInstances", 0))


def _figures(turns: list[tuple[Turn, Turn]], count: int) -> list[Figure]:
    ours, raws = [o for o, _ in turns], [r for _, r in turns]
    ratios = [o.seconds / r.seconds for o, r in turns]
    noise = mean(turn.machine.others for pair in turns for turn in pair)
    spread = ", ".join(f"{ratio:.2f}" for ratio in ratios)
    most = max(ours, key=lambda turn: turn.beside_pods.total())
    pods = Counter({k: n for k, n in most.writes.items() if k.endswith(" pods")})

    def figure(what: str, value: float, unit: str = "", **more: Any) -> Figure:
        return Figure("roll", what, value, unit, **more)

    return [
        figure(
            "operator ÷ raw client",
            median(ratios),
            "×",
            limit=RATIO,
            note=spread,
        ),
        figure(
            "the same, without the CPU of other processes",
            median(o.left / r.left for o, r in turns if r.left),
            "×",
            note=f"other processes used {noise:.2f} cores of {os.cpu_count()}",
        ),
        figure("operator", count / median(o.seconds for o in ours), "pods/s", note=_parts(ours)),
        figure("raw client", count / median(r.seconds for r in raws), "pods/s", note=_parts(raws)),
        figure(
            "operator's CPU per 1,000 pods",
            median(o.cpu for o in ours) * 1000 / count,
            "s",
            note=f"raw client {median(r.cpu for r in raws) * 1000 / count:.2f} s",
        ),
        figure(
            "operator's peak memory",
            max(o.peak_mb for o in ours),
            "MB",
            note=f"raw client {max(r.peak_mb for r in raws):.0f} MB",
        ),
        figure(
            "operator's writes of pods",
            pods.total(),
            limit=2.0 * count + 1,
            note=f"{in_words(pods)}; one is the dry run",
        ),
        figure(
            "operator's other writes",
            most.beside_pods.total(),
            limit=round(WRITES + WRITES_PER_SECOND * most.seconds),
            note=in_words(most.beside_pods),
        ),
    ]


def _parts(turns: list[Turn]) -> str:
    """Seconds, and the CPU seconds of the parts that used most."""
    seconds = median(turn.seconds for turn in turns)
    names = {name for turn in turns for name in turn.machine.ours}
    used = {n: median(turn.machine.ours.get(n, 0.0) for turn in turns) for n in names}
    most = sorted(used.items(), key=lambda item: -item[1])[:5]
    cpu = ", ".join(f"{name} {spent:.1f}" for name, spent in most)
    cuts = median(turn.cuts for turn in turns)
    return f"{seconds:.1f} s; CPU: {cpu}; watch cut {cuts:g} times"
