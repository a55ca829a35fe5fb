from __future__ import annotations

import asyncio
import json

import pytest
from aiohttp import web

from controller.kube.client import Client
from controller.kube.config import Connection, Credentials
from controller.kube.errors import (
    Conflict,
    Gone,
    NotFound,
    ServerError,
    TooManyRequests,
    Unauthorized,
    Unreachable,
)
from controller.kube.request import Request
from controller.kube.resources import PODS
from tests.unit.kube.fake import FakeApi, Seen

ALL = "/api/v1/pods"
IN_NS = "/api/v1/namespaces/ns/pods"


async def test_create_get_patch_delete(client: Client, api: FakeApi) -> None:
    made = await client.create(PODS, "ns", {"metadata": {"name": "a"}}, field_manager="me")
    assert api.seen[-1].query == {"fieldManager": "me"}
    assert (await client.get(PODS, "ns", "a"))["metadata"]["uid"] == made["metadata"]["uid"]
    patched = await client.patch(PODS, "ns", "a", {"metadata": {"labels": {"x": "y"}}})
    assert patched["metadata"]["labels"] == {"x": "y"}
    assert api.seen[-1].headers["Content-Type"] == "application/merge-patch+json"
    await client.delete(PODS, "ns", "a")
    with pytest.raises(NotFound):
        await client.get(PODS, "ns", "a")


async def test_the_content_type_of_a_patch(client: Client, api: FakeApi) -> None:
    api.put(IN_NS, "a")
    api.put(IN_NS, "a/resize")
    await client.patch(PODS, "ns", "a", {}, content_type="strategic", subresource="resize")
    assert api.seen[-1].path == f"{IN_NS}/a/resize"
    assert api.seen[-1].headers["Content-Type"] == "application/strategic-merge-patch+json"


async def test_a_body_may_be_bytes(client: Client, api: FakeApi) -> None:
    await client.create(PODS, "ns", json.dumps({"metadata": {"name": "a"}}).encode())
    assert f"{IN_NS}/a" in api.objects


async def test_delete_sends_preconditions(client: Client, api: FakeApi) -> None:
    api.put(IN_NS, "a", uid="old")
    with pytest.raises(Conflict):
        await client.delete(PODS, "ns", "a", uid="other")
    await client.delete(
        PODS, "ns", "a", uid="old", resource_version="7", grace_period_seconds=0,
        propagation="Background",
    )  # fmt: skip
    assert api.seen[-1].body == {
        "apiVersion": "v1",
        "kind": "DeleteOptions",
        "preconditions": {"uid": "old", "resourceVersion": "7"},
        "gracePeriodSeconds": 0,
        "propagationPolicy": "Background",
    }


async def test_json_patch_of_a_subresource(client: Client, api: FakeApi) -> None:
    api.faults.append(("PATCH", lambda _: web.json_response({})))
    steps = [{"op": "test", "path": "/x", "value": 1}]
    await client.patch(PODS, "ns", "a", steps, subresource="status", content_type="json")
    assert api.seen[-1].path == f"{IN_NS}/a/status"
    assert api.seen[-1].headers["Content-Type"] == "application/json-patch+json"
    assert api.seen[-1].body == steps


async def test_metadata_only_asks_for_it(client: Client, api: FakeApi) -> None:
    await client.create(PODS, "ns", {"metadata": {"name": "a"}}, metadata_only=True)
    assert "as=PartialObjectMetadata;" in api.seen[-1].headers["Accept"]
    await client.list_page(PODS, metadata_only=True)
    assert "as=PartialObjectMetadataList;" in api.seen[-1].headers["Accept"]


async def test_dry_run(client: Client, api: FakeApi) -> None:
    await client.create(PODS, "ns", {"metadata": {"name": "a"}}, dry_run=True)
    assert api.seen[-1].query == {"dryRun": "All", "fieldValidation": "Strict"}


async def test_list_follows_pages(client: Client, api: FakeApi) -> None:
    api.page_size = 2
    for name in "abcde":
        api.put(ALL, name)
    names = [pod["metadata"]["name"] async for pod in client.list(PODS, label_selector="x=y")]
    assert names == list("abcde")
    assert [seen.query.get("continue") for seen in api.seen] == [None, "2", "4"]
    assert all(seen.query["labelSelector"] == "x=y" for seen in api.seen)


async def test_a_list_that_expires_goes_on_where_the_server_says(
    client: Client, api: FakeApi
) -> None:
    api.page_size = 2
    for name in "abc":
        api.put(ALL, name)
    names = []
    async for pod in client.list(PODS):
        names.append(pod["metadata"]["name"])
        if names == ["a"]:
            api.fail("LIST", 410, reason="Expired", metadata={"continue": "02"})
    assert names == ["a", "b", "c"]


async def test_a_list_that_cannot_go_on_raises(client: Client, api: FakeApi) -> None:
    api.fail("LIST", 410, reason="Expired")
    with pytest.raises(Gone):
        async for _ in client.list(PODS):
            pass


async def test_refusals_are_not_retried(client: Client, api: FakeApi) -> None:
    api.fail("POST", 429, headers={"Retry-After": "3"})
    with pytest.raises(TooManyRequests) as caught:
        await client.create(PODS, "ns", {"metadata": {"name": "a"}})
    assert caught.value.retry_after == 3
    api.fail("POST", 500)
    with pytest.raises(ServerError):
        await client.create(PODS, "ns", {"metadata": {"name": "a"}})
    assert api.count("POST") == 2


async def test_no_answer_is_unreachable() -> None:
    async with Client(Connection(server="http://127.0.0.1:9")) as client:
        with pytest.raises(Unreachable) as caught:
            await client.get(PODS, "ns", "a")
    assert caught.value.status == 0


async def test_a_slow_answer_is_unreachable(connection: Connection, api: FakeApi) -> None:
    api.silent = {"GET", "DELETE"}
    async with Client(connection, read_timeout=0.05, write_timeout=0.05) as client:
        with pytest.raises(Unreachable):
            await client.get(PODS, "ns", "a")
        with pytest.raises(Unreachable):
            await client.delete(PODS, "ns", "a")


async def test_the_guard_stops_writes_only(connection: Connection, api: FakeApi) -> None:
    class NotLeadingError(Exception):
        pass

    def guard() -> None:
        raise NotLeadingError

    api.put(IN_NS, "a")
    async with Client(connection, guard=guard) as client:
        await client.get(PODS, "ns", "a")
        await client.list_page(PODS)
        for write in (
            client.create(PODS, "ns", {"metadata": {"name": "b"}}),
            client.patch(PODS, "ns", "a", {}),
            client.delete(PODS, "ns", "a"),
        ):
            with pytest.raises(NotLeadingError):
                await write
    assert {seen.method for seen in api.seen} == {"GET"}


async def test_the_limit_holds(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    async with Client(connection, limit=2) as client:
        running, most = 0, 0
        send = client._transport._send

        async def counted(request: Request) -> bytes:
            nonlocal running, most
            running += 1
            most = max(most, running)
            try:
                return await send(request)
            finally:
                running -= 1

        monkeypatch.setattr(client._transport, "_send", counted)
        names = [{"metadata": {"name": f"p{n}"}} for n in range(20)]
        await asyncio.gather(*(client.create(PODS, "ns", body) for body in names))
        assert most == 2


async def test_observe(connection: Connection) -> None:
    noted: list[tuple[str, str, int]] = []
    async with Client(connection, observe=lambda *n: noted.append(n[:3])) as client:
        with pytest.raises(NotFound):
            await client.get(PODS, "ns", "a")
        await client.create(PODS, "ns", {"metadata": {"name": "a"}})
    assert noted == [("get", "pods", 404), ("create", "pods", 201)]


async def test_a_refused_token_is_fetched_again_once(api: FakeApi) -> None:
    tokens = iter(["old", "new", "newer"])

    async def fetch(_force: bool) -> str:
        return f"Bearer {next(tokens)}"

    def by_token(seen: Seen) -> web.Response:
        accepted = seen.headers["Authorization"] == "Bearer new"
        return web.json_response({}, status=200 if accepted else 401)

    plain = await api.start()
    async with Client(Connection(plain.server, credentials=Credentials(fetch))) as client:
        api.faults.extend([("GET", by_token)] * 4)
        await client.get(PODS, "ns", "a")
        await client.get(PODS, "ns", "a")
        assert [s.headers["Authorization"] for s in api.seen] == [
            "Bearer old",
            "Bearer new",
            "Bearer new",
        ]
        api.fail("GET", 401, times=2)
        api.faults.reverse()
        with pytest.raises(Unauthorized):
            await client.get(PODS, "ns", "a")


async def test_watch_lines_however_they_are_cut(client: Client, api: FakeApi) -> None:
    async def feed() -> None:
        watch = await api.watches.get()
        for part in (b'{"type":"AD', b"DED", b'"}\n{"second":1}\n', b"\n", b'{"third', b'":1}\n'):
            watch.send_raw(part)
        watch.send_raw(b"half a line")
        watch.end()

    feeding = asyncio.create_task(feed())
    lines = [line async for line in client.watch(PODS, "ns", resource_version="5")]
    await feeding
    assert lines == [b'{"type":"ADDED"}', b'{"second":1}', b'{"third":1}']
    query = api.seen[-1].query
    assert (query["resourceVersion"], query["allowWatchBookmarks"]) == ("5", "true")


async def test_a_line_larger_than_any_buffer(client: Client, api: FakeApi) -> None:
    large = b'{"x":"' + b"y" * 5_000_000 + b'"}'

    async def feed() -> None:
        watch = await api.watches.get()
        watch.send_raw(large + b"\n")
        watch.end()

    feeding = asyncio.create_task(feed())
    lines = [line async for line in client.watch(PODS, resource_version="5")]
    await feeding
    assert lines == [large]


async def test_a_watch_that_is_cut_or_refused(client: Client, api: FakeApi) -> None:
    async def cut() -> None:
        (await api.watches.get()).cut()

    cutting = asyncio.create_task(cut())
    with pytest.raises(Unreachable):
        async for _ in client.watch(PODS, resource_version="5"):
            pass
    await cutting
    api.fail("WATCH", 410, reason="Expired")
    with pytest.raises(Gone):
        async for _ in client.watch(PODS, resource_version="5"):
            pass


async def test_watches_do_not_count_against_the_limit(connection: Connection, api: FakeApi) -> None:
    api.put(IN_NS, "a")
    async with Client(connection, limit=1) as client:
        lines = client.watch(PODS, resource_version="5")
        reading = asyncio.create_task(anext(lines))
        watch = await api.watches.get()
        await client.get(PODS, "ns", "a")
        watch.send("BOOKMARK", {})
        assert b"BOOKMARK" in await reading
        await lines.aclose()
