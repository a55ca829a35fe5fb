"""A proxy between an operator and the API server that injects faults into chosen requests.

    with Proxy(cluster, USER) as proxy:
        proxy.fault = lambda request: 503 if request.writes else None

The proxy calls ``fault`` before it forwards a request; if it returns an HTTP status, the proxy
answers with it instead; a `Fault` can do more. It calls ``answered`` for each write after the
API server answered, and before it sends the answer to the client: this is the worst moment to kill
the client. ``reach`` is the network between the client and the API server: it can be cut.
``selectors`` gives the client its part of a cluster that several share.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Literal
from urllib.parse import quote

import aiohttp
from aiohttp import web

from hack.devcluster.cluster import Cluster

_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "host"}


@dataclass(frozen=True)
class Asked:
    """A request on its way to the API server."""

    method: str
    path: str
    query: str
    body: bytes = b""

    @property
    def writes(self) -> bool:
        """Whether the request writes; a dry run does not."""
        return self.method != "GET" and "dryRun=All" not in self.query

    @property
    def lease(self) -> bool:
        return "/leases" in self.path


@dataclass(frozen=True)
class Fault:
    """What happens to one request. ``status``: it is answered with that instead of forwarded, with
    the Retry-After in seconds. ``times``: how often it is forwarded; the last answer counts.
    ``late``: seconds before the client hears the answer. ``silent``: it never does."""

    status: int | None = None
    retry_after: int | None = None
    times: int = 1
    late: float = 0.0
    silent: bool = False


#: Nothing is wrong; connections are refused; requests and watches hang without an answer.
Reach = Literal["open", "refused", "hanging"]


class Proxy:
    """Listens on 127.0.0.1 with plain HTTP for one user of the cluster; ``kubeconfig`` points to
    it."""

    def __init__(self, cluster: Cluster, user: str) -> None:
        self.fault: Callable[[Asked], int | Fault | None] = lambda _: None
        self.reach: Reach = "open"
        #: The Retry-After of an injected answer, in seconds.
        self.retry_after: int | None = None
        self.answered: Callable[[Asked], None] = lambda _: None
        #: Path -> the label selector that its lists and watches get.
        self.selectors: dict[str, str] = {}
        self._upstream = cluster.url
        given = json.loads(cluster.client_kubeconfig(user).read_text())["users"][0]["user"]
        self._headers = {"Authorization": f"Bearer {given['token']}"} if "token" in given else {}
        certs = cluster.layout.certs
        self._tls = ssl.create_default_context(cafile=str(certs / "ca.crt"))
        if not self._headers:
            self._tls.load_cert_chain(certs / f"client-{user}.crt", certs / f"client-{user}.key")
        self._dir = cluster.dir
        self._user = user
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._port = 0
        self._streams = set[aiohttp.ClientResponse]()

    @property
    def kubeconfig(self) -> Path:
        server = f"http://127.0.0.1:{self._port}"
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "proxy", "cluster": {"server": server}}],
            "users": [{"name": "proxy", "user": {}}],
            "contexts": [{"name": "proxy", "context": {"cluster": "proxy", "user": "proxy"}}],
            "current-context": "proxy",
        }
        path = self._dir / f"proxy-{self._port}.kubeconfig"
        path.write_text(json.dumps(config))
        return path

    def __enter__(self) -> Proxy:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(10)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    async def _start(self) -> None:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, ssl=self._tls),
            timeout=aiohttp.ClientTimeout(total=None),
            auto_decompress=False,
            headers=self._headers,
        )
        app = web.Application(client_max_size=64 << 20)
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=0)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self._port = self._runner.addresses[0][1]

    async def _stop(self) -> None:
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()  # otherwise watches would continue
        await self._session.close()
        await self._runner.cleanup()

    def cut_watches(self) -> None:
        """End all watches; the client starts them again."""
        self._loop.call_soon_threadsafe(self._cut)

    def _cut(self) -> None:
        for stream in self._streams:
            stream.close()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        asked = Asked(request.method, request.path, request.query_string, body)
        if not await self._reached(request):
            return web.Response(status=502)
        given = self.fault(asked)
        fault = given if isinstance(given, Fault) else Fault(given, self.retry_after)
        if fault.status is not None:
            return _refusal(fault.status, fault.retry_after)
        headers = {k: v for k, v in request.headers.items() if k.lower() not in _HOP}
        url = self._upstream + self._narrowed(request)
        try:
            for _ in range(fault.times - 1):
                async with self._session.request(
                    request.method, url, headers=headers, data=body or None
                ) as answer:
                    await answer.read()
            answered = await self._pass_on(request, asked, url, headers, body)
        except (aiohttp.ClientError, ConnectionError):
            return web.Response(status=502)
        if fault.late:
            await asyncio.sleep(fault.late)
        if fault.silent:
            await asyncio.sleep(3600)
        return answered if await self._reached(request) else web.Response(status=502)

    def _narrowed(self, request: web.Request) -> str:
        """The path and query of a request; a list or watch with the selector of its path."""
        only = self.selectors.get(request.path) if request.method == "GET" else None
        if only is None:
            return request.path_qs
        return f"{request.path_qs}{'&' if request.query_string else '?'}labelSelector={quote(only)}"

    async def _reached(self, request: web.Request) -> bool:
        """Return when the network does not hang. Returns False if the client has no connection any
        more: it refuses, or the client gave up meanwhile."""
        hung = False
        while self.reach == "hanging":  # set by another thread
            hung = True
            await asyncio.sleep(0.05)
        transport = request.transport
        if self.reach == "refused" and transport is not None:
            transport.abort()
            return False
        return not hung or (transport is not None and not transport.is_closing())

    async def _pass_on(
        self, request: web.Request, asked: Asked, url: str, headers: dict[str, str], body: bytes
    ) -> web.StreamResponse:
        async with self._session.request(
            request.method, url, headers=headers, data=body or None
        ) as answer:
            kept = {k: v for k, v in answer.headers.items() if k.lower() not in _HOP}
            if "watch=" not in asked.query:
                said = await answer.read()
                if asked.writes:
                    # In a thread: it may block only this request.
                    await asyncio.to_thread(self.answered, asked)
                return web.Response(body=said, status=answer.status, headers=kept)
            stream = web.StreamResponse(status=answer.status, headers=kept)
            await stream.prepare(request)
            self._streams.add(answer)
            try:
                # An error is: the client has disconnected, or the watch was cut.
                with suppress(ConnectionError, aiohttp.ClientError):
                    async for chunk in answer.content.iter_any():
                        if not await self._reached(request):
                            break
                        await stream.write(chunk)
            finally:
                self._streams.discard(answer)
            return stream


def _refusal(status: int, retry_after: int | None) -> web.Response:
    words = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": status}
    words |= {"message": "injected fault"}
    asks = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return web.json_response(words, status=status, headers=asks)
