"""The end of a log is its end, however long its lines are."""

from __future__ import annotations

from aiohttp import web

from controller.kube.client import Client
from controller.kube.logs import Tail, tail
from tests.unit.kube.fake import FakeApi, Seen

KIB = 1024


class Log:
    """Answers as the API server does: the byte limit counts from the start of the lines."""

    def __init__(self, api: FakeApi, *lines: str) -> None:
        self._lines = [f"{line}\n".encode() for line in lines]
        self.asked: list[int] = []
        for _ in range(10):
            api.faults.append(("GET", self._answer))

    def _answer(self, seen: Seen) -> web.Response:
        wanted, limit = int(seen.query["tailLines"]), int(seen.query["limitBytes"])
        self.asked.append(wanted)
        return web.Response(body=b"".join(self._lines[-wanted:])[:limit])


async def read(client: Client, lines: int = 200, most_bytes: int = 64 * KIB) -> Tail:
    return await tail(client, "ns", "web-0", "web", lines=lines, most_bytes=most_bytes)


async def test_of_a_short_log_all_lines(client: Client, api: FakeApi) -> None:
    log = Log(api, *map(str, range(300)))
    found = await read(client)
    assert found == Tail("".join(f"{i}\n" for i in range(100, 300)), is_cut=False)
    assert log.asked == [200]


async def test_of_long_lines_the_last_whole_ones(client: Client, api: FakeApi) -> None:
    Log(api, *(f"{i} {'x' * 1000}" for i in range(300)), "panic: the cause")
    found = await read(client)
    assert found.text.endswith("\npanic: the cause\n")
    first = found.text.partition(" ")[0]
    assert first.isdecimal()
    assert found.text.startswith(f"{first} xxx")
    assert 60 * KIB < len(found.text) <= 64 * KIB
    assert found.is_cut


async def test_of_very_long_lines_fewer_are_asked_for(client: Client, api: FakeApi) -> None:
    log = Log(api, *(f"{i} {'x' * 20_000}" for i in range(200)), "panic: the cause")
    found = await read(client)
    assert found.text.endswith("\npanic: the cause\n")
    assert log.asked == [200, 25]
    assert found.is_cut


async def test_of_one_endless_line_what_there_is(client: Client, api: FakeApi) -> None:
    log = Log(api, "first", "x" * 3_000_000)
    found = await read(client)
    assert found == Tail("x" * 64 * KIB, is_cut=True)
    assert log.asked == [200, 25, 3, 1]


async def test_a_last_line_that_is_too_long_is_cut_at_its_start(
    client: Client, api: FakeApi
) -> None:
    Log(api, "first", "x" * 100 + "the end")
    found = await read(client, most_bytes=20)
    assert found == Tail("x" * 12 + "the end\n", is_cut=True)


async def test_lines_that_fit_exactly_are_whole(client: Client, api: FakeApi) -> None:
    Log(api, "first", "second", "third")
    assert await read(client, most_bytes=13) == Tail("second\nthird\n", is_cut=True)


async def test_of_the_run_before(client: Client, api: FakeApi) -> None:
    Log(api, "before")
    found = await tail(client, "ns", "p", "c", lines=5, most_bytes=100, previous=True)
    assert found == Tail("before\n", is_cut=False)
    assert api.seen[0].query["previous"] == "true"
