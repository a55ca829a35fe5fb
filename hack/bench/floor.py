"""The floor: the least that any controller must do to replace pods, in Python as the operator.

It makes one request for each change of a pod, has one watch and 64 connections, writes no status
and keeps no books. To recreate a pod it deletes it, waits until it is gone, creates it, and waits
until it is Ready. In place it patches the image (or the resources) and waits until the status shows
the change. For a surge it creates a second pod, waits until it is Ready, and deletes the first.

`python -m hack.bench.floor …` creates the pods, prints a line, waits for SIGUSR1, replaces them and
prints a line of JSON. It has no retries: it exits at any error. `hack.bench.contestants.floor`
starts it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp

from hack.bench import watch
from hack.bench.pods import shown

CONNECTIONS = 64
CREATED = "created"
AGENT = "floor"
#: Pods that are created at the same time.
_CREATING = 200
_PODS = "/api/v1/namespaces/default/pods"
_METADATA = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json"
_GONE = "gone"
_PATCH = "application/strategic-merge-patch+json"


class FloorError(Exception):
    """The API server refused a request. The floor does not try again."""


@dataclass(frozen=True, slots=True)
class Plan:
    """``old``, ``new``: pods as JSON with ``@@`` for the id, and ``marks``: what the status of
    either shows. ``window``: pods of a job that are replaced at the same time. ``first``: number of
    instances of each job that are replaced."""

    jobs: int
    instances: int
    window: int
    first: int
    replacement: str
    strategy: str
    old: bytes
    new: bytes
    marks: tuple[str, str]
    selector: str

    @classmethod
    def read(cls, path: Path) -> Plan:
        given = json.loads(path.read_text())
        old, new = given.pop("old").encode(), given.pop("new").encode()
        return cls(old=old, new=new, marks=tuple(given.pop("marks")), **given)

    def ids(self, job: int, count: int) -> Iterator[str]:
        """The ids of the first ``count`` instances of a job."""
        return (f"{job}-{i}" if self.jobs > 1 else str(i) for i in range(count))


class Floor:
    def __init__(self, http: aiohttp.ClientSession, server: str, plan: Plan) -> None:
        self._http = http
        self._url = server + _PODS
        self._plan = plan
        pod = json.loads(plan.new)
        self._prefix = pod["metadata"]["name"].removesuffix("@@")
        container = pod["spec"]["containers"][0]
        changed = "resources" if plan.replacement == "Resize" else "image"
        patch = {"name": container["name"], changed: container[changed]}
        self._patch = json.dumps({"spec": {"containers": [patch]}}).encode()
        self._resizes = plan.replacement == "Resize"
        self._subresource = "/resize" if self._resizes else ""
        self._state: dict[str, str] = {}
        self._wanted: dict[str, tuple[str, asyncio.Future[None]]] = {}

    async def begin_watch(self, http: aiohttp.ClientSession) -> asyncio.Task[None]:
        """Start the watch of the pods. There must be none yet."""
        query = f"?labelSelector={quote(self._plan.selector)}"
        async with self._http.get(self._url + query + "&limit=1") as answer:
            version = (await answer.json())["metadata"]["resourceVersion"]
        return asyncio.create_task(watch.follow(http, self._url + query, version, self._see))

    async def create(self) -> None:
        """Create all pods at the old version. Returns when they are Ready."""
        creating = asyncio.Semaphore(_CREATING)

        async def one(each: str) -> None:
            async with creating:
                await self._create(self._prefix + each, self._plan.old, each, self._plan.marks[0])

        plan = self._plan
        ids = (each for job in range(plan.jobs) for each in plan.ids(job, plan.instances))
        await asyncio.gather(*map(one, ids))

    async def roll(self) -> None:
        """Bring the pods to the new version. Returns when they are Ready."""
        kind = self._batches if self._plan.strategy == "Batch" else self._queue
        await asyncio.gather(*(kind(job) for job in range(self._plan.jobs)))

    async def _queue(self, job: int) -> None:
        """Replace a job's instances: as one is done, the next one starts."""
        window = asyncio.Semaphore(self._plan.window)

        async def one(each: str) -> None:
            async with window:
                await self._replace(each)

        await asyncio.gather(*map(one, self._plan.ids(job, self._plan.first)))

    async def _batches(self, job: int) -> None:
        """Replace a job's instances in groups: when a whole group is done, the next one starts."""
        ids, size = list(self._plan.ids(job, self._plan.first)), self._plan.window
        for start in range(0, len(ids), size):
            await asyncio.gather(*map(self._replace, ids[start : start + size]))

    async def _replace(self, each: str) -> None:
        name, plan = self._prefix + each, self._plan
        match plan.replacement:
            case "Recreate":
                await self._send("DELETE", f"/{name}")
                await self._until(name, _GONE)
                await self._create(name, plan.new, each, plan.marks[1])
            case "Surge":
                await self._create(f"{name}-s", plan.new, f"{each}-s", plan.marks[1])
                await self._send("DELETE", f"/{name}")
                await self._until(name, _GONE)
            case _:
                await self._send("PATCH", f"/{name}{self._subresource}", self._patch, _PATCH)
                await self._until(name, plan.marks[1])

    async def _create(self, name: str, pod: bytes, each: str, mark: str) -> None:
        await self._send("POST", "", pod.replace(b"@@", each.encode()))
        await self._until(name, mark)

    async def _send(
        self, method: str, path: str, body: bytes | None = None, kind: str = "application/json"
    ) -> None:
        headers = {"Accept": _METADATA, "Content-Type": kind}
        url = self._url + path
        async with self._http.request(method, url, data=body, headers=headers) as answer:
            said = await answer.read()
            if answer.status >= 300:
                raise FloorError(f"{method} {path}: {answer.status} {said[:300]!r}")

    async def _until(self, name: str, state: str) -> None:
        if self._state.get(name) != state:
            future = asyncio.get_running_loop().create_future()
            self._wanted[name] = (state, future)
            await future

    def _see(self, kind: str, pod: dict[str, Any]) -> None:
        name = pod["metadata"]["name"]
        state = _GONE if kind == "DELETED" else shown(pod, self._resizes) or ""
        self._state[name] = state
        wanted = self._wanted.get(name)
        if wanted is not None and wanted[0] == state:
            del self._wanted[name]
            wanted[1].set_result(None)


async def run(server: str, certs: Path, plan: Plan) -> None:
    go = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, go.set)
    connector = aiohttp.TCPConnector(limit=CONNECTIONS, ssl=watch.trust(certs))
    headers = {"User-Agent": AGENT, "Accept-Encoding": "identity"}
    async with (
        aiohttp.ClientSession(connector=connector, headers=headers) as http,
        watch.session(certs, AGENT) as watching,
    ):
        floor = Floor(http, server, plan)
        reading = await floor.begin_watch(watching)
        work = asyncio.create_task(_phases(floor, go))
        await asyncio.wait((reading, work), return_when=asyncio.FIRST_COMPLETED)
        if not work.done():  # the watch ends only with an error
            work.cancel()
            await reading
        reading.cancel()
        await work


async def _phases(floor: Floor, go: asyncio.Event) -> None:
    await floor.create()
    print(CREATED, flush=True)
    await go.wait()
    began, used = time.monotonic(), time.process_time()
    await floor.roll()
    seconds, cpu = time.monotonic() - began, time.process_time() - used
    print(json.dumps({"seconds": seconds, "cpu": cpu}), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="hack.bench.floor", description=__doc__)
    parser.add_argument("--server", required=True, help="URL of the API server")
    parser.add_argument("--certs", required=True, type=Path, help="ca.crt, admin.crt, admin.key")
    parser.add_argument("--plan", required=True, type=Path, help="the work, as JSON (see Plan)")
    given = parser.parse_args()
    try:
        asyncio.run(run(given.server, given.certs, Plan.read(given.plan)))
    except (FloorError, watch.WatchError, aiohttp.ClientError) as error:
        sys.exit(f"floor: {error}")


if __name__ == "__main__":
    main()
