"""The simplest client that replaces pods: an update cannot be much faster.

`python -m hack.bench.raw …` replaces (or first creates) every pod of a file, all at once: delete
with a uid precondition, wait by one watch until it is gone, create the same manifest, wait until
it is Ready. It has 64 connections, one process and no retries: it exits at any error. It prints one
line of JSON: seconds, CPU seconds and writes of the replacement, peak memory in MB.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import ssl
import time
from collections import defaultdict
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp

CONNECTIONS = 64
_NAMESPACE = "/api/v1/namespaces/default/pods"
_HEADERS = {
    "User-Agent": "raw-client",
    "Accept-Encoding": "identity",
    "Content-Type": "application/json",
}
_METADATA = "application/json;as=PartialObjectMetadata{};g=meta.k8s.io;v=v1,application/json"
#: Only names, uids and versions of the answers are read.
_ACCEPT = {"DELETE": _METADATA.format(""), "POST": _METADATA.format("")}
_ACCEPT["GET"] = _METADATA.format("List")


class Raw:
    """``bodies``: manifests to create by name, as bytes."""

    def __init__(self, http: aiohttp.ClientSession, server: str, bodies: dict[str, bytes]) -> None:
        self._http = http
        self._server = server
        self._bodies = bodies
        loop = asyncio.get_running_loop()
        #: By uid.
        self._gone: defaultdict[str, asyncio.Future[None]] = defaultdict(loop.create_future)
        self._ready: defaultdict[str, asyncio.Future[None]] = defaultdict(loop.create_future)
        self.writes = 0
        self.watches = 0

    async def run(self, watching: aiohttp.ClientSession, selector: str) -> dict[str, float]:
        await asyncio.gather(*(self._call("GET", "/version") for _ in range(CONNECTIONS)))
        query = f"?labelSelector={quote(selector)}"
        listed = await self._call("GET", f"/api/v1/pods{query}")
        there = {
            item["metadata"]["name"]: item["metadata"]["uid"] for item in listed["items"] or ()
        }
        version = listed["metadata"]["resourceVersion"]
        watch = asyncio.create_task(self._watch(watching, query, version))
        began, used = time.monotonic(), _cpu()
        work = asyncio.gather(*(self._replace(name, there.get(name)) for name in self._bodies))
        watch.add_done_callback(lambda _: work.cancel())  # it ends only with an error
        try:
            await work
        except asyncio.CancelledError:
            await watch
            raise
        seconds, cpu = time.monotonic() - began, _cpu() - used
        watch.cancel()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        return {
            "seconds": seconds,
            "cpu": cpu,
            "peak_mb": peak,
            "writes": self.writes,
            "watches": self.watches,
        }

    async def _replace(self, name: str, uid: str | None) -> None:
        if uid is not None:
            options = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": uid}}
            await self._call("DELETE", f"{_NAMESPACE}/{name}", json.dumps(options).encode())
            await self._gone[uid]
        made = await self._call("POST", _NAMESPACE, self._bodies[name])
        await self._ready[made["metadata"]["uid"]]

    async def _call(self, method: str, path: str, body: bytes | None = None) -> Any:
        self.writes += method != "GET"
        url, headers = self._server + path, {"Accept": _ACCEPT[method]}
        async with self._http.request(method, url, data=body, headers=headers) as response:
            answer = await response.read()
            if response.status >= 400:
                raise SystemExit(f"{method} {path}: {response.status} {answer[:300]!r}")
            return json.loads(answer)

    async def _watch(self, http: aiohttp.ClientSession, query: str, version: str) -> None:
        """Watch the pods. The API server may end a watch at any time; it is then continued."""
        while True:
            self.watches += 1
            url = f"{self._server}/api/v1/pods{query}&watch=1&resourceVersion={version}"
            async with http.get(url) as response:
                response.raise_for_status()
                async for line in response.content:
                    event = json.loads(line)
                    if event["type"] == "ERROR":
                        raise SystemExit(f"watch: {event['object']}")
                    version = event["object"]["metadata"]["resourceVersion"]
                    self._hear(event["type"], event["object"])

    def _hear(self, kind: str, pod: dict[str, Any]) -> None:
        uid = pod["metadata"]["uid"]
        if kind == "DELETED":
            _set(self._gone[uid])
            return
        for condition in pod["status"].get("conditions", ()):
            if condition["type"] == "Ready" and condition["status"] == "True":
                _set(self._ready[uid])


def _set(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


async def replace(server: str, certs: Path, selector: str, bodies: dict[str, bytes]) -> None:
    tls = ssl.create_default_context(cafile=str(certs / "ca.crt"))
    tls.load_cert_chain(certs / "admin.crt", certs / "admin.key")
    connector = aiohttp.TCPConnector(limit=CONNECTIONS, ssl=tls)
    watching = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(ssl=tls),
        headers={"User-Agent": "raw-client", "Accept-Encoding": "identity"},
        timeout=aiohttp.ClientTimeout(total=None),
        read_bufsize=2**20,
    )
    async with aiohttp.ClientSession(connector=connector, headers=_HEADERS) as http, watching:
        print(json.dumps(await Raw(http, server, bodies).run(watching, selector)))


def main() -> None:
    parser = argparse.ArgumentParser(prog="hack.bench.raw", description=__doc__)
    parser.add_argument("--server", required=True, help="URL of the API server")
    parser.add_argument("--certs", required=True, type=Path, help="ca.crt, admin.crt, admin.key")
    parser.add_argument("--selector", required=True, help="labels of the pods to watch")
    parser.add_argument(
        "--pods", required=True, type=Path, help="file with one JSON manifest per line"
    )
    given = parser.parse_args()
    lines = given.pods.read_bytes().splitlines()
    bodies = {json.loads(line)["metadata"]["name"]: line for line in lines}
    asyncio.run(replace(given.server, given.certs, given.selector, bodies))


if __name__ == "__main__":
    main()
