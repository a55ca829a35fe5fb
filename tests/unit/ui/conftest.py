"""A page without a cluster: objects are put into its store, requests to the API server recorded."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from controller.ui.app import application
from controller.ui.live import Hub
from controller.ui.reads import Reads
from controller.ui.recorder import Recorder
from controller.ui.render import Renderer
from controller.ui.security import Guard, local
from controller.ui.site import Site
from controller.ui.store import Store
from tests.unit.ui.fakes import FakeAccess, FakeClient, FakeViewer, FakeWatch
from tests.unit.ui.objects import NOW


@dataclass
class Setting:
    """Everything a test of the page needs."""

    store: Store
    site: Site
    watch: FakeWatch
    api: FakeClient
    viewer: FakeViewer
    renderer: Renderer
    recorder: Recorder
    hub: Hub
    client: TestClient[web.Request, web.Application]

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.client.port}"

    async def get(self, path: str, **kwargs: Any) -> tuple[int, str]:
        async with self.client.get(path, **kwargs) as response:
            return response.status, await response.text()


@pytest.fixture(scope="session")
def renderer() -> Renderer:
    return Renderer()


@pytest.fixture
async def page(renderer: Renderer) -> AsyncIterator[Setting]:
    api, store, recorder = FakeClient(), Store(), Recorder(clock=lambda: NOW)
    watch: Any = FakeWatch()
    client: Any = api
    site = Site(store, watch, recorder, Reads(client), "test", now=lambda: NOW)
    hub = Hub(site, renderer)
    store.listeners += [recorder, hub]
    viewer = FakeViewer(api)
    guard = Guard((), "echelon-test")
    access: Any = FakeAccess(viewer)
    server = TestServer(application(site, renderer, access, guard, hub, ask_again=0.1))
    async with TestClient(server) as browser:
        guard.hosts = frozenset(local(browser.port or 0))
        yield Setting(store, site, watch, api, viewer, renderer, recorder, hub, browser)
        await hub.close()
