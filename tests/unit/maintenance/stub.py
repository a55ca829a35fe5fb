"""A client that answers from a list of answers, and objects as the API server has them."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

from controller.kube.request import Request
from controller.resource import Resource

Object = dict[str, Any]


def pod(name: str = "agent", version: int = 1, node: str = "n1", **metadata: Any) -> Object:
    meta = {"namespace": "ops", "name": name, "uid": f"uid-{name}", "resourceVersion": str(version)}
    return {"metadata": meta | metadata, "spec": {"nodeName": node}, "status": {"phase": "Running"}}


def node(name: str = "n1", version: int = 1, **spec: Any) -> Object:
    meta = {"name": name, "uid": f"uid-{name}", "resourceVersion": str(version)}
    ready = {"conditions": [{"type": "Ready", "status": "True"}]}
    return {"metadata": meta, "spec": spec, "status": ready}


def maintenance(name: str = "rack", version: int = 1, **parts: Any) -> Object:
    meta = {"name": name, "uid": f"uid-{name}", "resourceVersion": str(version), "generation": 1}
    return {"metadata": meta, "spec": {"nodes": ["n1"]}, **parts}


class Stub:
    """``answers``: by kind, what the next requests about it get: an object, or an exception."""

    def __init__(self) -> None:
        self.answers: dict[str, list[Any]] = defaultdict(list)
        self.sent: list[tuple[str, str, Object]] = []

    def _next(self, kind: str) -> Any:
        answer = self.answers[kind].pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def patch(
        self, resource: Resource, _: str | None, name: str, body: Object, **__: Any
    ) -> Any:
        self.sent.append((resource.plural, name, body))
        return self._next(resource.plural)

    async def get(self, resource: Resource, *_: Any) -> Any:
        return self._next(resource.plural)

    async def raw(self, request: Request) -> bytes:
        assert request.body is not None
        self.sent.append(("eviction", request.path, json.loads(request.body)))
        answer: bytes = self._next("eviction")
        return answer
