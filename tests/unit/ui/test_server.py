"""What is logged of requests that cannot be read: no word of them, it may be a token."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from controller.ui import server
from controller.ui.render import Renderer
from tests.unit.ui.many import Many

SECRET = "secret-token-1234567890"
GET = b"GET / HTTP/1.1\r\nHost: localhost\r\n"


@pytest.fixture
async def port() -> AsyncIterator[int]:
    runner = server.runner(web.Application(), max_field_size=1024)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield runner.addresses[0][1]
    await runner.cleanup()


async def send(port: int, data: bytes) -> str:
    """The first line of the answer to these bytes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(data)
    async with asyncio.timeout(60):
        answer = await reader.readline()
    writer.close()
    return answer.decode()


@pytest.mark.parametrize(
    "header",
    [
        f"Authorization: Bearer {SECRET}\r\r\n",
        f"Authorization: Bearer {SECRET}\x00\r\n",
        f"Authorization: Bearer {SECRET * 100}\r\n",
        f"Cookie: echelon-session-8080={SECRET}\x01\r\n",
        f"Bearer {SECRET}\r\n",
    ],
)
async def test_a_token_in_a_header_that_cannot_be_read_is_not_logged(
    port: int, header: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    # After a good request, as later requests of a connection are logged more loudly.
    assert "404" in await send(port, GET + b"\r\n")
    assert "400" in await send(port, GET + header.encode() + b"\r\n")
    assert SECRET not in caplog.text
    assert "Error handling request from 127.0.0.1: " in caplog.text


async def test_other_errors_keep_their_trace(caplog: pytest.LogCaptureFixture) -> None:
    server.runner(web.Application())
    try:
        raise RuntimeError("a fault")
    except RuntimeError:
        logging.getLogger("aiohttp.server").exception("it failed")
    assert "RuntimeError: a fault" in caplog.text


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data; boundary=x", f"{SECRET}\r\n"),
        ("multipart/form-data", f"token={SECRET}"),
        ("application/x-www-form-urlencoded; charset=none", f"token={SECRET}"),
    ],
)
async def test_a_token_in_a_form_that_cannot_be_read_is_not_logged(
    renderer: Renderer, kind: str, body: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    page = Many(renderer)
    async with page.serve(page.by_token()):
        headers = {"Content-Type": kind, "Origin": page.origin}
        async with page.browser.post("/signin", data=body, headers=headers) as response:
            assert response.status == 400
            assert "This form cannot be read" in await response.text()
    assert "a form from 127.0.0.1 cannot be read: " in caplog.text
    assert SECRET not in caplog.text


async def test_a_token_in_a_body_of_bad_chunks_is_not_logged(
    renderer: Renderer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.runner(web.Application())
    page = Many(renderer)
    async with page.serve(page.by_token()):
        host = f"127.0.0.1:{page.browser.port}"
        head = f"POST /signin HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\n"
        head += "Content-Type: application/x-www-form-urlencoded\r\n"
        head += "Transfer-Encoding: chunked\r\n\r\n"
        answer = await send(page.browser.port or 0, f"{head}token={SECRET}\r\n".encode())
    assert "400" in answer
    assert SECRET not in caplog.text
