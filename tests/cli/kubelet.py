"""The kubelet of the simulated nodes, as far as logs need one: the API server asks it for them."""

from __future__ import annotations

import asyncio
import ssl
import threading
from types import TracebackType
from typing import Self

from aiohttp import web

from hack.devcluster.cluster import Cluster

#: Namespace, pod and container.
Key = tuple[str, str, str]
_START = "2026-01-01T00:00:{:02d}.{:09d}Z"


class Kubelet:
    """Serves the logs of all pods of a cluster. ``write`` adds a line, ``end`` ends those who
    follow, as the end of a container does."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._lines: dict[Key, list[str]] = {}
        self._ended: dict[Key, int] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._over = False
        #: The queries of all requests.
        self.queries: list[dict[str, str]] = []

    def __enter__(self) -> Self:
        self._thread.start()
        port = asyncio.run_coroutine_threadsafe(self._serve(), self._loop).result(10)
        status = {
            "addresses": [{"type": "InternalIP", "address": "127.0.0.1"}],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": port}},
        }
        for node in self._cluster.api.get("/api/v1/nodes")["items"]:
            path = f"/api/v1/nodes/{node['metadata']['name']}/status"
            self._cluster.api.patch(path, {"status": status}, "strategic-merge-patch")
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        self._over = True
        asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def write(self, namespace: str, pod: str, text: str, container: str = "web") -> None:
        lines = self._lines.setdefault((namespace, pod, container), [])
        stamp = _START.format(len(lines) % 60, len(lines))
        lines.append(f"{stamp} {text}\n")

    def end(self, namespace: str, pod: str, container: str = "web") -> None:
        key = (namespace, pod, container)
        self._ended[key] = self._ended.get(key, 0) + 1

    async def _serve(self) -> int:
        app = web.Application()
        app.router.add_get("/containerLogs/{namespace}/{pod}/{container}", self._log)
        self._runner = web.AppRunner(app, shutdown_timeout=2, handler_cancellation=True)
        await self._runner.setup()
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        certs = self._cluster.layout.certs
        tls.load_cert_chain(certs / "apiserver.crt", certs / "apiserver.key")
        site = web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=tls)
        await site.start()
        port: int = self._runner.addresses[0][1]
        return port

    async def _log(self, request: web.Request) -> web.StreamResponse:
        found = request.match_info
        key = (found["namespace"], found["pod"], found["container"])
        query = dict(request.query)
        self.queries.append(query)
        if query.get("previous"):
            return web.Response(status=400, text="previous terminated container not found")
        lines = self._lines.setdefault(key, [])
        at = max(0, len(lines) - int(query["tailLines"])) if "tailLines" in query else 0
        ends = self._ended.get(key, 0)
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            for line in lines[at:]:
                await response.write(line.encode())
            at = len(lines)
            over = self._over or self._ended.get(key, 0) != ends
            if not query.get("follow") or over:
                return response
            await asyncio.sleep(0.02)
