"""Coordinators are asked as webhooks are: body, headers, limits, refused addresses."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from aiohttp import web

from controller.api.sla import Coordinator
from controller.core.model.coordination import Question
from controller.core.verdicts.answer import Answer, Verdict
from controller.gates.asker import Asker
from controller.gates.coordinator import body
from tests.unit.gates.conftest import Api, MakeClients, Serve
from tests.unit.gates.test_webhook import put_secret

QUESTION = Question("u1/p1/web-abc", "Update", "web-g2", 3, "web-3", "p1", "n1", "web-abc")


async def consent(asker: Asker, url: str, **more: Any) -> Answer:
    coordinator = Coordinator.model_validate({"url": url, **more})
    return await asker.ask_coordinator(coordinator, QUESTION, "ns", "web")


def saying(status: int = 200, **said: Any) -> Any:
    async def handler(_: web.Request) -> web.Response:
        return web.json_response(said, status=status)

    return handler


async def test_the_question(asker: Asker, serve: Serve) -> None:
    server = await serve(saying(allow=True))
    assert await consent(asker, f"{server.url}/may?x=1") == Answer(Verdict.PASS, "", "Allow")
    assert (server.seen[0].method, server.seen[0].path_qs) == ("POST", "/may?x=1")
    assert server.seen[0].headers["Content-Type"] == "application/json"
    assert json.loads(server.bodies[0]) == {
        "requestId": "u1/p1/web-abc",
        "cause": "Update",
        "job": "web",
        "namespace": "ns",
        "instance": 3,
        "pod": "web-3",
        "podUID": "p1",
        "node": "n1",
        "revision": "web-abc",
        "update": "web-g2",
    }


def test_a_move_names_the_maintenance() -> None:
    moved = Question("m1/p1/web-abc", "Move", "racks", 3, "web-3", "p1", "n1", "web-abc")
    found = body(moved, "ns", "web")
    assert (found["cause"], found["maintenance"]) == ("Move", "racks")
    assert "update" not in found


async def test_no(asker: Asker, serve: Serve) -> None:
    server = await serve(saying(allow=False, message="not now"))
    assert await consent(asker, server.url) == Answer(Verdict.FAIL, "not now", "Deny")


async def test_headers_come_from_the_secret_and_are_not_shown(
    asker: Asker, serve: Serve, api: Api
) -> None:
    put_secret(api, Authorization=b"Bearer abcdef")
    server = await serve(saying(allow=False, message="no right: Bearer abcdef", other="abcdef"))
    answer = await consent(asker, server.url, headersFrom="headers")
    assert server.seen[0].headers["Authorization"] == "Bearer abcdef"
    assert (answer.verdict, answer.message) == (Verdict.FAIL, "no right: ***")


async def test_a_secret_that_is_missing(asker: Asker, serve: Serve) -> None:
    server = await serve(saying(allow=True))
    answer = await consent(asker, server.url, headersFrom="headers")
    assert answer.verdict is Verdict.INCONCLUSIVE
    assert answer.message == "Secret ns/headers (headersFrom) does not exist: create it"
    assert server.seen == []


async def test_one_that_is_too_slow(asker: Asker, serve: Serve) -> None:
    async def hang(_: web.Request) -> web.Response:
        await asyncio.sleep(60)
        return web.json_response({"allow": True})

    server = await serve(hang)
    answer = await consent(asker, server.url, timeoutSeconds=1)
    assert answer == Answer(Verdict.INCONCLUSIVE, "no answer in 1 s")


async def test_a_huge_answer_is_none(asker: Asker, serve: Serve) -> None:
    server = await serve(saying(allow=True, x="x" * 2**20))
    answer = await consent(asker, server.url)
    assert answer == Answer(Verdict.INCONCLUSIVE, "the answer is larger than 1 MiB")


@pytest.mark.parametrize(("status", "asked"), [(307, 2), (302, 1)])
async def test_redirects_are_followed_that_leave_it_a_post(
    asker: Asker, serve: Serve, status: int, asked: int
) -> None:
    async def handler(request: web.Request) -> web.Response:
        if request.path == "/to":
            return web.json_response({"allow": True})
        return web.Response(status=status, headers={"Location": "/to"})

    server = await serve(handler)
    answer = await consent(asker, server.url)
    assert len(server.seen) == asked
    assert answer.verdict is (Verdict.PASS if asked == 2 else Verdict.FAIL)


async def test_a_refused_address(make_clients: MakeClients, serve: Serve) -> None:
    server = await serve(saying(allow=True))
    answer = await consent(Asker(await make_clients(allow_loopback=False)), server.url)
    assert answer.verdict is Verdict.INCONCLUSIVE
    assert "refused: 127.0.0.1 is the operator's own" in answer.message
    assert server.seen == []


@pytest.mark.parametrize("url", ["consent", "ftp://a/b", "http://[", "https://"])
async def test_what_is_no_url(asker: Asker, url: str) -> None:
    answer = await consent(asker, url)
    assert answer.message == "the URL is not of the form http[s]://host[:port]/path"
