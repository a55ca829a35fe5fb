"""Serves the probes for Kubernetes and the metrics for Prometheus.

``/healthz`` fails only for faults of this process that a restart fixes: a key that is stuck in
work, a watch that neither receives anything nor sends requests, a blocked event loop, a thread that
ended. It does not fail because the API server is silent, however long.
``/readyz`` fails until the caches are filled, and while a kind is refused for long (`candidacy`); a
standby without the Lease is ready. Both list their checks in the format of the API server's probes.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from controller.setting_types import Address

log = logging.getLogger(__name__)

#: Returns what is wrong, or None if nothing is wrong.
Check = Callable[[], str | None]

#: Seconds without a sign of life of a watch: two bookmarks, a back-off and a list without answer.
WATCH_IDLE: Final = 150.0
#: Seconds of delay after which the event loop counts as blocked.
LOOP_STALL: Final = 30.0
#: Seconds from one turn of the event loop that is noted to the next.
BEAT: Final = 0.5


def not_older(age: Callable[[], float], limit: float, what: str) -> Check:
    """A check that fails when ``age`` is over ``limit`` seconds: "nothing has moved for 130 s"."""

    def check() -> str | None:
        seconds = age()
        return f"{what} for {seconds:.0f} s" if seconds > limit else None

    return check


def is_set(event: asyncio.Event, otherwise: str) -> Check:
    return lambda: None if event.is_set() else otherwise


class Heartbeat:
    """Notices a blocked event loop: ``age`` grows while ``run`` cannot run. Any thread may ask for
    ``age``. ``on_beat()`` is called at each turn."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        on_beat: Callable[[], None] = lambda: None,
    ) -> None:
        self._clock = clock
        self._on_beat = on_beat
        self._last = clock()

    def age(self) -> float:
        return self._clock() - self._last

    async def run(self) -> None:
        while True:
            self._last = self._clock()
            self._on_beat()
            await asyncio.sleep(BEAT)


def add_probes(
    app: web.Application, alive: Mapping[str, Check], ready: Mapping[str, Check]
) -> None:
    """Serve ``/healthz`` and ``/readyz``; checks may be added to the mappings later."""

    async def healthz(_: web.Request) -> web.Response:
        return _answer("healthz", alive)

    async def readyz(_: web.Request) -> web.Response:
        return _answer("readyz", ready)

    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)


def add_metrics(app: web.Application, registry: CollectorRegistry) -> None:
    """Serve ``/metrics``."""

    async def metrics(request: web.Request) -> web.Response:
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        return web.Response(body=encode(registry), headers={"Content-Type": content_type})

    app.router.add_get("/metrics", metrics)


def _answer(name: str, checks: Mapping[str, Check]) -> web.Response:
    lines, failed = [], False
    for check, run in checks.items():
        try:
            problem = run()
        except Exception as error:
            problem = repr(error)
        failed = failed or problem is not None
        lines.append(f"[+]{check} ok" if problem is None else f"[-]{check} failed: {problem}")
    lines.append(f"{name} check {'failed' if failed else 'passed'}")
    return web.Response(text="\n".join(lines) + "\n", status=500 if failed else 200)


class Servers:
    """The HTTP servers of this process. ``await start()``, and ``await stop()`` at the end."""

    def __init__(
        self,
        *,
        health: Address,
        metrics: Address,
        alive: Mapping[str, Check],
        ready: Mapping[str, Check],
        registry: CollectorRegistry,
    ) -> None:
        #: The addresses on which the servers listen; after ``start`` with the real ports.
        self.health = health
        self.metrics = metrics
        self._alive = alive
        self._ready = ready
        self._registry = registry
        self._runners: list[web.AppRunner] = []

    async def start(self) -> None:
        """Listen. Raises ``OSError`` if an address that the user chose is not available."""
        app = web.Application()
        add_probes(app, self._alive, self._ready)
        if self.metrics == self.health and self.health.port:
            add_metrics(app, self._registry)
            self.health = self.metrics = await self._listen(app, self.health)
        else:
            other = web.Application()
            add_metrics(other, self._registry)
            self.health = await self._listen(app, self.health)
            self.metrics = await self._listen(other, self.metrics)
        log.info("probes on http://%s/healthz, metrics on http://%s/metrics",
                 self.health, self.metrics)  # fmt: skip

    def is_ready(self) -> bool:
        """Whether ``/readyz`` passes."""
        return _answer("readyz", self._ready).status == 200

    async def stop(self) -> None:
        for runner in self._runners:
            await runner.cleanup()
        self._runners.clear()

    async def _listen(self, app: web.Application, address: Address) -> Address:
        runner = web.AppRunner(app, access_log=None, handle_signals=False)
        await runner.setup()
        self._runners.append(runner)
        try:
            await web.TCPSite(runner, address.host or None, address.port).start()
        except OSError as error:
            if error.errno != errno.EADDRINUSE or not address.spare:
                raise
            await web.TCPSite(runner, address.host or None, 0).start()
        return replace(address, port=runner.addresses[0][1])
