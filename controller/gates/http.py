"""Sends GET requests: to one URL, or to each updated instance (``{{echelon.podIP}}`` in the URL).

Only the status code counts. A target without an answer when the time is over counts as unreachable.
If there are more targets than requests in flight, each request gets a share of the time, and the
requests start with a random target, so that hanging targets do not hide a failing one for ever.
"""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Iterator

import aiohttp

from controller.api.gate import Gate
from controller.core.verdicts.answer import Answer, judge_http
from controller.gates.clients import PARALLEL, GateClients
from controller.gates.context import Context, expand, is_per_pod
from controller.gates.fetch import FetchError, Question, fetch, shown, url_of

#: Share of the time limit for requests; the rest is for judging the answers.
_SHARE = 0.9
#: The time of a request is such that this many rounds of requests fit even if all targets hang.
_ROUNDS = 3


async def ask(gate: Gate, context: Context, clients: GateClients) -> Answer:
    """The answer of an http gate. Raises ``FetchError``."""
    assert gate.http is not None
    expect = gate.http.expect_status or (200,)
    targets = _targets(gate.http.url, context)
    seconds = gate.ask_timeout * _SHARE
    clock = asyncio.get_running_loop().time
    deadline = clock() + seconds
    each = seconds / max(1, min(_ROUNDS, math.ceil(len(targets) / PARALLEL)))
    # Filled in the order of the instances, so that messages do not depend on the random start.
    statuses: dict[str, int | str] = dict.fromkeys(targets, f"no answer in {each:g} s")
    start = random.randrange(len(targets)) if targets else 0
    items = list(targets.items())
    rest = iter(items[start:] + items[:start])
    async with clients.session() as session:
        askers = [
            asyncio.create_task(_ask_each(session, rest, expect, statuses, each))
            for _ in range(min(PARALLEL, len(targets)))
        ]
        try:
            if askers:
                await asyncio.wait(askers, timeout=max(0.0, deadline - clock()))
        finally:
            for task in askers:
                task.cancel()
            ended = await asyncio.gather(*askers, return_exceptions=True)
    for problem in ended:
        if isinstance(problem, Exception):
            raise problem
    return judge_http(statuses, expect)


def _targets(url: str, context: Context) -> dict[str, str]:
    """The targets: their name in messages -> their URL ("" if the pod has no IP yet)."""
    if not is_per_pod(url):
        expanded = expand(url, context)
        return {shown(url_of(expanded)): expanded}
    return {
        f"instance {instance}": expand(url, context, ip) if ip else ""
        for instance, _, ip in sorted(context.updated)
    }


async def _ask_each(
    session: aiohttp.ClientSession,
    targets: Iterator[tuple[str, str]],
    expect: tuple[int, ...],
    statuses: dict[str, int | str],
    seconds: float,
) -> None:
    """Send requests to the remaining targets one after the other; several tasks share them."""
    for name, url in targets:
        try:
            if not url:
                raise FetchError("its pod has no IP yet")
            question = Question(url_of(url), final=expect, wants_body=False)
            async with asyncio.timeout(seconds):
                statuses[name] = (await fetch(session, question)).status
        except TimeoutError:
            pass  # ``statuses`` says "no answer" from the start.
        except FetchError as error:
            statuses[name] = str(error)
