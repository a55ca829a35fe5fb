"""Asks one gate, once: the provider it names, within its time, whatever happens there.

The answer is all there is: nothing is raised but cancellation, nothing is remembered.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from controller.api.gate import Gate
from controller.core.verdicts.answer import Answer, inconclusive
from controller.gates import http, job, prometheus, webhook
from controller.gates.clients import GateClients, ask_timeout
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
    """``await ask(gate, context)``; many at a time, if need be."""

    def __init__(self, clients: GateClients) -> None:
        self._clients = clients

    async def ask(self, gate: Gate, context: Context) -> Answer:
        """What the gate says now, within ``min(intervalSeconds, 10)`` seconds."""
        provider = _PROVIDERS.get(gate.provider)
        if provider is None:
            return inconclusive("the gate names nobody that could be asked")
        seconds = ask_timeout(gate)
        try:
            async with asyncio.timeout(seconds):
                return await provider(gate, context, self._clients)
        except FetchError as error:
            return inconclusive(str(error))
        except ApiError as error:
            return inconclusive(f"the API server: {error}")
        except TimeoutError:
            return inconclusive(f"no answer in {seconds:g} s")
        except Exception as error:
            # Without its text, which could hold what was sent.
            log.error("gate %s of %s: %s", gate.name, context.update, _trace(error))
            return inconclusive(f"asking failed ({type(error).__name__})")


def _trace(error: BaseException) -> str:
    """Type of the error and the line of this program that it came through last."""
    trace, where = error.__traceback__, ""
    while trace is not None:
        name = trace.tb_frame.f_globals.get("__name__", "")
        if name.startswith("controller."):
            where = f"{name}:{trace.tb_lineno}"
        trace = trace.tb_next
    return f"{type(error).__name__} at {where}"
