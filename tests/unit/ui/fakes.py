"""An API server, watches and a viewer that need no cluster."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from controller.api.kinds import UPDATES
from controller.kube.errors import ApiError, Forbidden, NotFound
from controller.resource import Resource
from controller.ui.reviews import Question
from controller.ui.watch import Reach, Trouble

Object = dict[str, Any]


class FakeClient:
    """Answers with what it was given. ``patches``: what was written."""

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str, str], Object] = {}
        self.lists: dict[str, list[Object]] = {}
        self.patches: list[tuple[str, str, Object]] = []
        self.refusal: ApiError | None = None
        self.log = b""
        self.asked: list[str] = []

    async def get(self, resource: Resource, namespace: str | None, name: str) -> Object:
        self.asked.append(f"get {resource.plural} {name}")
        try:
            return self.objects[resource.plural, namespace or "", name]
        except KeyError:
            raise NotFound(404, "NotFound", f"{name} not found") from None

    async def list(
        self, resource: Resource, _namespace: str | None = None, **select: str
    ) -> AsyncIterator[Object]:
        self.asked.append(f"list {resource.plural} {sorted(select.values())}")
        for each in self.lists.get(resource.plural, ()):
            yield each

    async def patch(
        self, resource: Resource, namespace: str, name: str, body: Object, **_: Any
    ) -> Object:
        assert resource == UPDATES
        if self.refusal is not None:
            raise self.refusal
        self.patches.append((namespace, name, body))
        return body

    async def raw(self, request: Any) -> bytes:
        self.asked.append(request.path)
        if self.refusal is not None:
            raise self.refusal
        return self.log


class FakeWatch:
    synced = True

    def __init__(self) -> None:
        self.reach = Reach()
        self.troubles: list[Trouble] = []

    async def wait(self, _seconds: float) -> bool:
        return self.synced


@dataclass
class FakeViewer:
    """May do all but what ``denied`` says: namespaces, or "verb resource" in all of them."""

    client: Any
    name: str = "ada"
    denied: set[str] = field(default_factory=set)
    key: str = ""

    @property
    def logs(self) -> Any:
        return self.client

    async def may(self, question: Question) -> bool:
        if question.namespace is None:
            # Who is denied something somewhere has no right in all namespaces.
            return not self.denied
        what = f"{question.verb} {question.resource.plural}"
        return question.namespace not in self.denied and what not in self.denied


class FakeAccess:
    signs_in = False

    def __init__(self, viewer: FakeViewer) -> None:
        self.by_default = viewer

    async def viewer(self, _request: web.Request) -> FakeViewer:
        return self.by_default


def forbidden() -> Forbidden:
    return Forbidden(403, "Forbidden", "updates.echelon.dev is forbidden")
