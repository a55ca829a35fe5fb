"""Sends requests to one API server: one HTTP session, bounded parallelism, errors mapped.

Requests are never retried here, except once after a 401 with fresh credentials: only the caller
knows whether a repeat is safe. Every failure is an ``ApiError``. A write without an answer
(``Unreachable``) may have been carried out.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from copy import copy
from typing import Any, Final

import aiohttp
from yarl import URL

from controller.kube import warning_headers
from controller.kube.config import ConfigError, Connection
from controller.kube.errors import ApiError, Unauthorized, Unreachable, raise_for
from controller.kube.refusal_log import RefusalLog
from controller.kube.request import Request
from controller.kube.spacing import Spacing

#: ``observe(verb, resource, code, seconds)``; code 0: no answer. Called for a watch when it ends.
Observe = Callable[[str, str, int, float], None]

#: The API server sends a bookmark every minute: longer silence means a dead connection.
WATCH_SILENCE: Final = 70.0
_CONNECT_TIMEOUT: Final = 10.0
_NO_ANSWER: Final = (aiohttp.ClientError, TimeoutError, OSError, ConfigError)


class Transport:
    """``limit`` bounds the requests in flight; watches do not count. ``guard`` is called
    immediately before each write is sent and raises when this process must not write."""

    def __init__(
        self,
        connection: Connection,
        *,
        limit: int,
        observe: Observe | None,
        guard: Callable[[], None] | None,
        user_agent: str,
        read_timeout: float,
        write_timeout: float,
    ) -> None:
        self.guard = guard
        self._connection = connection
        self._slots = asyncio.Semaphore(limit)
        self._observe = observe
        self._refusals = RefusalLog()
        self._spacing = Spacing()
        self._read_timeout = aiohttp.ClientTimeout(total=read_timeout)
        self._write_timeout = aiohttp.ClientTimeout(total=write_timeout)
        self._watch_timeout = aiohttp.ClientTimeout(
            total=None, connect=_CONNECT_TIMEOUT, sock_read=WATCH_SILENCE
        )
        # Compressed answers save a local network nothing and cost both sides CPU.
        self._headers = {"User-Agent": user_agent, "Accept-Encoding": "identity"}
        self._session: aiohttp.ClientSession | None = None
        #: The transport whose session this one uses; None: it has its own.
        self._owner: Transport | None = None

    def with_token(self, token: str) -> Transport:
        """Sends with this token and never with the own credentials, over the same session."""
        other = copy(self)
        other._connection = self._connection.with_token(token)
        other._refusals = RefusalLog()
        other._session, other._owner = None, self
        return other

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def call(self, request: Request) -> bytes:
        """Send the request. Returns the body of the answer."""
        await self._spacing.turn(request.path)
        async with self._slots:
            try:
                try:
                    return await self._send(request)
                except Unauthorized:
                    return await self._send(request)
            except ApiError as error:
                self._spacing.failed(request.path, error)
                raise

    async def stream(
        self, request: Request, opened: Callable[[], None] | None = None
    ) -> AsyncGenerator[bytes]:
        """Send the request. Yields the bytes of the answer as they arrive.

        ``opened`` is called when the API server has accepted the request, which may be long before
        the first byte.
        """
        started, code = time.monotonic(), 0
        try:
            authorization = await self._connection.credentials.headers()
            async with self._open(request, authorization, self._watch_timeout) as response:
                code = response.status
                if code >= 400:
                    self._refuse(request, response, await response.read(), authorization)
                if opened is not None:
                    opened()
                async for chunk in response.content.iter_any():
                    yield chunk
        except _NO_ANSWER as error:
            raise Unreachable(_describe(error)) from error
        finally:
            self._observed(request, code, started)

    async def _send(self, request: Request) -> bytes:
        try:
            authorization = await self._connection.credentials.headers()
        except ConfigError as error:
            raise Unreachable(str(error)) from error
        reads = request.method == "GET"
        if self.guard is not None and not reads:
            # Checked once more when it is sent, see `_guarded`: this saves a connection.
            self.guard()
        timeout = self._read_timeout if reads else self._write_timeout
        started, code = time.monotonic(), 0
        try:
            async with self._open(request, authorization, timeout) as response:
                body: bytes = await response.read()
                code = response.status
                if code >= 400:
                    self._refuse(request, response, body, authorization)
                if request.warned is not None:
                    request.warned(warning_headers.texts(response.headers.getall("Warning", ())))
                return body
        except _NO_ANSWER as error:
            raise Unreachable(_describe(error)) from error
        finally:
            self._observed(request, code, started)

    def _open(
        self, request: Request, authorization: Mapping[str, str], timeout: aiohttp.ClientTimeout
    ) -> Any:
        connection = self._connection
        return self._opened().request(
            request.method,
            URL(connection.server + request.path, encoded=True),
            data=request.body,
            headers={**request.headers(), **authorization},
            timeout=timeout,
            ssl=connection.ssl_context or True,
            proxy=connection.proxy,
            server_hostname=connection.server_hostname,
            allow_redirects=False,
        )

    def _opened(self) -> aiohttp.ClientSession:
        if self._owner is not None:
            return self._owner._opened()
        if self._session is None:
            # The semaphore limits the requests. With aiohttp's own limit, the time-out of a
            # request would already run while the request waits for a connection.
            connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=60, ttl_dns_cache=300)
            self._session = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                headers=self._headers,
                auto_decompress=False,
                read_bufsize=2**20,
                request_class=_guarded(lambda: self.guard),
            )
        return self._session

    def _refuse(
        self,
        request: Request,
        response: aiohttp.ClientResponse,
        body: bytes,
        authorization: dict[str, str],
    ) -> None:
        if response.status == 401:
            self._connection.credentials.invalidate(authorization)
        try:
            raise_for(response.status, body, response.headers)
        except ApiError as error:
            self._refusals.note(request.verb, request.resource, request.path, error)
            raise

    def _observed(self, request: Request, code: int, started: float) -> None:
        if self._observe is not None:
            self._observe(request.verb, request.resource, code, time.monotonic() - started)


def _guarded(guard: Callable[[], Callable[[], None] | None]) -> type[aiohttp.ClientRequest]:
    """Requests whose body (every write has one) is checked in the moment before it is sent.

    The process may have been frozen since the request was begun: to make a connection takes time,
    the body is sent by a task of its own, and aiohttp repeats a delete by itself if a connection
    that was kept turns out to be closed.
    """

    class Guarded(aiohttp.ClientRequest):
        async def write_bytes(
            self, writer: Any, conn: Any, content_length: int | None = None
        ) -> None:
            try:
                if (check := guard()) is not None:
                    check()
            except ApiError as refused:
                # What waits for the answer raises this, and closes the connection.
                conn.protocol.set_exception(refused)
                return
            await super().write_bytes(writer, conn, content_length)

    return Guarded


def _describe(error: BaseException) -> str:
    if isinstance(error, aiohttp.ClientConnectorError):
        return f"cannot connect to {error.host}:{error.port}: {error.os_error}"
    text = str(error)
    if not text and isinstance(error, TimeoutError):
        return "timed out"
    return text or type(error).__name__
