"""The page as a Deployment: composes it, and runs it until SIGTERM."""

from __future__ import annotations

import asyncio
import logging
import signal
import time
from contextlib import AsyncExitStack
from typing import Final

from aiohttp import web
from prometheus_client import CollectorRegistry

from controller.kube.config import Connection, connect
from controller.probes import LOOP_STALL, WATCH_IDLE, Check, Heartbeat, Servers, not_older
from controller.settings import version
from controller.ui import server
from controller.ui.access import Access
from controller.ui.addresses import on_this_machine
from controller.ui.app import application
from controller.ui.clients import Clients
from controller.ui.live import Hub
from controller.ui.metrics import Metrics
from controller.ui.proxies import ProxyAccess
from controller.ui.reads import Reads
from controller.ui.recorder import Recorder
from controller.ui.render import Renderer
from controller.ui.reviews import Reviews, asks
from controller.ui.security import Guard
from controller.ui.sessions import Sessions
from controller.ui.settings import Settings
from controller.ui.site import Site
from controller.ui.store import Store
from controller.ui.tls import Certificate
from controller.ui.tokens import TokenAccess, Tokens
from controller.ui.watch import Reach, Watch

log = logging.getLogger(__name__)

#: Bytes of a header: tokens with many groups are long.
_HEADER: Final = 32 * 1024


class Deployment:
    """``run`` works until ``stop`` is called."""

    def __init__(self, settings: Settings, connection: Connection) -> None:
        self._settings = settings
        self._stopping = asyncio.Event()
        self._metrics = Metrics(CollectorRegistry(), version=version())
        observe = self._metrics.api_requested
        self._clients = Clients(connection, observe)
        store, recorder = Store(), Recorder()
        self._watch = Watch(self._clients.watch, store, Reach(settings.namespaces))
        self._renderer = Renderer()
        reads = Reads(self._clients.reads)
        self._site = Site(store, self._watch, recorder, reads, settings.place, is_discreet=True)
        self._hub = Hub(self._site, self._renderer)
        store.listeners += [recorder, self._hub]
        self._guard = Guard((), "echelon")
        self._heartbeat = Heartbeat()
        tls = settings.tls_cert
        self._certificate = Certificate(tls, settings.tls_key) if tls else None

    def stop(self) -> None:
        self._stopping.set()

    async def run(self) -> None:
        """Serve. Raises ``OSError`` if an address cannot be used."""
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self._clients.close)
            runner = server.runner(
                self._application(), handle_signals=False, max_field_size=_HEADER
            )
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            stack.push_async_callback(self._hub.close)
            await self._listen(runner)
            servers = self._servers()
            stack.push_async_callback(servers.stop)
            await servers.start()
            await self._work()

    async def _listen(self, runner: web.AppRunner) -> None:
        address, certificate = self._settings.address, self._certificate
        context = certificate.context if certificate else None
        site = web.TCPSite(runner, address.host or None, address.port, ssl_context=context)
        # The names first: a request may come at once.
        self._serve_as(address.port)
        await site.start()
        if not address.port:
            self._serve_as(runner.addresses[0][1])
        log.info("the page is served as %s", ", ".join(map(str, self._urls)))

    def _serve_as(self, port: int) -> None:
        secure = self._certificate is not None
        self._urls = self._settings.urls or tuple(on_this_machine(port, is_secure=secure))
        self._guard.serve(
            (url.host for url in self._urls), (url.host for url in self._urls if url.is_secure)
        )

    async def _work(self) -> None:
        """Run what runs until the end."""
        loops = [self._watch.run(), self._heartbeat.run(), self._stopping.wait()]
        if self._certificate is not None:
            loops.append(self._certificate.run())
        tasks = [asyncio.ensure_future(each) for each in loops]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()  # All but the wait for the stop end only by a bug.
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _application(self) -> web.Application:
        metrics, hub = self._metrics, self._hub
        streams = "Streams to browsers that are open."
        metrics.gauge("echelon_ui_streams", streams, lambda: hub.streams.total())
        viewers = "Users with a stream."
        metrics.gauge("echelon_ui_viewers", viewers, lambda: len(hub.streams))
        return application(
            self._site,
            self._renderer,
            self._access(),
            self._guard,
            hub,
            ask_again=min(30.0, self._settings.review / 2),
            middlewares=[metrics.middleware],
        )

    def _access(self) -> Access:
        settings, clients = self._settings, self._clients
        reviews = Reviews(asks(clients.reviews), seconds=settings.review)
        if settings.auth == "headers":
            secret = settings.proxy_secret_file
            return ProxyAccess(settings.headers, settings.proxies, secret, reviews, clients.logs)
        sessions = Sessions(settings.session, ended=self._hub.end)
        self._metrics.gauge("echelon_ui_sessions", "Sessions.", lambda: len(sessions))
        tokens = Tokens(clients.reviews, clients.strangers, settings.review)
        return TokenAccess(
            self._guard, clients.acts, clients.logs, tokens, sessions, reviews, settings.proxies
        )

    def _servers(self) -> Servers:
        alive: dict[str, Check] = {
            "loop": not_older(self._heartbeat.age, LOOP_STALL, "the event loop has not turned")
        }
        for name, last_active in self._watch.last_active.items():
            alive[f"watch-{name}"] = not_older(
                lambda last=last_active: time.monotonic() - last(),  # type: ignore[misc]
                WATCH_IDLE,
                "nothing was heard or asked",
            )
        watch = self._watch
        return Servers(
            health=self._settings.health_address,
            metrics=self._settings.metrics_address,
            alive=alive,
            ready={"caches": lambda: None if watch.synced else "not filled yet"},
            registry=self._metrics.registry,
        )


async def serve(settings: Settings) -> None:
    """Run the page until SIGTERM or SIGINT."""
    page = Deployment(settings, await connect())
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, page.stop)
    await page.run()
