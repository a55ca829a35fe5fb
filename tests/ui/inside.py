"""The page in this process and without a cluster, for tests in a real browser."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

from aiohttp import web

from controller.ui.app import application
from controller.ui.live import Hub
from controller.ui.reads import Reads
from controller.ui.recorder import Recorder
from controller.ui.render import Renderer
from controller.ui.security import Guard, local
from controller.ui.site import Site
from controller.ui.store import Store
from tests.unit.ui.fakes import FakeAccess, FakeClient, FakeViewer, FakeWatch
from tests.unit.ui.objects import Object, put

T = TypeVar("T")


class Inside:
    """Serves until it is left. `stop` and `start` are a restart at the same port, with what was put
    before."""

    def __init__(self) -> None:
        self.api = FakeClient()
        self.viewer = FakeViewer(self.api, name="")
        self.store = Store()
        self.recorder = Recorder()
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._runner: web.AppRunner | None = None
        self._hub: Hub | None = None

    def __enter__(self) -> Inside:
        self._thread.start()
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def streams(self) -> int:
        """How many are open."""
        assert self._hub is not None
        return self._hub.streams.total()

    def put(self, *objects: Object) -> None:
        """Put objects into the store, as the watches do."""

        async def there() -> None:
            put(self.store, *objects)

        self._do(there())

    def drop_update(self, key: str) -> None:
        async def there() -> None:
            self.store.drop_update(key, "")

        self._do(there())

    def start(self) -> None:
        self._do(self._start())

    def stop(self) -> None:
        self._do(self._stop())

    async def _start(self) -> None:
        watch: Any = FakeWatch()
        client: Any = self.api
        access: Any = FakeAccess(self.viewer)
        site = Site(self.store, watch, self.recorder, Reads(client), "test")
        renderer = Renderer()
        self._hub = Hub(site, renderer)
        self.store.listeners[:] = [self.recorder, self._hub]
        sock = socket.create_server(("127.0.0.1", self.port))
        self.port = sock.getsockname()[1]
        guard = Guard(local(self.port), f"echelon-{self.port}")
        app = application(site, renderer, access, guard, self._hub)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        await web.SockSite(self._runner, sock).start()

    async def _stop(self) -> None:
        if self._hub is not None and self._runner is not None:
            await self._hub.close()
            await self._runner.cleanup()

    def _do(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(20)
