"""Asks a coordinator (`spec.sla.coordinator`) whether a pod may be taken down."""

from __future__ import annotations

import json

from controller.api.sla import Coordinator
from controller.core.model.coordination import Question
from controller.core.verdicts.answer import Answer, judge_coordinator
from controller.gates.clients import GateClients
from controller.gates.fetch import url_of
from controller.gates.post import Post, send


async def ask(
    coordinator: Coordinator, question: Question, namespace: str, job: str, clients: GateClients
) -> Answer:
    """The answer about a pod of the Job ``namespace``/``job``. Raises ``FetchError``."""
    post = Post(
        url_of(coordinator.url),
        json.dumps(body(question, namespace, job)),
        namespace,
        coordinator.headers_from,
        judge_coordinator,
        ("allow", "message"),
    )
    return await send(post, clients)


def body(question: Question, namespace: str, job: str) -> dict[str, str | int]:
    """The request (contract: api-2, section 6). The last key is ``update`` or ``maintenance``."""
    return {
        "requestId": question.request_id,
        "cause": question.cause,
        "job": job,
        "namespace": namespace,
        "instance": question.instance,
        "pod": question.pod,
        "podUID": question.pod_uid,
        "node": question.node,
        "revision": question.revision,
        "maintenance" if question.cause == "Move" else "update": question.wanted_by,
    }
