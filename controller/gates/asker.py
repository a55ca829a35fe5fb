"""Asks the provider of one gate, or a coordinator, once, within a time limit.

Every outcome is an answer: nothing is raised except cancellation, and no state is kept.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from controller.api.gate import Gate
from controller.api.sla import Coordinator
from controller.core.model.coordination import Question
from controller.core.verdicts.answer import Answer, inconclusive
from controller.gates import coordinator as coordinators
from controller.gates import http, job, prometheus, webhook
from controller.gates.clients import GateClients
from controller.gates.context import Context
from controller.gates.fetch import FetchError
from controller.kube.errors import ApiError

log = logging.getLogger(__name__)

Provider = Callable[[Gate, Context, GateClients], Awaitable[Answer]]

_PROVIDERS: Final[dict[str, Provider]] = {
    "http": http.ask,
    "job": job.ask,
    "prometheus": prometheus.ask,
    "webhook": webhook.ask,
}


class Asker:
    """``await ask(gate, context)``; many calls may be in flight at the same time."""

    def __init__(self, clients: GateClients) -> None:
        self._clients = clients

    async def ask(self, gate: Gate, context: Context) -> Answer:
        """The gate's answer, within ``min(intervalSeconds, 10)`` seconds."""
        provider = _PROVIDERS.get(gate.provider)
        if provider is None:
            return inconclusive("the gate has no provider that can be asked")
        asking = provider(gate, context, self._clients)
        return await _answer(asking, gate.ask_timeout, f"gate {gate.name} of {context.update}")

    async def ask_coordinator(
        self, coordinator: Coordinator, question: Question, namespace: str, job: str
    ) -> Answer:
        """The coordinator's answer about a pod of a Job, within its time."""
        asking = coordinators.ask(coordinator, question, namespace, job, self._clients)
        what = f"coordinator of {namespace}/{job}"
        return await _answer(asking, coordinator.timeout, what)


async def _answer(asking: Awaitable[Answer], seconds: float, what: str) -> Answer:
    """The answer that comes within so many seconds. ``what``: who is asked, for the log."""
    try:
        async with asyncio.timeout(seconds):
            return await asking
    except FetchError as error:
        return inconclusive(str(error))
    except ApiError as error:
        return inconclusive(f"the API server: {error}")
    except TimeoutError:
        return inconclusive(f"no answer in {seconds:g} s")
    except Exception as error:
        # The text of the error is left out, because it could contain secrets that were sent.
        log.error("%s: %s", what, _trace(error))
        return inconclusive(f"asking failed ({type(error).__name__})")


def _trace(error: BaseException) -> str:
    """Type of the error, and the innermost line of this program in its traceback."""
    trace, where = error.__traceback__, ""
    while trace is not None:
        name = trace.tb_frame.f_globals.get("__name__", "")
        if name.startswith("controller."):
            where = f"{name}:{trace.tb_lineno}"
        trace = trace.tb_next
    return f"{type(error).__name__} at {where}"
