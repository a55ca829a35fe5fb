"""Many Updates with gates at the same time: is every gate asked on time?

Each Job has one instance, so its instance is soon updated. Then two gates watch the Update until
the end of the benchmark: one that asks an HTTP server, and the built-in one.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from controller.api.update import Phase
from hack.bench import histogram, proc
from hack.bench.audit import in_words
from hack.bench.figures import Figure
from hack.bench.manifests import job, template
from hack.bench.rig import JOBS, UPDATES, Rig
from hack.bench.scenario import Bench, Result, Scenario, Sizes

#: Seconds between two questions of a gate.
INTERVAL = 10
_WATCHED, _PATIENCE = 3_600, 600.0
_LATE, _ASKS = "echelon_gate_late_seconds", "echelon_gate_asks_total"
_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


def run(bench: Bench, sizes: Sizes) -> Result:
    jobs = sizes.jobs
    with _server() as url, bench.rig("gates") as rig:
        rig.start_operator()
        rig.await_operator()
        rig.say(f"creating {jobs:,} Jobs with two gates each")
        _each(jobs, lambda n: rig.cluster.api.create(JOBS, _job(n, url)))
        rig.wait("the Jobs to be ready", lambda: _ready(rig) == jobs, _PATIENCE, 1.0)
        rig.say("a new version of each")
        change = {"spec": {"template": template(2)}}
        _each(jobs, lambda n: rig.cluster.api.patch(f"{JOBS}/{_name(n)}", change))
        rig.wait("all Updates to be Watching", lambda: _watched(rig) == jobs, _PATIENCE, 1.0)
        # Until each gate was asked again, and all first verdicts are stored.
        time.sleep(2 * INTERVAL)
        figures = _watch(rig, jobs, sizes.seconds)
    return Result("gates", f"{jobs:,} Updates × 2 gates, every {INTERVAL} s", figures)


def _watch(rig: Rig, jobs: int, seconds: float) -> list[Figure]:
    rig.say(f"watching {jobs:,} Updates for {seconds:g} s")
    audit = rig.audit
    audit.mark()
    late, asked = _buckets(rig), _asked(rig)
    before, began = rig.sample(), time.monotonic()
    time.sleep(seconds)
    used, taken = rig.sample().since(before), time.monotonic() - began
    late, asked = _buckets(rig) - late, _asked(rig) - asked
    every = audit.writes()
    ours = Counter({k: n for k, n in every.items() if not k.endswith("leases")})
    what = f"{jobs:,} Updates × 2 gates, every {INTERVAL} s"
    cpu = used.ours["operator"] / taken * 100
    noise = f"other processes used {used.others:.2f} cores"
    due = jobs * 2 * taken / INTERVAL
    return [
        Figure(
            "gates", "lateness of questions, p99", histogram.quantile(late, 0.99), "s", note=what
        ),
        Figure("gates", "lateness of questions, median", histogram.quantile(late, 0.5), "s"),
        Figure("gates", "questions per second", asked / taken, note=f"{due / taken:.0f} are due"),
        Figure("gates", "API writes without the Lease", ours.total(), note=in_words(ours)),
        Figure("gates", "CPU", cpu, "% of a core", note=noise),
        Figure("gates", "memory", proc.rss_mb(rig.operator), "MB"),
    ]


def _each(count: int, act: Any) -> None:
    with ThreadPoolExecutor(4) as pool:
        for _ in pool.map(act, range(count)):
            pass


def _ready(rig: Rig) -> int:
    found = rig.cluster.api.get(JOBS)["items"]
    return sum(item.get("status", {}).get("availableInstances") == 1 for item in found)


def _watched(rig: Rig) -> int:
    found = rig.cluster.api.get(UPDATES)["items"]
    return sum(
        update.get("status", {}).get("phase") == Phase.ROLLING_FORWARD
        and update["status"].get("reason") == "Watching"
        for update in found
    )


def _buckets(rig: Rig) -> Counter[float]:
    return histogram.buckets(rig.metrics(), _LATE)


def _asked(rig: Rig) -> float:
    lines = (line for line in rig.metrics().splitlines() if line.startswith(f"{_ASKS}{{"))
    return sum(float(line.rpartition(" ")[2]) for line in lines)


def _job(number: int, url: str) -> dict[str, Any]:
    made = job(_name(number), 1, 1)
    common = {"scope": "Continuous", "intervalSeconds": INTERVAL}
    made["spec"]["update"] |= {
        "watchAfterSeconds": _WATCHED,
        "gates": [
            {"name": "asked", "http": {"url": url}, **common},
            {"name": "seen", "builtin": {}, **common},
        ],
    }
    return made


def _name(number: int) -> str:
    return f"gated-{number:04}"


@contextmanager
def _server() -> Iterator[str]:
    """Start a server, in a thread, that answers every request with 200. Returns its URL."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    start = asyncio.start_server(_serve, "127.0.0.1", 0)
    server = asyncio.run_coroutine_threadsafe(start, loop).result()
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        server.close()


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while await reader.readuntil(b"\r\n\r\n"):
            writer.write(_ANSWER)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


SCENARIOS = (
    Scenario(
        "gates",
        "1,000 Updates with two Continuous gates each: lateness of questions, writes",
        run,
        Sizes(jobs=1_000, seconds=60.0),
        minutes=6,
    ),
)
