"""``python -m hack.ui.cost``: what the page costs. Its memory with many pods, and what fifty people
who look at one running update cost the page and the API server.

It prints figures and exits with 1 if one is above its bound. Other work on the machine makes the
shares of a core larger, not smaller.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, Final

import aiohttp

from hack.bench.proc import cpu_seconds, rss_mb
from hack.devcluster.api import ApiError
from hack.devcluster.cluster import Cluster
from hack.ui.jobs import Part, template
from hack.ui.programs import page, start_operator

#: Bounds: MiB, and the share of a core.
MEMORY: Final = 200.0
SHARE: Final = 0.10
VIEWERS: Final = 50
#: Seconds: of watching, and how long the pods may take.
WATCHED: Final = 20.0
PATIENCE: Final = 1800.0
#: The user of the page: its requests are told from all others.
USER: Final = "page"
JOBS: Final = "/apis/echelon.dev/v1alpha1/namespaces/default/echelonjobs"
_SLOW: Final = {"behaviour": "ready-after", "ready-after": "1s"}


def main() -> None:
    parser = argparse.ArgumentParser(prog="hack.ui.cost", description=__doc__)
    parser.add_argument("--pods", type=int, default=10_000, help="of the large Job (10000)")
    pods: int = parser.parse_args().pods
    with ExitStack() as stack:
        cluster = stack.enter_context(Cluster(nodes=max(10, pods // 100), audit=True))
        start_operator(stack, cluster)
        _create(cluster, Part("default", "large", pods, min_ready=0))
        _create(cluster, Part("default", "rolls", 200, before=("1.0", _SLOW)))
        for name, count in (("rolls", 200), ("large", pods)):
            _wait(lambda n=name, c=count: _available(cluster, n) == c, f"{count} pods of {name}")  # type: ignore[misc]
            print(f"{name}: {count} pods", flush=True)
        kubeconfig = cluster.client_kubeconfig(USER, ["system:masters"])
        url, pid = stack.enter_context(page(kubeconfig))
        good = _memory(url, pid, pods) & _viewers(cluster, url, pid)
    sys.exit(0 if good else 1)


def _memory(url: str, pid: int, pods: int) -> bool:
    """Show every page of the large Job, then look at the memory."""
    job = f"{url}/jobs/default/large"
    _wait(lambda: f'<td class="number">{pods}</td>' in _get(job), "the page")
    for path in ("", "?tab=completed", "?tab=configuration", "?tab=updates", "?page=2"):
        _get(job + path)
    began = time.monotonic()
    _get(job)
    took = time.monotonic() - began
    peak = rss_mb(pid, peak=True)
    print(f"{pods} pods: {rss_mb(pid):.0f} MiB, at its peak {peak:.0f} MiB, {MEMORY:.0f} allowed")
    print(f"the page of the Job took {took:.2f} s", flush=True)
    return peak <= MEMORY


def _viewers(cluster: Cluster, url: str, pid: int) -> bool:
    """Let people look at an update that is under way."""
    wanted = template("rolls", "1.1", _SLOW)
    cluster.api.patch(f"{JOBS}/rolls", {"spec": {"template": wanted}})
    stream = f"{url}/live/updates/default/rolls-g2"
    _wait(lambda: "Rolling forward" in _get(f"{url}/updates/default/rolls-g2"), "the update")
    asyncio.run(watched(stream, 1, 2.0))
    offset = cluster.audit_log.stat().st_size
    before, began = cpu_seconds(pid), time.monotonic()
    got = asyncio.run(watched(stream, VIEWERS, WATCHED))
    share = (cpu_seconds(pid) - before) / (time.monotonic() - began)
    asked = _requests(cluster, offset)
    print(f"{VIEWERS} viewers: {share:.1%} of a core, {SHARE:.0%} allowed")
    print(f"each got {min(got)} bytes or more in {WATCHED:.0f} s")
    print(f"requests at the API server meanwhile: {dict(asked) or 'none'}", flush=True)
    return share <= SHARE and not asked and min(got) > 0


async def watched(url: str, number: int, seconds: float) -> list[int]:
    """Open so many streams for so long. Returns the bytes of each."""
    got = [0] * number

    async def view(session: aiohttp.ClientSession, index: int) -> None:
        async with session.get(url) as response:
            async for chunk in response.content.iter_any():
                got[index] += len(chunk)

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        tasks = [asyncio.create_task(view(session, index)) for index in range(number)]
        await asyncio.sleep(seconds)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return got


def _requests(cluster: Cluster, offset: int) -> Counter[str]:
    """Requests of the page since then, without its watches."""
    found: Counter[str] = Counter()
    with cluster.audit_log.open("rb") as log:
        log.seek(offset)
        for line in log:
            event = json.loads(line) if line.endswith(b"\n") else {}
            if event.get("user", {}).get("username") == USER and event["verb"] != "watch":
                found[f"{event['verb']} {event.get('objectRef', {}).get('resource', '')}"] += 1
    return found


def _create(cluster: Cluster, part: Part) -> None:
    cluster.api.create(JOBS, part.job())


def _available(cluster: Cluster, name: str) -> int:
    status: dict[str, Any] = cluster.api.get(f"{JOBS}/{name}").get("status") or {}
    return int(status.get("availableInstances", 0))


def _get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=60) as answer:
        return str(answer.read().decode())


def _wait(over: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE
    while True:
        try:
            if over():
                return
        except (ApiError, OSError):
            pass  # not there yet
        if time.monotonic() > end:
            raise TimeoutError(f"timed out waiting for {what}")
        time.sleep(0.5)


if __name__ == "__main__":
    main()
