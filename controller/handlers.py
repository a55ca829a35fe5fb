"""The feed of Jobs: kopf watches them and passes on each event.

kopf only reads: its one handler is ``on.event``, which writes nothing (no finalizers, no
annotations, no peering, no Events). kopf runs in a thread with an event loop of its own, because it
cancels all tasks of its loop when it ends, and it is started again whenever it ends too early. A
lost event only causes a delay, because the receiver also lists the Jobs from time to time.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any, Final

import aiohttp
import kopf

from controller.kube.client import Client
from controller.kube.config import ConfigError, Connection, connect
from controller.kube.discovery import serves
from controller.kube.errors import ApiError
from controller.resource import Resource

log = logging.getLogger(__name__)

#: Called with the type of an event and the object. The type is ADDED, MODIFIED or DELETED for
#: events of a watch, LISTED for objects that exist at the start.
OnEvent = Callable[[str, dict[str, Any]], None]

_RESTART_FIRST: Final = 0.5
_RESTART_MAX: Final = 30.0
_STOP_TIMEOUT: Final = 10.0


class Backoffs(Iterable[float]):
    """An endless sequence of seconds, so that no outage of the API server ends kopf."""

    def __iter__(self) -> Iterator[float]:
        yield from (0.1, 0.3, 1, 2, 5, 10)
        while True:
            yield 10


class JobFeed:
    """Calls ``on_event(type, body)`` in ``loop`` for each event of ``resource``.

    If ``namespaces`` is empty, all namespaces are watched. The feed waits until the resource is
    served (its CRD is installed). ``on_watch()`` is called in ``loop`` when a watch begins: kopf
    never reports what was deleted before.
    """

    def __init__(
        self,
        on_event: OnEvent,
        resource: Resource,
        *,
        namespaces: Sequence[str] = (),
        loop: asyncio.AbstractEventLoop,
        user_agent: str = "kopf",
        on_watch: Callable[[], None] = lambda: None,
    ) -> None:
        self._on_event = on_event
        self._on_watch = on_watch
        self._resource = resource
        self._namespaces = tuple(namespaces)
        self._main = loop
        self._user_agent = user_agent
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self._stopped = threading.Event()
        #: Number of starts of kopf.
        self.starts = 0

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="kopf", daemon=True)
        self._thread.start()

    async def stop(self) -> None:
        """End kopf. Returns after at most 10 seconds."""
        self._stopped.set()
        with suppress(RuntimeError):  # The loop of the thread may be closed already.
            if self._loop is not None and self._stopping is not None:
                self._loop.call_soon_threadsafe(self._stopping.set)
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join, _STOP_TIMEOUT)

    def alive(self) -> bool:
        """Whether the thread runs that runs kopf and starts it again."""
        return self._thread is not None and self._thread.is_alive()

    # -- in kopf's thread ------------------------------------------------------------------

    def _run(self) -> None:
        try:
            asyncio.run(self._supervise())
        except Exception:
            log.exception("kopf's thread ended")

    async def _supervise(self) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        self._loop.set_exception_handler(self._on_stray)
        if self._stopped.is_set():
            return
        pause = _RESTART_FIRST
        while not self._stopping.is_set():
            began = self._loop.time()
            try:
                if await self._is_served():
                    self.starts += 1
                    await self._operate(self._stopping)
                    self._report_end(None)
            except Exception as error:
                self._report_end(error)
            pause = _RESTART_FIRST if self._loop.time() - began > 60 else pause
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause)
            pause = min(_RESTART_MAX, pause * 2)

    def _on_stray(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Log unhandled exceptions of kopf's tasks. While kopf is being ended they are normal,
        because that may interrupt a request."""
        if self._stopped.is_set():
            log.debug("kopf at its end: %s", context.get("exception") or context.get("message"))
        else:
            loop.default_exception_handler(context)

    def _report_end(self, error: Exception | None) -> None:
        if self._stopping is not None and not self._stopping.is_set():
            log.warning("kopf ended, starting it again: %s", error or "no reason given")

    async def _is_served(self) -> bool:
        """Whether the API server serves the resource. kopf finds out only once, when it starts, so
        it must not start earlier."""
        try:
            async with Client(await connect(), user_agent=self._user_agent) as client:
                served = await serves(client, self._resource)
        except (ApiError, ConfigError) as error:
            log.warning("cannot ask for %s: %s; trying again", self._resource.plural, error)
            return False
        if not served:
            log.warning(
                "%s.%s is not served; install its CustomResourceDefinition (waiting)",
                self._resource.plural,
                self._resource.group,
            )
        return served

    async def _operate(self, stopping: asyncio.Event) -> None:
        await kopf.operator(
            registry=self._registry(),
            settings=kopf_settings(),
            standalone=True,
            clusterwide=not self._namespaces,
            namespaces=self._namespaces,
            stop_flag=stopping,
        )

    def _registry(self) -> kopf.OperatorRegistry:
        registry = kopf.OperatorRegistry()
        resource = self._resource

        @kopf.on.login(registry=registry, id="login")
        async def login(**_: Any) -> kopf.AiohttpSession:
            return await self._login()

        @kopf.on.event(resource.group, resource.version, resource.plural, registry=registry,
                       id="hand-on")  # fmt: skip
        async def hand_on(event: Any, **_: Any) -> None:
            self._tell(self._on_event, event["type"] or "LISTED", event["object"])

        return registry

    async def _login(self) -> kopf.AiohttpSession:
        """The session of kopf: the same cluster and credentials as the rest of the operator."""
        try:
            connection = await connect()
        except ConfigError as error:
            raise kopf.LoginError(str(error)) from error
        session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, ssl=connection.ssl_context or True),
            headers={"User-Agent": self._user_agent},
            proxy=connection.proxy,
            middlewares=(_authorizing(connection), self._noticing()),
        )
        return kopf.AiohttpSession(server=connection.server, aiohttp_session=session)

    def _noticing(self) -> aiohttp.ClientMiddlewareType:
        async def notice(
            request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
        ) -> aiohttp.ClientResponse:
            response = await handler(request)
            if "watch" in request.url.query and response.status == 200:
                self._tell(self._on_watch)
            return response

        return notice

    def _tell(self, what: Callable[..., None], *about: Any) -> None:
        with suppress(RuntimeError):  # The main loop is closed, because the process is ending.
            self._main.call_soon_threadsafe(what, *about)


def _authorizing(connection: Connection) -> aiohttp.ClientMiddlewareType:
    async def authorize(
        request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        headers = await connection.credentials.headers()
        request.headers.update(headers)
        if connection.server_hostname:
            request.server_hostname = connection.server_hostname
        response = await handler(request)
        if response.status == 401:
            connection.credentials.invalidate(headers)
        return response

    return authorize


def kopf_settings() -> kopf.OperatorSettings:
    """Settings with which kopf only reads and survives any outage of the API server."""
    settings = kopf.OperatorSettings()
    settings.posting.enabled = False
    settings.peering.standalone = True
    # The namespaces are given and the kind is known to be served, so nothing must be scanned.
    settings.scanning.disabled = True
    settings.networking.error_backoffs = Backoffs()
    settings.networking.request_timeout = 10
    settings.networking.connect_timeout = 5
    settings.watching.server_timeout = 600
    settings.watching.chunk_size = 500
    settings.queueing.idle_timeout = 1
    settings.queueing.error_delays = (1, 2, 5, 10)
    # None: kopf must not end the whole process. The finalizer: kopf removes finalizers of this
    # name, so no object must have it.
    settings.process.ultimate_exiting_timeout = None
    settings.persistence.finalizer = "echelon.dev/never-set"
    return settings
