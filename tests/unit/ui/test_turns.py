"""What renderings may take of a core, however many there are. The time is virtual."""

from __future__ import annotations

import asyncio

import pytest

from controller.ui import live
from controller.ui.turns import Turns
from tests.unit.ui.conftest import Setting
from tests.unit.ui.objects import job, put, update
from tests.unit.virtual import VirtualTime

COST = 0.01


@pytest.fixture
async def time(monkeypatch: pytest.MonkeyPatch) -> VirtualTime:
    return VirtualTime(monkeypatch)


async def test_after_each_turn_there_is_a_rest_as_long(time: VirtualTime) -> None:
    turns = Turns()
    begun = time.now
    await asyncio.gather(*(turns.take(lambda: time.pass_by(COST)) for _ in range(20)))
    assert time.now - begun == pytest.approx(39 * COST)


async def test_an_error_ends_a_turn() -> None:
    turns = Turns()
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            await turns.take(lambda: 1 / 0)
    assert await turns.take(lambda: 7) == 7


async def test_a_result_does_not_wait_for_the_rest(time: VirtualTime) -> None:
    begun = time.now
    await Turns().take(lambda: time.pass_by(0.2))
    assert time.now - begun == pytest.approx(0.2)


class Slow:
    """Makes each rendering of a part take so many seconds. ``count``: how many there were."""

    def __init__(
        self, page: Setting, time: VirtualTime, monkeypatch: pytest.MonkeyPatch, part: str
    ) -> None:
        self.count = 0
        plain = page.renderer.html

        def html(template: str, data: dict[str, object]) -> object:
            if template == part:
                time.pass_by(self.seconds)
                self.count += 1
            return plain(template, data)

        monkeypatch.setattr(page.renderer, "html", html)

    seconds = 0.03

    @property
    def took(self) -> float:
        """Seconds of all renderings."""
        return self.count * self.seconds


async def test_many_pages_of_one_viewer_take_half_of_a_core_at_most(
    page: Setting, time: VirtualTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "PAUSE", 0.01)
    monkeypatch.setattr(live, "TICK", 0.05)
    put(page.store, job())
    slow = Slow(page, time, monkeypatch, "job/tab.html")
    streams = [
        await page.client.get(f"/live/jobs/shop/web?at={i}") for i in range(live.MAX_PAGES_OF_ONE)
    ]
    before, begun = slow.took, time.now
    await asyncio.sleep(6)
    share = (slow.took - before) / (time.now - begun)
    for each in streams:
        each.close()
    assert 0.4 < share < 0.52


async def test_long_renderings_do_not_hold_up_the_others(
    page: Setting, time: VirtualTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "PAUSE", 0.01)
    monkeypatch.setattr(live, "REST", 0)
    put(page.store, job(), update())
    other = await page.client.get("/live/updates/shop/web-g2")
    await until_it_says(other, 'hx-target="#head"')
    slow = Slow(page, time, monkeypatch, "job/tab.html")
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
    async with asyncio.timeout(60):
        while text not in (await stream.content.readline()).decode():  # type: ignore[attr-defined]
            pass


async def test_pages_of_one_user_are_rendered_one_after_the_other(
    page: Setting, time: VirtualTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(page.store, job())
    slow = Slow(page, time, monkeypatch, "job/tab.html")
    begun = time.now
    await asyncio.gather(*(page.get("/jobs/shop/web") for _ in range(10)))
    assert slow.count == 10
    assert time.now - begun == pytest.approx(19 * slow.seconds)


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
