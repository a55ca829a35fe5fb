from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web
from yarl import URL

from controller.api.gate import Gate
from controller.core.verdicts.answer import Answer, Verdict
from controller.gates.asker import Asker
from controller.gates.context import Context
from tests.unit.gates.conftest import Serve, Server
from tests.values import replace

Answering = Callable[[str], Any]


def gate(server: Server, query: str, condition: str = "result < 0.01", **more: Any) -> Gate:
    prometheus = {"address": f"{server.url}/prom/", "query": query, "condition": condition, **more}
    return Gate.model_validate({"name": "g", "prometheus": prometheus})


def queries(server: Server) -> list[str]:
    return sorted(request.query["query"] for request in server.seen)


async def prometheus(serve: Serve, values: dict[str, str | None]) -> Server:
    """Answers a query with the value whose key is in the query; None: with an empty result."""

    async def handler(request: web.Request) -> web.Response:
        query = request.query.get("query") or (await request.post())["query"]
        value = next(value for key, value in values.items() if key in str(query))
        result = [] if value is None else [{"metric": {}, "value": [1.0, value]}]
        data = {"resultType": "vector", "result": result}
        return web.json_response({"status": "success", "data": data})

    return await serve(handler)


async def test_one_query(asker: Asker, context: Context, serve: Serve) -> None:
    server = await prometheus(serve, {"errors": "0.001"})
    query = 'sum(rate(errors{revision="{{echelon.revision}}", a="x+y&z"}[1m]))'
    answer = await asker.ask(gate(server, query), context)
    assert answer == Answer(Verdict.PASS, "", "0.001")
    assert server.seen[0].path == "/prom/api/v1/query"
    assert queries(server) == ['sum(rate(errors{revision="web-abc", a="x+y&z"}[1m]))']


@pytest.mark.parametrize(
    ("value", "verdict"),
    [("0.5", Verdict.FAIL), ("NaN", Verdict.INCONCLUSIVE), (None, Verdict.INCONCLUSIVE)],
)
async def test_its_verdicts(
    asker: Asker, context: Context, serve: Serve, value: str | None, verdict: Verdict
) -> None:
    server = await prometheus(serve, {"": value})
    assert (await asker.ask(gate(server, "up"), context)).verdict is verdict


async def test_too_little_traffic(asker: Asker, context: Context, serve: Serve) -> None:
    server = await prometheus(serve, {"count": "7", "": "0"})
    few = gate(server, "errors", minSamples={"query": "count(x)", "atLeast": 8})
    answer = await asker.ask(few, context)
    assert answer.message == "NotEnoughSamples: 7, and at least 8 are needed"
    enough = gate(server, "errors", minSamples={"query": "count(x)", "atLeast": 7})
    assert (await asker.ask(enough, context)).verdict is Verdict.PASS


GROUP = "updated < baseline * 1.5 + 0.01"
OF_PODS = 'rate(errors{pod=~"{{echelon.updated}}"}[1m])'


@pytest.mark.parametrize(
    ("updated", "baseline", "verdict"),
    [
        ("0.001", "0", Verdict.PASS),
        ("0.5", "0", Verdict.FAIL),
        ("0.9", "0.5", Verdict.INCONCLUSIVE),
    ],
)
async def test_a_control_group(
    asker: Asker, context: Context, serve: Serve, updated: str, baseline: str, verdict: Verdict
) -> None:
    server = await prometheus(serve, {"web-0|web-1": updated, "web-2|web-3-s": baseline})
    answer = await asker.ask(gate(server, OF_PODS, GROUP), context)
    assert answer.verdict is verdict
    assert answer.value == f"{updated} vs {baseline}"
    assert queries(server) == [
        'rate(errors{pod=~"web-0|web-1"}[1m])',
        'rate(errors{pod=~"web-2|web-3-s"}[1m])',
    ]
    # Both queries are for the same time.
    assert len({request.query["time"] for request in server.seen}) == 1


async def test_the_side_with_less_traffic_counts(
    asker: Asker, context: Context, serve: Serve
) -> None:
    values: dict[str, str | None] = {"n(web-0|web-1)": "9", "n(web-2|web-3-s)": "3", "": "0"}
    server = await prometheus(serve, values)
    least = {"query": "n({{echelon.updated}})", "atLeast": 5}
    answer = await asker.ask(gate(server, OF_PODS, GROUP, minSamples=least), context)
    assert answer.message.startswith("NotEnoughSamples: 3")


async def test_one_query_may_compare_by_itself(
    asker: Asker, context: Context, serve: Serve
) -> None:
    server = await prometheus(serve, {"": "0"})
    query = "e({{echelon.updated}}) - e({{echelon.baseline}})"
    assert (await asker.ask(gate(server, query), context)).verdict is Verdict.PASS
    assert queries(server) == ["e(web-0|web-1) - e(web-2|web-3-s)"]


@pytest.mark.parametrize(
    ("query", "condition"), [(OF_PODS, GROUP), ("e({{echelon.baseline}})", "result < 1")]
)
async def test_without_a_baseline_it_passes(
    asker: Asker, context: Context, serve: Serve, query: str, condition: str
) -> None:
    server = await prometheus(serve, {"": "1"})
    answer = await asker.ask(gate(server, query, condition), replace(context, baseline=()))
    assert answer.verdict is Verdict.PASS
    assert answer.message.startswith("NoBaseline")
    assert not server.seen


async def test_without_updated_instances_it_passes(
    asker: Asker, context: Context, serve: Serve
) -> None:
    server = await prometheus(serve, {"": "1"})
    answer = await asker.ask(gate(server, OF_PODS, "result < 1"), replace(context, updated=()))
    assert answer == Answer(Verdict.PASS, "no updated instance to ask about")


async def test_long_queries_are_posted(asker: Asker, context: Context, serve: Serve) -> None:
    server = await prometheus(serve, {"": "0"})
    odd = tuple((i, f"web-{i}", "") for i in range(1, 8000, 2))
    answer = await asker.ask(gate(server, f"x+y({OF_PODS})"), replace(context, updated=odd))
    assert answer.verdict is Verdict.PASS
    assert server.seen[0].method == "POST"
    form = URL("?" + server.bodies[0].decode()).query
    assert form["query"].startswith('x+y(rate(errors{pod=~"web-(?:1|3|5')
    assert float(form["time"])


async def test_errors_of_prometheus_are_reported(
    asker: Asker, context: Context, serve: Serve
) -> None:
    async def refuse(_: web.Request) -> web.Response:
        return web.json_response({"status": "error", "error": "1:1: parse error"}, status=400)

    server = await serve(refuse)
    answer = await asker.ask(gate(server, "up("), context)
    expected = Answer(Verdict.INCONCLUSIVE, "Prometheus: answered 400: 1:1: parse error")
    assert answer == expected


async def test_a_condition_that_does_not_compile_is_reported(
    asker: Asker, context: Context, serve: Serve
) -> None:
    server = await prometheus(serve, {"": "1"})
    answer = await asker.ask(gate(server, "up", "result <"), context)
    assert answer.message.startswith("the condition does not compile: line 1, column 9: Syntax")
    assert not server.seen


async def test_credentials_in_the_address_are_sent_but_not_shown(
    asker: Asker, context: Context, serve: Serve
) -> None:
    async def refuse(_: web.Request) -> web.Response:
        return web.Response(status=401, text="no")

    server = await serve(refuse)
    server.url = server.url.replace("//", "//me:hush@")
    answer = await asker.ask(gate(server, "up"), context)
    assert server.seen[0].headers["Authorization"].startswith("Basic ")
    assert answer.message == "Prometheus: answered 401, without JSON"
