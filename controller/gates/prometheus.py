"""Asks a Prometheus server: with one query, or with the same query for two groups of instances.

A condition over ``result`` uses the result of one query. A condition over ``updated`` and
``baseline`` compares with a control group: the query selects pods by ``{{echelon.updated}}`` and is
sent twice at the same time, once with the updated instances and once with the instances that are
not updated yet. A query that contains ``{{echelon.baseline}}`` compares by itself; it is sent once,
and its condition uses ``result``. If no baseline instance is left, a comparison passes with
``NoBaseline``.

The query of ``minSamples`` is sent in the same way; with a control group the smaller number of
samples counts.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

import aiohttp
from yarl import URL

from controller.api.gate import Gate
from controller.core.verdicts.answer import Answer, inconclusive, passed
from controller.core.verdicts.condition import (
    BASELINE_PODS,
    UPDATED_PODS,
    ConditionError,
    condition_of,
)
from controller.core.verdicts.prometheus import (
    Sample,
    judge_control_group,
    judge_prometheus,
    read,
    total,
)
from controller.gates.clients import GateClients
from controller.gates.context import Context, expand
from controller.gates.fetch import FetchError, Question, fetch, url_of

#: Bytes of a URL that every proxy lets through; longer queries are sent as a form.
LONGEST_URL = 4096


async def ask(gate: Gate, context: Context, clients: GateClients) -> Answer:
    """The answer of a prometheus gate. Raises ``FetchError``."""
    assert gate.prometheus is not None
    provider = gate.prometheus
    try:
        condition = condition_of(provider)
    except ConditionError as error:
        return inconclusive(f"the condition does not compile: {error}")
    compares = condition.compares or BASELINE_PODS in provider.query
    if compares and not context.baseline:
        return passed("NoBaseline: no instance is left to compare with")
    if UPDATED_PODS in provider.query and not context.updated:
        return passed("no updated instance to ask about")
    least = provider.min_samples
    groups = [context]
    if condition.compares:
        groups.append(replace(context, updated=context.baseline))
    queries = [expand(provider.query, group) for group in groups]
    counts = [expand(least.query, group) for group in groups] if least else []
    base = url_of(expand(provider.address, context))
    at = f"{time.time():.3f}"
    async with clients.session() as session:
        found = await asyncio.gather(
            *(_query(session, base, query, at) for query in (*queries, *counts))
        )
    results, counted = found[: len(queries)], found[len(queries) :]
    count = min(total(samples) for samples in counted) if counted else None
    bound = least.at_least if least else None
    if condition.compares:
        return judge_control_group(results[0], results[1], condition, count, bound)
    return judge_prometheus(results[0], condition, count, bound)


async def _query(
    session: aiohttp.ClientSession, base: URL, query: str, at: str
) -> tuple[Sample, ...]:
    """The result of an instant query; ``at``: epoch seconds. Raises ``FetchError``."""
    # Not joined by ``/``, because the address may have a path of its own.
    url = base.with_path(base.path.rstrip("/") + "/api/v1/query").with_query(base.query)
    form = {"query": query, "time": at}
    asked = url.update_query(form)
    question = Question(asked)
    if len(str(asked)) > LONGEST_URL:
        question = Question(
            url,
            "POST",
            {"Content-Type": "application/x-www-form-urlencoded"},
            body=URL().with_query(form).raw_query_string.encode(),
        )
    answer = await fetch(session, question)
    try:
        return read(answer.status, answer.body)
    except ValueError as error:
        raise FetchError(f"Prometheus: {error}") from None
