"""Who looks at the page, and what he may see and do: every page, stream and action asks here.

`Access` tells the viewer of a request; a `Viewer` answers questions of RBAC. `Own` is the access of
`echelon ui`: there is one viewer, the user whose kubeconfig this is.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final, Protocol

from aiohttp import web

from controller.api.kinds import JOBS, UPDATES
from controller.kube.client import Client
from controller.kube.errors import ApiError
from controller.kube.resources import CONTROLLER_REVISIONS, EVENTS, NODES, PODS
from controller.resource import Resource
from controller.ui import peer

REVIEWS: Final = Resource(
    "authorization.k8s.io",
    "v1",
    "selfsubjectaccessreviews",
    "SelfSubjectAccessReview",
    namespaced=False,
)
#: Seconds for which an answer of the API server is believed.
BELIEVED: Final = 60.0


@dataclass(frozen=True, slots=True)
class Question:
    """A question of RBAC. ``namespace`` None: in all namespaces."""

    verb: str
    resource: Resource
    namespace: str | None
    subresource: str = ""


class Viewer(Protocol):
    """Who looks at the page."""

    @property
    def name(self) -> str:
        """The viewer's name; "" if it is not known."""

    @property
    def client(self) -> Client | None:
        """Sends requests with the viewer's own rights; None: he can only look."""

    async def may(self, question: Question) -> bool:
        """Whether he has this right."""


class Access(Protocol):
    """Tells the viewer of a request."""

    async def viewer(self, request: web.Request) -> Viewer:
        """The viewer. Raises ``web.HTTPException`` if there is none."""


@dataclass(frozen=True, slots=True)
class Rights:
    """What a viewer may see and do in one namespace."""

    jobs: bool = False
    updates: bool = False
    pods: bool = False
    revisions: bool = False
    events: bool = False
    logs: bool = False
    steer: bool = False


async def rights(viewer: Viewer, namespace: str) -> Rights:
    """What the viewer may see and do in a namespace."""
    asked = (
        Question("list", JOBS, namespace),
        Question("list", UPDATES, namespace),
        Question("list", PODS, namespace),
        Question("list", CONTROLLER_REVISIONS, namespace),
        Question("list", EVENTS, namespace),
        Question("get", PODS, namespace, "log"),
        Question("patch", UPDATES, namespace),
    )
    found = Rights(*await asyncio.gather(*(viewer.may(each) for each in asked)))
    return found if viewer.client is not None else replace(found, steer=False)


async def visible(viewer: Viewer, resource: Resource, namespaces: Iterable[str]) -> frozenset[str]:
    """Those of the namespaces in which the viewer may list the resource."""
    among = sorted(namespaces)
    if await viewer.may(Question("list", resource, None)):
        return frozenset(among)
    answers = await asyncio.gather(
        *(viewer.may(Question("list", resource, each)) for each in among)
    )
    return frozenset(each for each, yes in zip(among, answers, strict=True) if yes)


async def sees_nodes(viewer: Viewer) -> bool:
    """Whether the viewer may read nodes."""
    return await viewer.may(Question("get", NODES, None))


class Reviews:
    """Answers of the API server to questions, each asked once and believed for a while.

    ``ask`` raises ``ApiError``; then the answer is no, and is not kept. A right in all namespaces
    is a right in each.
    """

    def __init__(
        self,
        ask: Callable[[Question], Awaitable[bool]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ask = ask
        self._clock = clock
        self._answers: dict[Question, tuple[float, asyncio.Future[bool]]] = {}

    async def may(self, question: Question) -> bool:
        if question.namespace is not None and await self._answer(replace(question, namespace=None)):
            return True
        return await self._answer(question)

    async def _answer(self, question: Question) -> bool:
        now = self._clock()
        asked, future = self._answers.get(question, (float("-inf"), None))
        if future is None or now - asked > BELIEVED:
            future = asyncio.ensure_future(self._asked(question))
            self._answers[question] = (now, future)
        # A viewer who leaves must not end the question of the others.
        return await asyncio.shield(future)

    async def _asked(self, question: Question) -> bool:
        try:
            return await self._ask(question)
        except ApiError:
            self._answers.pop(question, None)
            return False


class Own:
    """The access of `echelon ui`: the user of this process, with the rights of his kubeconfig.
    Other users of the machine are refused, where the operating system tells them apart."""

    def __init__(self, client: Client) -> None:
        self.owner: Viewer = _Owner(client)

    async def viewer(self, request: web.Request) -> Viewer:
        if request.transport is not None and not peer.is_ours(request.transport):
            raise web.HTTPForbidden(text="This page belongs to another user of this machine.")
        return self.owner


class _Owner:
    name = ""

    def __init__(self, client: Client) -> None:
        self.client: Client | None = client
        self._reviews = Reviews(self_review(client))

    async def may(self, question: Question) -> bool:
        return await self._reviews.may(question)


def self_review(client: Client) -> Callable[[Question], Awaitable[bool]]:
    """Asks what the user of ``client`` may."""

    async def ask(question: Question) -> bool:
        attributes = {
            "verb": question.verb,
            "group": question.resource.group,
            "resource": question.resource.plural,
            "subresource": question.subresource,
            "namespace": question.namespace or "",
        }
        review = {
            "apiVersion": REVIEWS.api_version,
            "kind": REVIEWS.kind,
            "spec": {"resourceAttributes": attributes},
        }
        answer = await client.create(REVIEWS, None, review)
        return bool((answer.get("status") or {}).get("allowed"))

    return ask
