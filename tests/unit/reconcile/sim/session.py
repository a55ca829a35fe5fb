"""The network between the operator and the API server: each request has its fate.

``Session`` stands in for aiohttp's session, so that all of `controller.kube` above it is the real
one. Fates of requests:

==========  ====================================================================================
ok          answered
down        the connection is refused: nothing happens
lost        it takes effect, and the connection breaks
silent      it takes effect, and no answer comes
swallowed   nothing happens, and no answer comes
slow        it takes effect after a while
late        it takes effect, and is answered after a while
twice       somebody in between repeats it: the second answer comes
crash       it takes effect, and the operator is killed; if it is refused, it lives on
<code>      it is refused with that HTTP status; 504: it takes effect all the same
==========  ====================================================================================
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Any, Final, Self

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from tests.unit.reconcile.sim.api import Api, Asked, Refused, dump
from tests.unit.reconcile.sim.watches import Expired

#: Seconds that what is slow or late takes: less than any timeout of the client's.
WHILE: Final = 4.0
REASONS: Final = {
    "401": "Unauthorized",
    "403": "Forbidden",
    "409": "Conflict",
    "429": "TooManyRequests",
    "500": "InternalError",
    "503": "ServiceUnavailable",
    "504": "Timeout",
}
WRITES: Final = (
    "down",
    "lost",
    "silent",
    "swallowed",
    "slow",
    "late",
    "twice",
    "crash",
    *REASONS,
)
READS: Final = ("down", "swallowed", "slow", "late", "401", "429", "500", "503")


class Network:
    """``crash`` kills the operator; ``fail`` is told what must not be. ``reads``: fates of the next
    questions; those of writes are the cluster's."""

    def __init__(
        self, api: Api, crash: Callable[[], object], fail: Callable[[BaseException], object]
    ) -> None:
        self.api = api
        self.crash = crash
        self.reads: deque[str] = deque()
        self.read_fate = "ok"
        self.latency = 0.0
        self._fail = fail

    def fate(self, asked: Asked) -> str:
        """What becomes of a request."""
        served = self.api.served
        if asked.is_write:
            return served.fates.popleft() if served.fates else served.fate
        return self.reads.popleft() if self.reads else self.read_fate

    def answer(self, asked: Asked) -> tuple[int, bytes]:
        """Have it take effect."""
        try:
            return 200, dump(self.api.answer(asked))
        except Refused as refused:
            return refused.code, dump(refused.status)
        except Exception as error:
            self._fail(error)
            raise

    async def travel(self) -> None:
        await asyncio.sleep(self.latency)


class Session:
    """The connections of one life of the operator."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.dead = False

    def request(self, method: str, url: URL, **how: Any) -> Exchange:
        headers, data = how["headers"], how["data"]
        body = json.loads(data) if data else {}
        kind = headers.get("Content-Type", "")
        asked = Asked(method, url.raw_path, url.raw_query_string, headers["Accept"], kind, body)
        return Exchange(self, asked, how["timeout"].total)

    async def close(self) -> None:
        self.dead = True


class Exchange:
    """A request and its answer, as an asynchronous context."""

    def __init__(self, session: Session, asked: Asked, timeout: float | None) -> None:
        self._session = session
        self._network = session.network
        self._asked = asked
        self._timeout = timeout or 10.0

    async def __aenter__(self) -> Response:
        network, asked = self._network, self._asked
        if self._session.dead:
            raise aiohttp.ClientConnectionError("the operator is dead")
        fate = network.fate(asked)
        if fate == "down":
            raise aiohttp.ClientConnectionError("connection refused")
        await network.travel()
        if self._session.dead:
            raise aiohttp.ClientConnectionError("the operator is dead")
        if fate == "swallowed":
            await asyncio.sleep(self._timeout)
            raise TimeoutError
        if fate in REASONS and fate != "504":
            return _refusal(fate)
        if asked.is_watch:
            return self._watch()
        if fate == "slow":
            await asyncio.sleep(WHILE)
        code, body = network.answer(asked)
        return await self._answered(fate, Response(code, body))

    async def _answered(self, fate: str, answer: Response) -> Response:
        """It took effect; what the operator hears of it."""
        network = self._network
        match fate:
            case "lost":
                raise aiohttp.ServerDisconnectedError
            case "silent":
                await asyncio.sleep(self._timeout)
                raise TimeoutError
            case "late":
                await asyncio.sleep(WHILE)
            case "twice":
                answer = Response(*network.answer(self._asked))
            case "crash" if answer.status < 400:
                network.crash()
                await asyncio.Event().wait()
            case "504":
                return _refusal(fate)
        await network.travel()
        return answer

    def _watch(self) -> Response:
        api, given = self._network.api, self._asked.given
        kind, version = api.kind(self._asked), int(given["resourceVersion"])
        return Response(200, b"", _lines(api.served.watches.follow(kind, version)))

    async def __aexit__(self, *_: object) -> None:
        return None


class Response:
    """What of an answer the client looks at."""

    def __init__(
        self, status: int, body: bytes, chunks: AsyncIterator[bytes] | None = None
    ) -> None:
        self.status = status
        self.headers: CIMultiDict[str] = CIMultiDict()
        self._body = body
        self._chunks = chunks

    @property
    def content(self) -> Self:
        return self

    async def read(self) -> bytes:
        return self._body

    def iter_any(self) -> AsyncIterator[bytes]:
        assert self._chunks is not None
        return self._chunks


async def _lines(changes: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    try:
        async for line in changes:
            yield line + b"\n"
    except Expired:
        gone = {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old"}
        yield json.dumps({"type": "ERROR", "object": gone}).encode() + b"\n"


def _refusal(fate: str) -> Response:
    reason = REASONS[fate]
    words = {"403": "you may not do that", "409": "please apply your changes to the latest version"}
    status = {"kind": "Status", "reason": reason, "message": words.get(fate, "not now")}
    answer = Response(int(fate), dump(status))
    if fate == "429":
        answer.headers["Retry-After"] = "1"
    return answer
