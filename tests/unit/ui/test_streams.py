"""Streams: how many a user may have, and what ends them."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import ClientResponse
from aiohttp.test_utils import TestServer

from controller.ui import live, streams
from controller.ui.render import Renderer
from tests.unit.ui.conftest import Setting
from tests.unit.ui.many import VIEW, Many
from tests.unit.ui.objects import job, put, update


async def until(is_so: Callable[[], object]) -> None:
    for _ in range(1000):
        if is_so():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it did not become so")


@asynccontextmanager
async def unread(port: int, path: str) -> AsyncIterator[None]:
    """A stream that nobody reads, with a small buffer at the reader's end."""
    loop = asyncio.get_running_loop()
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.setblocking(False)
        await loop.sock_connect(sock, ("127.0.0.1", port))
        request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n"
        await loop.sock_sendall(sock, request.encode())
        yield


async def test_who_does_not_read_his_stream_loses_it(
    page: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "PAUSE", 0.02)
    monkeypatch.setattr(streams, "_TO_SEND", 0.2)
    put(page.store, job(), update())
    async with unread(page.client.port or 0, "/live/updates/shop/web-g2"):
        await until(lambda: page.hub.streams)
        number = 0

        def more() -> bool:
            nonlocal number
            number += 1
            put(page.store, update(message=f"{number} {'x' * 500_000}"))
            return not page.hub.streams

        await until(more)
        # Not only forgotten: the connection and what waits to be sent are gone too.
        server = page.client.server
        assert isinstance(server, TestServer)
        await until(lambda: not server.handler.connections)


@pytest.fixture
async def many(renderer: Renderer) -> AsyncIterator[Many]:
    made = Many(renderer)
    made.api.users = {"ada-1": "ada", "ada-2": "ada", "eve-1": "eve"}
    made.api.rights = {("ada", "shop"): VIEW, ("eve", "shop"): VIEW}
    put(made.store, job(), update())
    async with made.serve(made.by_token()) as served:
        yield served


async def opened(page: Many, token: str, path: str = "/live/") -> ClientResponse:
    """A stream in a session of its own."""
    page.browser.session.cookie_jar.clear()
    assert (await page.sign_in(token))[0] == 303
    return await page.browser.get(path)


async def test_streams_are_counted_by_user_in_all_his_sessions(
    many: Many, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "MAX_OF_ONE", 2)
    found = [await opened(many, token) for token in ("ada-1", "ada-2", "ada-2", "eve-1")]
    assert [each.status for each in found] == [200, 200, 503, 200]
    assert many.hub.streams == {"ada": 2, "eve": 1}
    assert len(many.sessions) == 4
    for each in found:
        each.close()


async def test_the_end_of_a_session_ends_its_streams_and_no_others(many: Many) -> None:
    first, second = await opened(many, "ada-1"), await opened(many, "ada-1")
    await many.post("/signout", await many.form("/signout"))
    async with asyncio.timeout(60):
        await second.content.read()
    assert many.hub.streams == {"ada": 1}
    first.close()
