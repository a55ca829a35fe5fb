from __future__ import annotations

import asyncio
import socket
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web

from controller.api.gate import Gate
from controller.core.verdicts.answer import Answer, Verdict
from controller.gates.asker import Asker
from controller.gates.context import Context
from tests.unit.gates.conftest import Serve


def gate(url: str, **more: Any) -> Gate:
    return Gate.model_validate({"name": "g", "http": {"url": url, **more}, "intervalSeconds": 1})


async def ok(_: web.Request) -> web.Response:
    return web.Response(text="fine")


async def test_one_url(asker: Asker, context: Context, serve: Serve) -> None:
    server = await serve(ok)
    answer = await asker.ask(gate(f"{server.url}/{{{{echelon.job}}}}?x=1"), context)
    assert answer == Answer(Verdict.PASS, "", "1/1")
    assert server.seen[0].path_qs == "/web?x=1"
    assert server.seen[0].method == "GET"


async def test_a_wrong_status_fails_without_the_query(
    asker: Asker, context: Context, serve: Serve
) -> None:
    async def teapot(_: web.Request) -> web.Response:
        return web.Response(status=418)

    server = await serve(teapot)
    url = server.url.replace("//", "//user:hush@")
    answer = await asker.ask(gate(f"{url}/healthz?token=hush"), context)
    assert answer.verdict is Verdict.FAIL
    assert answer.message == f"{server.url}/healthz answered 418, not 200"
    passed = await asker.ask(gate(server.url, expectStatus=[200, 418]), context)
    assert passed.verdict is Verdict.PASS


async def test_each_updated_instance_is_asked(asker: Asker, context: Context, serve: Serve) -> None:
    server = await serve(ok)
    ips = tuple((i, f"web-{i}", "127.0.0.1") for i in range(120))
    url = f"http://{{{{echelon.podIP}}}}:{server.port}/"
    patient = gate(url).model_copy(update={"interval_seconds": 10})
    answer = await asker.ask(patient, replace(context, updated=ips))
    assert answer == Answer(Verdict.PASS, "", "120/120")
    assert len(server.seen) == 120


async def test_an_instance_out_of_reach_is_inconclusive(
    asker: Asker, context: Context, serve: Serve
) -> None:
    server = await serve(ok)
    url = f"http://{{{{echelon.podIP}}}}:{server.port}/"
    # Nothing listens on the second address; the third instance has no IP yet.
    updated = ((0, "web-0", "127.0.0.1"), (1, "web-1", "127.0.0.9"), (2, "web-2", ""))
    answer = await asker.ask(gate(url), replace(context, updated=updated))
    assert answer.verdict is Verdict.INCONCLUSIVE
    assert answer.value == "1/3"
    assert answer.message.startswith(f"instance 1: cannot connect to 127.0.0.9:{server.port}")
    assert answer.message.endswith("(and 1 more)")


async def test_no_updated_instance_passes(asker: Asker, context: Context) -> None:
    answer = await asker.ask(gate("http://{{echelon.podIP}}/"), replace(context, updated=()))
    assert answer == Answer(Verdict.PASS, "no updated instance to ask")


async def test_one_that_hangs_does_not_hide_the_others(
    asker: Asker, context: Context, serve: Serve
) -> None:
    async def hang(_: web.Request) -> web.Response:
        await asyncio.sleep(30)
        return web.Response()

    hanging, good = await serve(hang), await serve(ok)
    for server, value in ((hanging, "0/2"), (good, "2/2")):
        answer = await asker.ask(gate(f"http://{{{{echelon.podIP}}}}:{server.port}/"), context)
        assert answer.value == value
    answer = await asker.ask(gate(hanging.url), context)
    assert answer == Answer(Verdict.INCONCLUSIVE, f"{hanging.url}/: no answer in 0.9 s", "0/1")


async def test_at_most_fifty_are_asked_at_a_time(
    asker: Asker, context: Context, serve: Serve
) -> None:
    now, most = 0, 0

    async def slow(_: web.Request) -> web.Response:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.05)
        now -= 1
        return web.Response()

    server = await serve(slow)
    updated = tuple((i, f"web-{i}", "127.0.0.1") for i in range(130))
    patient = gate(f"http://{{{{echelon.podIP}}}}:{server.port}/")
    patient = patient.model_copy(update={"interval_seconds": 10})
    answer = await asker.ask(patient, replace(context, updated=updated))
    assert answer.value == "130/130"
    assert most <= 50


@pytest.mark.parametrize("start", [0, 55])
async def test_fifty_that_hang_do_not_hide_one_that_is_wrong(
    asker: Asker, context: Context, serve: Serve, monkeypatch: pytest.MonkeyPatch, start: int
) -> None:
    async def broken(_: web.Request) -> web.Response:
        return web.Response(status=500)

    server = await serve(broken)
    monkeypatch.setattr("random.randrange", lambda _: start)
    with socket.create_server(("127.0.0.2", server.port), backlog=200):
        ips = ["127.0.0.2"] * 50 + ["127.0.0.1"] * 10
        updated = tuple((i, f"web-{i}", ip) for i, ip in enumerate(ips))
        url = f"http://{{{{echelon.podIP}}}}:{server.port}/"
        patient = gate(url).model_copy(update={"interval_seconds": 3})
        answer = await asker.ask(patient, replace(context, updated=updated[::-1]))
    words = "instance 50 answered 500, not 200 (and 9 more)"
    assert answer == Answer(Verdict.FAIL, words, "0/60")
    assert len(server.seen) == 10


async def test_the_first_target_is_random(
    asker: Asker, context: Context, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("controller.gates.http.PARALLEL", 1)
    server = await serve(ok)
    asking = gate(f"http://{{{{echelon.podIP}}}}:{server.port}/")
    updated = tuple((i, f"web-{i}", f"127.0.0.{i + 1}") for i in range(3))
    for start in range(3):
        monkeypatch.setattr("random.randrange", lambda _, start=start: start)
        # All targets but the first refuse the connection, which takes no time.
        answer = await asker.ask(asking, replace(context, updated=updated))
        assert answer.value == "1/3"
        assert answer.message.startswith("instance 1: cannot connect")


async def test_an_invalid_url_is_reported(asker: Asker, context: Context) -> None:
    answer = await asker.ask(gate("localhost:80/x"), context)
    assert answer.verdict is Verdict.INCONCLUSIVE
    assert answer.message == "the URL is not of the form http[s]://host[:port]/path"
