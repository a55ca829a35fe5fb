from __future__ import annotations

import base64
import json
import logging
from typing import Any

import pytest
from aiohttp import web

from controller.api.gate import Gate
from controller.core.verdicts.answer import Answer, Verdict
from controller.gates.asker import Asker
from controller.gates.context import Context
from tests.unit.gates.conftest import Api, Serve

SECRET = "/api/v1/namespaces/ns/secrets/headers"


def gate(url: str, **more: Any) -> Gate:
    return Gate.model_validate({"name": "g", "webhook": {"url": url, **more}})


def saying(verdict: str, message: str = "") -> Any:
    async def handler(_: web.Request) -> web.Response:
        return web.json_response({"verdict": verdict, "message": message})

    return handler


def put_secret(api: Api, **data: bytes) -> None:
    encoded = {key.replace("_", "-"): base64.b64encode(v).decode() for key, v in data.items()}
    api.objects[SECRET] = {"metadata": {"name": "headers"}, "data": encoded}


@pytest.mark.parametrize(
    ("said", "verdict"),
    [("Pass", Verdict.PASS), ("Fail", Verdict.FAIL), ("Wait", Verdict.INCONCLUSIVE)],
)
async def test_its_verdict(
    asker: Asker, context: Context, serve: Serve, said: str, verdict: Verdict
) -> None:
    server = await serve(saying(said, "because"))
    assert await asker.ask(gate(server.url), context) == Answer(verdict, "because", said)


async def test_the_body_of_the_request(asker: Asker, context: Context, serve: Serve) -> None:
    server = await serve(saying("Pass"))
    await asker.ask(gate(server.url), context)
    await asker.ask(
        gate(f"{server.url}/{{{{echelon.job}}}}", body="r={{echelon.revision}}"), context
    )
    assert json.loads(server.bodies[0]) == {
        "gate": "g",
        "job": "web",
        "namespace": "ns",
        "update": "web-g2",
        "revision": "web-abc",
        "group": 3,
    }
    assert server.seen[0].method == "POST"
    assert server.seen[0].headers["Content-Type"] == "application/json"
    assert (server.seen[1].path, server.bodies[1]) == ("/web", b"r=web-abc")


async def test_headers_come_from_the_secret(
    asker: Asker, context: Context, serve: Serve, api: Api
) -> None:
    put_secret(api, Authorization=b"Bearer abcdef\n", content_type=b"text/x")
    server = await serve(saying("Pass"))
    answer = await asker.ask(gate(server.url, headersFrom="headers"), context)
    assert answer.verdict is Verdict.PASS
    assert server.seen[0].headers["Authorization"] == "Bearer abcdef"
    assert server.seen[0].headers.getall("Content-Type") == ["text/x"]


async def test_a_secret_in_the_answer_is_not_shown(
    asker: Asker, context: Context, serve: Serve, api: Api
) -> None:
    put_secret(api, Authorization=b"Bearer abcdef")
    server = await serve(saying("Fail", "no right: Bearer abcdef, token abcdef"))
    answer = await asker.ask(gate(server.url, headersFrom="headers"), context)
    assert answer.message == "no right: ***, token ***"


@pytest.mark.parametrize(
    "said",
    [
        {"verdict": "Wait", "message": "x" * 224 + " Bearer hush-hush-hush-hush-hush-hush"},
        {"verdict": "x" * 60 + "hush-hush-hush-hush-hush-hush"},
        {"verdict": [{"x" * 55 + "hush-hush-hush-hush-hush-hush": 1}]},
        {"verdict": "Fail", "message": "hush-hush-hush-hush-hush-hush-and-more"},
    ],
)
async def test_no_part_of_a_secret_is_left_where_the_message_is_cut(
    asker: Asker, context: Context, serve: Serve, api: Api, said: Any
) -> None:
    secret = b"Bearer hush-hush-hush-hush-hush-hush"
    put_secret(api, Authorization=secret, X_Other=secret[7:] + b"-and-more")

    async def echo(_: web.Request) -> web.Response:
        return web.json_response(said)

    server = await serve(echo)
    answer = await asker.ask(gate(server.url, headersFrom="headers"), context)
    assert "hush" not in f"{answer.message} {answer.value}"
    assert "more" not in answer.message


async def test_an_answer_that_is_not_an_object_is_reported(
    asker: Asker, context: Context, serve: Serve, api: Api
) -> None:
    put_secret(api, Authorization=b"Bearer abcdef")
    for body, words in (
        ("abcdef", "is not JSON"),
        ('{"verdict": ["abcdef", ' + "[" * 3000 + "]" * 3000 + "]}", "is not JSON"),
        ('["abcdef"]', "is not a JSON object"),
    ):

        async def answer(_: web.Request, body: str = body) -> web.Response:
            return web.Response(text=body)

        server = await serve(answer)
        said = await asker.ask(gate(server.url, headersFrom="headers"), context)
        assert said.message == f"the answer {words}"


@pytest.mark.parametrize(
    ("key", "value"),
    [("X_Token", b"hush\nX-Evil: 1"), ("X_Token", "hush…".encode()), ("X_Token", b"hush\xff")],
)
async def test_invalid_header_values_are_refused_and_not_shown(
    asker: Asker,
    context: Context,
    serve: Serve,
    api: Api,
    caplog: pytest.LogCaptureFixture,
    key: str,
    value: bytes,
) -> None:
    caplog.set_level(logging.DEBUG)
    put_secret(api, **{key: value})
    server = await serve(saying("Pass"))
    answer = await asker.ask(gate(server.url, headersFrom="headers"), context)
    secret = f"Secret {context.namespace}/headers (headersFrom)"
    words = f"the key X-Token of {secret} does not hold a valid header value"
    assert answer == Answer(Verdict.INCONCLUSIVE, words)
    assert not server.seen
    assert "hush" not in caplog.text


@pytest.mark.parametrize("key", ["Host", "content_length", "a b", "Transfer_Encoding"])
async def test_keys_that_are_not_settable_headers(
    asker: Asker, context: Context, serve: Serve, api: Api, key: str
) -> None:
    put_secret(api, **{key: b"x"})
    server = await serve(saying("Pass"))
    answer = await asker.ask(gate(server.url, headersFrom="headers"), context)
    assert "is not a header that can be set" in answer.message
    assert not server.seen


async def test_a_secret_that_cannot_be_read(
    asker: Asker, context: Context, serve: Serve, api: Api
) -> None:
    server = await serve(saying("Pass"))
    asking = gate(server.url, headersFrom="headers")
    said = f"Secret {context.namespace}/headers (headersFrom) "
    assert (await asker.ask(asking, context)).message == said + "does not exist: create it"
    api.fail("GET", 403, reason="Forbidden")
    message = said + "may not be read by the operator: grant it that"
    assert (await asker.ask(asking, context)).message == message
    api.fail("GET", 500, reason="InternalError")
    message = said + "cannot be read: InternalError"
    assert (await asker.ask(asking, context)).message == message
    assert not server.seen


async def test_another_status_is_inconclusive(asker: Asker, context: Context, serve: Serve) -> None:
    async def broken(_: web.Request) -> web.Response:
        return web.Response(status=503, text='{"verdict": "Fail"}')

    server = await serve(broken)
    answer = await asker.ask(gate(server.url), context)
    assert answer == Answer(Verdict.INCONCLUSIVE, "answered 503, not 200")
