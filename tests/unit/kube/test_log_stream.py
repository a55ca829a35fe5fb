"""Lines of a log: their times, and where reading goes on."""

from __future__ import annotations

import pytest
from aiohttp import web

from controller.kube.client import Client
from controller.kube.errors import BadRequest
from controller.kube.log_stream import Line, Stamp, lines, read
from tests.unit.kube.fake import FakeApi

LOG = (
    b"2026-01-01T00:00:01.5Z one\n"
    b"2026-01-01T00:00:01.500000001Z two \xff\n"
    b"2026-01-01T00:00:02Z \n"
    b"2026-01-01T01:00:03+01:00 last"
)
FIRST = 1767225601


def serve(api: FakeApi, body: bytes) -> None:
    api.faults.append(("GET", lambda _: web.Response(body=body)))


async def test_lines_and_their_times(client: Client, api: FakeApi) -> None:
    serve(api, LOG)
    found = [line async for line in lines(client, "ns", "web-0", "web", tail=4)]
    assert found == [
        Line(Stamp(FIRST, 500_000_000), b"one"),
        Line(Stamp(FIRST, 500_000_001), b"two \xff"),
        Line(Stamp(FIRST + 1), b""),
        Line(Stamp(FIRST + 2), b"last"),
    ]
    (seen,) = api.seen
    assert seen.path == "/api/v1/namespaces/ns/pods/web-0/log"
    assert seen.query == {"container": "web", "timestamps": "true", "tailLines": "4"}


async def test_after_a_line_only_newer_ones_come(client: Client, api: FakeApi) -> None:
    serve(api, LOG)
    after = Stamp(FIRST, 500_000_000)
    found = [line.text async for line in lines(client, "ns", "p", "c", after=after, follow=True)]
    assert found == [b"two \xff", b"", b"last"]
    assert api.seen[0].query["sinceTime"] == "2026-01-01T00:00:01Z"
    assert api.seen[0].query["follow"] == "true"


async def test_options(client: Client, api: FakeApi) -> None:
    serve(api, b"")
    assert [x async for x in lines(client, "n", "p", "c", previous=True, since_seconds=60)] == []
    assert api.seen[0].query["previous"] == "true"
    assert api.seen[0].query["sinceSeconds"] == "60"


async def test_a_container_that_has_not_started(client: Client, api: FakeApi) -> None:
    api.fail("GET", 400, reason="BadRequest", message="is waiting to start")
    with pytest.raises(BadRequest, match="is waiting"):
        _ = [line async for line in lines(client, "ns", "p", "c")]


@pytest.mark.parametrize("text", [b"no time", b"2026-01-01 no", b""])
def test_a_line_without_a_time(text: bytes) -> None:
    assert read(text) == Line(None, text)


def test_a_line_that_begins_with_a_time_of_its_own() -> None:
    found = read(b"2026-01-01T00:00:01Z 2026-01-01T00:00:00Z hello")
    assert found.text == b"2026-01-01T00:00:00Z hello"
