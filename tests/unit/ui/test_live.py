"""Streams: what is sent, to whom, how often, and that texts cannot forge messages."""

from __future__ import annotations

import asyncio
import re

import pytest
from aiohttp import ClientResponse

from controller.ui import live
from controller.ui.live import Inbox, encoded
from tests.unit.ui.conftest import Setting
from tests.unit.ui.fakes import FakeViewer
from tests.unit.ui.objects import condition, job, put, update
from tests.unit.virtual import VirtualTime


@pytest.fixture(autouse=True)
async def _time(monkeypatch: pytest.MonkeyPatch) -> VirtualTime:
    return VirtualTime(monkeypatch)


async def message(response: ClientResponse, wanted: str = "data: <hx") -> str:
    """The next message that contains ``wanted``."""
    lines: list[str] = []
    async with asyncio.timeout(60):
        while True:
            line = (await response.content.readline()).decode()
            assert line, "the stream ended"
            if line != "\n":
                lines.append(line)
            elif wanted in (found := "".join(lines)):
                return found
            else:
                lines.clear()


def parts(text: str) -> list[str]:
    return re.findall(r'hx-target="#(\w+)"', text)


async def test_a_stream_begins_with_everything(page: Setting) -> None:
    put(page.store, job(), update())
    async with page.client.get("/live/updates/shop/web-g2") as response:
        assert response.content_type == "text/event-stream"
        assert page.renderer.version in await message(response, "event: hello")
        first = await message(response)
        assert parts(first)[:2] == ["notice", "head"]
        assert "history" in parts(first)


async def test_a_change_sends_the_parts_that_changed(page: Setting) -> None:
    put(page.store, job(), update())
    async with page.client.get("/live/updates/shop/web-g2") as response:
        await message(response)
        counts = {"total": 4, "updated": 3, "updating": 1}
        put(page.store, update(counts=counts, instances={"updated": "0-2", "updating": "3"}))
        changed = await message(response)
        assert parts(changed) == ["head", "grid"]
        assert ">3<" in changed


async def test_what_does_not_concern_a_page_is_not_sent(page: Setting) -> None:
    put(page.store, job(), update())
    async with page.client.get("/live/updates/shop/web-g2") as response:
        await message(response)
        put(page.store, job("other"), update("other-g2", "other"))
        assert "event: beat" in await message(response, "event:")


async def test_many_changes_are_sent_as_few(page: Setting) -> None:
    put(page.store, job(), update())
    async with page.client.get("/live/updates/shop/web-g2") as response:
        await message(response)
        for number in range(50):
            put(page.store, update(message=f"state {number}"))
            await asyncio.sleep(0.02)
        sent = [await message(response)]
        while "state 49" not in sent[-1]:
            sent.append(await message(response))
        assert len(sent) < 10


async def test_viewers_of_the_same_share_one_rendering(page: Setting) -> None:
    put(page.store, job())
    rendered: list[str] = []
    plain = page.renderer.html

    def counted(template: str, data: dict[str, object]) -> object:
        rendered.append(template)
        return plain(template, data)

    page.renderer.html = counted  # type: ignore[method-assign,assignment]
    try:
        streams = [await page.client.get("/live/jobs/shop/web") for _ in range(10)]
        for stream in streams:
            await message(stream)
        rendered.clear()
        stalled = condition("Stalled", reason="Bad", message="it hangs")
        put(page.store, job(conditions=[stalled]))
        for stream in streams:
            assert "it hangs" in await message(stream, "it hangs")
        assert rendered.count("job/head.html") <= 2
        for stream in streams:
            stream.close()
    finally:
        page.renderer.html = plain  # type: ignore[method-assign]


async def test_each_viewer_gets_what_he_may_see(page: Setting) -> None:
    put(page.store, job(), job("plan", "secret"))
    page.viewer.denied = {"secret"}
    async with page.client.get("/live/") as response:
        assert "plan" not in await message(response)
        put(page.store, job("plan2", "secret"), job("more"))
        found = await message(response)
        assert "more" in found
        assert "plan" not in found


async def test_a_page_that_is_no_more_says_so(page: Setting) -> None:
    put(page.store, job(), update())
    async with page.client.get("/live/updates/shop/web-g2") as response:
        await message(response)
        page.store.drop_update("shop/web-g2", "uid-shop-web-g2")
        gone = await message(response)
        assert parts(gone) == ["notice"]
        assert "no longer exists" in gone


async def test_a_stream_ends_when_the_viewer_may_see_something_else(page: Setting) -> None:
    put(page.store, job())
    async with page.client.get("/live/jobs/shop/web") as response:
        await message(response)
        page.viewer.denied = {"shop"}
        async with asyncio.timeout(60):
            await response.content.read()


async def test_topics_end_with_their_last_viewer(page: Setting) -> None:
    put(page.store, job())
    async with page.client.get("/live/") as response:
        await message(response)
        assert page.hub.streams.total() == 1
        response.close()
    async with asyncio.timeout(60):
        while page.hub.streams or page.hub._tasks:
            put(page.store, job("again"))
            await asyncio.sleep(1)


async def test_too_many_streams_are_refused(page: Setting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "MAX_STREAMS", 1)
    async with page.client.get("/live/") as response:
        await message(response)
        assert (await page.get("/live/"))[0] == 503


def test_no_text_can_end_a_line_of_the_stream() -> None:
    text = "a\r\rdata: <b>\nb\r\nevent: x\r"
    lines = encoded("head", text).decode().replace("\r", "<CR>").splitlines()
    assert all(line.startswith("data: ") for line in lines)
    assert not any("<CR>" in line for line in lines)


async def test_a_slow_browser_gets_the_newest_of_each_part() -> None:
    inbox = Inbox({"head": b"data: 1\n", "grid": b"data: g\n"}, FakeViewer(None))
    inbox.put({"head": b"data: 2\n"})
    assert await inbox.take(1) == b"data: 2\ndata: g\n\n"
    assert await inbox.take(0.01) == b""
