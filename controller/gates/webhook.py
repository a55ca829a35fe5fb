"""Sends a POST request to a service, which answers with a verdict."""

from __future__ import annotations

import json

from controller.api.gate import Gate
from controller.core.verdicts.answer import Answer, judge_webhook
from controller.gates.clients import GateClients
from controller.gates.context import Context, expand
from controller.gates.fetch import url_of
from controller.gates.post import Post, send


async def ask(gate: Gate, context: Context, clients: GateClients) -> Answer:
    """The answer of a webhook gate. Raises ``FetchError``."""
    assert gate.webhook is not None
    webhook = gate.webhook
    url = url_of(expand(webhook.url, context))
    body = _default(gate, context) if webhook.body is None else expand(webhook.body, context)
    keys, secret = ("verdict", "message"), webhook.headers_from
    return await send(Post(url, body, context.namespace, secret, judge_webhook, keys), clients)


def _default(gate: Gate, context: Context) -> str:
    return json.dumps(
        {
            "gate": gate.name,
            "job": context.job,
            "namespace": context.namespace,
            "update": context.update,
            "revision": context.revision,
            "group": context.group,
        }
    )
