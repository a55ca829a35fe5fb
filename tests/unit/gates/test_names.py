from __future__ import annotations

import asyncio
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from aiohttp import web

from controller.api.gate import Gate
from controller.core.verdicts.answer import Verdict
from controller.gates.asker import Asker
from controller.gates.context import Context
from controller.gates.names import Resolver
from tests.unit.gates.conftest import Serve
from tests.unit.kube.conftest import until


class Names:
    """A ``getaddrinfo`` in which names that begin with "slow" hang until the test ends."""

    def __init__(self) -> None:
        self.end = threading.Event()
        self.asked: Counter[str] = Counter()
        self._real = socket.getaddrinfo

    def __call__(self, host: Any, *args: Any, **more: Any) -> Any:
        self.asked[str(host)] += 1
        if str(host).startswith("slow"):
            self.end.wait()
            raise socket.gaierror(-2, "unknown")
        return self._real(host, *args, **more)


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Iterator[Names]:
    made = Names()
    monkeypatch.setattr(socket, "getaddrinfo", made)
    yield made
    made.end.set()


async def test_an_address_is_found(names: Names) -> None:
    found = await Resolver().resolve("localhost", 80, socket.AF_INET)
    assert [(each["host"], each["port"]) for each in found] == [("127.0.0.1", 80)]
    assert names.asked == {"localhost": 1}


async def test_a_name_is_looked_up_once_at_a_time(names: Names) -> None:
    resolver = Resolver()
    asking = [asyncio.create_task(resolver.resolve("slow", port)) for port in range(9)]
    await until(lambda: names.asked)
    # One caller gives up; the others still get the answer.
    asking.pop().cancel()
    names.end.set()
    failed = await asyncio.gather(*asking, return_exceptions=True)
    assert all(isinstance(each, socket.gaierror) for each in failed)
    assert names.asked == {"slow": 1}
    with pytest.raises(socket.gaierror):
        await resolver.resolve("slow")
    assert names.asked == {"slow": 2}


async def test_waiting_for_a_thread_can_be_cancelled(names: Names) -> None:
    resolver = Resolver(threads=2)
    asking = [asyncio.create_task(resolver.resolve(f"slow-{n}")) for n in range(9)]
    await until(lambda: len(names.asked) == 2)
    for task in asking:
        task.cancel()
    await asyncio.gather(*asking, return_exceptions=True)
    names.end.set()
    assert await resolver.resolve("localhost", 80)
    assert names.asked == {"slow-0": 1, "slow-1": 1, "localhost": 1}


async def test_a_slow_name_does_not_hold_up_others(
    asker: Asker, context: Context, serve: Serve, names: Names
) -> None:
    async def ok(_: web.Request) -> web.Response:
        return web.Response()

    def gate(url: str) -> Gate:
        return Gate.model_validate({"name": "g", "http": {"url": url}})

    server = await serve(ok)
    slow = [asyncio.create_task(asker.ask(gate("http://slow.example"), context)) for _ in range(40)]
    await until(lambda: names.asked)
    good = await asker.ask(gate(server.url.replace("127.0.0.1", "localhost")), context)
    assert good.verdict is Verdict.PASS
    assert not any(task.done() for task in slow)
    names.end.set()
    answers = await asyncio.gather(*slow)
    assert {answer.verdict for answer in answers} == {Verdict.INCONCLUSIVE}
    assert names.asked["slow.example"] == 1
