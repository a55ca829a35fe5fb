"""A proxy whose lists lack objects that exist.

with Liar(cluster, USER) as proxy:
    proxy.lacks = lambda plural, name: plural == "pods"
    proxy.expire()
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from aiohttp import web

from hack.devcluster.cluster import Cluster
from hack.harness.proxy import Asked, Proxy

KINDS: Final = ("echelonjobs", "updates", "controllerrevisions", "pods")


class Liar(Proxy):
    """``lacks(plural, name)``: whether lists leave out this object; ``lies``: by plural, how many
    lists lacked something."""

    def __init__(self, cluster: Cluster, user: str) -> None:
        super().__init__(cluster, user)
        self.lacks: Callable[[str, str], bool] = lambda *_: False
        self.lies: Counter[str] = Counter()
        self._watches: set[asyncio.Task[web.StreamResponse]] = set()
        #: Plurals whose next watch begins with the event that its version is too old.
        self._expired: set[str] = set()

    def expire(self) -> None:
        """End all watches, and refuse the next of each kind, so that everything is listed again."""
        self._loop.call_soon_threadsafe(self._expire)

    def _expire(self) -> None:
        self._expired |= set(KINDS)
        for stream in list(self._watches):
            stream.cancel()

    async def _pass_on(
        self, request: web.Request, asked: Asked, url: str, headers: dict[str, str], body: bytes
    ) -> web.StreamResponse:
        plural = asked.path.rpartition("/")[2]
        work = super()._pass_on(request, asked, url, headers, body)
        if asked.method != "GET" or plural not in KINDS:
            return await work
        if "watch=" in asked.query:
            if plural in self._expired:
                work.close()
                self._expired.discard(plural)
                gone = {"kind": "Status", "code": 410, "reason": "Expired"}
                return web.Response(text=json.dumps({"type": "ERROR", "object": gone}) + "\n")
            return await self._streamed(request, asyncio.ensure_future(work))
        answer = await work
        if not isinstance(answer, web.Response) or answer.status != 200:
            return answer
        assert isinstance(answer.body, bytes)
        return web.Response(body=self._changed(plural, answer.body), headers=answer.headers)

    async def _streamed(
        self, request: web.Request, stream: asyncio.Task[web.StreamResponse]
    ) -> web.StreamResponse:
        self._watches.add(stream)
        try:
            return await stream
        except asyncio.CancelledError:
            with suppress(ConnectionError):
                if request.transport is not None:
                    request.transport.abort()
            raise
        finally:
            stream.cancel()
            self._watches.discard(stream)

    def _changed(self, plural: str, body: bytes) -> bytes:
        page = json.loads(body)
        names = [item["metadata"]["name"] for item in page.get("items") or ()]
        if not any(self.lacks(plural, name) for name in names):
            return body
        self.lies[plural] += 1
        page["items"] = [i for i in page["items"] if not self.lacks(plural, i["metadata"]["name"])]
        return json.dumps(page).encode()
