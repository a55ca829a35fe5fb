from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiohttp import web

from controller.api.gate import Gate
from controller.core.verdicts.answer import inconclusive
from controller.gates import asker as module
from controller.gates.asker import Asker
from controller.gates.context import Context
from tests.unit.gates.conftest import Api, Serve
from tests.unit.virtual import VirtualTime


def gate(**more: Any) -> Gate:
    return Gate.model_validate({"name": "g", **more})


async def test_a_gate_without_a_provider(asker: Asker, context: Context) -> None:
    said = inconclusive("the gate has no provider that can be asked")
    assert await asker.ask(gate(), context) == said
    assert await asker.ask(gate(builtin={}), context) == said


async def test_an_ask_ends_in_time(
    asker: Asker, context: Context, serve: Serve, time: VirtualTime
) -> None:
    async def hang(_: web.Request) -> web.Response:
        await asyncio.sleep(30)
        return web.Response()

    server = await serve(hang)
    began = time.now
    answer = await asker.ask(gate(webhook={"url": server.url}, intervalSeconds=1), context)
    assert answer == inconclusive("no answer in 1 s")
    assert time.now - began == pytest.approx(1)


def test_the_time_limit_is_the_interval_up_to_ten_seconds() -> None:
    assert gate().ask_timeout == 10
    assert gate(intervalSeconds=3).ask_timeout == 3
    assert gate(intervalSeconds=3600).ask_timeout == 10


async def test_the_api_server_out_of_reach(asker: Asker, context: Context, api: Api) -> None:
    await api.stop()
    answer = await asker.ask(gate(webhook={"url": "http://x/", "headersFrom": "s"}), context)
    assert answer == inconclusive("Secret ns/s (headersFrom) cannot be read: Unreachable")


async def test_faults_are_answers_without_their_text(
    asker: Asker,
    context: Context,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def broken(*_: object) -> None:
        raise ValueError("hush")

    monkeypatch.setitem(module._PROVIDERS, "http", broken)  # type: ignore[arg-type]
    answer = await asker.ask(gate(http={"url": "http://x/"}), context)
    assert answer == inconclusive("asking failed (ValueError)")
    assert "ValueError at controller.gates.asker:" in caplog.text
    assert "hush" not in caplog.text


async def test_cancelling_cancels(asker: Asker, context: Context, serve: Serve) -> None:
    async def hang(_: web.Request) -> web.Response:
        await asyncio.sleep(30)
        return web.Response()

    server = await serve(hang)
    for provider in ({"webhook": {"url": server.url}}, {"http": {"url": server.url}}):
        asked = len(server.seen)
        task = asyncio.create_task(asker.ask(gate(**provider), context))
        async with asyncio.timeout(60):
            while len(server.seen) == asked:  # noqa: ASYNC110
                await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
