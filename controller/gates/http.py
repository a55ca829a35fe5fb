"""Asks an HTTP server with GET; with ``{{echelon.podIP}}`` in the URL each updated instance.

Only the status counts. Who has not answered when the time is up counts as out of reach. Where
there are more than can be asked at once, each has a share of the time, and each ask begins
elsewhere: those that hang do not hide one that is wrong.
"""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Iterator

import aiohttp

from controller.api.gate import Gate
from controller.core.verdicts.answer import Answer, judge_http
from controller.gates.clients import PARALLEL, GateClients, ask_timeout
from controller.gates.context import POD_IP, Context, expand
from controller.gates.fetch import FetchError, Question, fetch, shown, url_of

#: Of the time for the ask: the rest is for judging, before the ask as a whole is given up.
_SHARE = 0.9
#: So many times as many as are asked at once are asked even when all of them hang.
_ROUNDS = 3


async def ask(gate: Gate, context: Context, clients: GateClients) -> Answer:
    """The verdict about an http gate. Raises ``FetchError``."""
    assert gate.http is not None
    expect = gate.http.expect_status or (200,)
    targets = _targets(gate.http.url, context)
    seconds = ask_timeout(gate) * _SHARE
    clock = asyncio.get_running_loop().time
    deadline = clock() + seconds
    each = seconds / max(1, min(_ROUNDS, math.ceil(len(targets) / PARALLEL)))
    # In the order of the instances, whoever is asked first.
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
    """Whom to ask: what they are called, and their URL."""
    if POD_IP not in url:
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
    """Ask those that are left, one after the other; several of these share the targets."""
    for name, url in targets:
        try:
            if not url:
                raise FetchError("its pod has no IP yet")
            question = Question(url_of(url), final=expect, wants_body=False)
            async with asyncio.timeout(seconds):
                statuses[name] = (await fetch(session, question)).status
        except TimeoutError:
            pass  # Which is what stands there already.
        except FetchError as error:
            statuses[name] = str(error)
