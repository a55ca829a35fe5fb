"""What renderings may take of a core, however many there are."""

from __future__ import annotations

import asyncio
import time

import pytest

from controller.ui import live
from controller.ui.turns import Turns
from tests.unit.ui.conftest import Setting
from tests.unit.ui.objects import job, put, update

COST = 0.01


def busy(seconds: float = COST) -> None:
    """Keep the process busy."""
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        pass


async def test_after_each_turn_there_is_a_rest_as_long() -> None:
    turns = Turns()
    begun = time.perf_counter()
    await asyncio.gather(*(turns.take(busy) for _ in range(20)))
    assert time.perf_counter() - begun > 39 * COST * 0.95


async def test_an_error_ends_a_turn() -> None:
    turns = Turns()
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            await turns.take(lambda: 1 / 0)
    assert await turns.take(lambda: 7) == 7


async def test_a_result_does_not_wait_for_the_rest() -> None:
    turns = Turns()
    begun = time.perf_counter()
    await turns.take(lambda: busy(0.2))
    assert time.perf_counter() - begun < 0.39


class Slow:
    """Makes each rendering of a part keep the process busy. ``took``: seconds in all; ``count``:
    how many there were."""

    def __init__(self, page: Setting, monkeypatch: pytest.MonkeyPatch, part: str) -> None:
        self.took, self.count = 0.0, 0
        plain = page.renderer.html

        def html(template: str, data: dict[str, object]) -> object:
            if template == part:
                begun = time.perf_counter()
                busy(0.03)
                self.took += time.perf_counter() - begun
                self.count += 1
            return plain(template, data)

        monkeypatch.setattr(page.renderer, "html", html)


async def test_many_pages_of_one_viewer_take_half_of_a_core_at_most(
    page: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "PAUSE", 0.01)
    monkeypatch.setattr(live, "TICK", 0.05)
    put(page.store, job())
    slow = Slow(page, monkeypatch, "job/tab.html")
    streams = [
        await page.client.get(f"/live/jobs/shop/web?at={i}") for i in range(live.MAX_PAGES_OF_ONE)
    ]
    before, begun = slow.took, time.perf_counter()
    await asyncio.sleep(1.5)
    share = (slow.took - before) / (time.perf_counter() - begun)
    for each in streams:
        each.close()
    assert 0.1 < share < 0.6


async def test_long_renderings_do_not_hold_up_the_others(
    page: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "PAUSE", 0.01)
    monkeypatch.setattr(live, "REST", 0)
    put(page.store, job(), update())
    # The first rendering of all reads the templates, which takes long.
    assert (await page.get("/updates/shop/web-g2"))[0] == 200
    other = await page.client.get("/live/updates/shop/web-g2")
    await until_it_says(other, 'hx-target="#head"')
    slow = Slow(page, monkeypatch, "job/tab.html")
    streams = [await page.client.get(f"/live/jobs/shop/web?at={i}") for i in range(15)]
    for number in range(3):
        before = slow.count
        put(page.store, update(message=f"news {number}"))
        await until_it_says(other, f"news {number}")
        # In one line with the others it would come after all fifteen.
        assert slow.count - before < 10
    for each in (*streams, other):
        each.close()


async def until_it_says(stream: object, text: str) -> None:
    async with asyncio.timeout(20):
        while text not in (await stream.content.readline()).decode():  # type: ignore[attr-defined]
            pass


async def test_pages_of_one_user_are_rendered_one_after_the_other(
    page: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(page.store, job())
    slow = Slow(page, monkeypatch, "job/tab.html")
    begun = time.perf_counter()
    await asyncio.gather(*(page.get("/jobs/shop/web") for _ in range(10)))
    assert slow.took / (time.perf_counter() - begun) < 0.6


async def test_only_so_many_different_pages_of_one_user_are_streamed(
    page: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "MAX_PAGES_OF_ONE", 2)
    put(page.store, job())
    paths = ["/live/", "/live/jobs/shop/web", "/live/?q=x", "/live/"]
    streams = [await page.client.get(path) for path in paths]
    assert [each.status for each in streams] == [200, 200, 503, 200]
    assert "You have too many pages open" in await streams[2].text()
    for each in streams:
        each.close()


async def test_a_list_is_not_rendered_for_what_its_viewer_may_not_see(page: Setting) -> None:
    put(page.store, job(), job(namespace="secret"))
    page.viewer.denied = {"secret"}
    async with page.client.get("/live/") as response:
        assert response.status == 200
        ((topic_page, sight),) = page.hub._topics
        heard = []
        page.store.listeners.append(lambda c: heard.append(topic_page.concerns(c, sight)))
        put(page.store, job("other", "secret"), job("more"))
        assert heard == [False, True]
