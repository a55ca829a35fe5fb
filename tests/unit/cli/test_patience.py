"""What is said of an Update that no operator looks at, and when."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from controller.cli.exits import Exit
from controller.cli.live import watching
from controller.cli.patience import unseen, with_note
from controller.cli.session import Object
from controller.cli.update import wait
from tests.unit.cli.fakes import an_update, session


def version(observed: int, phase: str = "Pending") -> Object:
    found = an_update("web-g2", phase=phase)
    found["status"]["observedGeneration"] = observed
    return found


class Told:
    """Versions of an Update, the last one when the test says so."""

    def __init__(self, *first: Object) -> None:
        self.first = first
        self.last: asyncio.Future[Object] = asyncio.get_running_loop().create_future()

    async def versions(self, *_: Any, **__: Any) -> AsyncGenerator[Object]:
        for each in self.first:
            yield each
        yield await self.last


async def said(capsys: pytest.CaptureFixture[str], words: str) -> str:
    """What is on stderr as soon as it has these words."""
    found = ""
    async with asyncio.timeout(60):
        while words not in found:
            found += capsys.readouterr().err
            await asyncio.sleep(0.01)
    return found


async def test_a_note_that_no_operator_looks(capsys: pytest.CaptureFixture[str]) -> None:
    told = Told(version(-1))

    async def read() -> list[Object]:
        return [each async for each in with_note(told.versions(), unseen, 0.02)]

    reading = asyncio.ensure_future(read())
    found = await said(capsys, "no operator has looked at Update web-g2")
    assert "kubectl get lease" in found
    told.last.set_result(version(1))
    assert len(await reading) == 2
    assert capsys.readouterr().err == ""


async def test_no_note_about_an_update_that_was_seen(capsys: pytest.CaptureFixture[str]) -> None:
    told, asked = Told(version(-1), version(1)), asyncio.Event()

    def words(raw: Object) -> str | None:
        asked.set()
        return unseen(raw)

    async def read() -> list[Object]:
        return [each async for each in with_note(told.versions(), words, 0.02)]

    reading = asyncio.ensure_future(read())
    await asyncio.wait_for(asked.wait(), 60)
    told.last.set_result(version(2))
    await reading
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("how", ["wait", "watch"])
async def test_both_ways_to_follow_say_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], how: str
) -> None:
    told = Told(version(-1))
    for module in (wait, watching):
        monkeypatch.setattr(module, "follow", told.versions)
        monkeypatch.setattr(module, "with_note", functools.partial(with_note, seconds=0.02))
    if how == "wait":
        wished = wait.wish("ended", exit_on_pause=False)
        following = asyncio.ensure_future(wait.until(session(), version(-1), wished, None))
    else:
        following = asyncio.ensure_future(watching.watched(session(), "web-g2"))
    assert "no operator has looked at Update web-g2" in await said(capsys, "kubectl get lease")
    told.last.set_result(version(1, "RolledForward"))
    assert await following is Exit.DONE


async def test_an_end_is_told_even_if_the_time_is_over(
    capsys: pytest.CaptureFixture[str],
) -> None:
    wished = wait.wish("ended", exit_on_pause=False)
    ended = version(1, "RolledForward")
    assert await wait.until(session(), ended, wished, 0.0, waited=3.0) is Exit.DONE
    assert "web-g2 RolledForward" in capsys.readouterr().out
