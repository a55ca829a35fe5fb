"""Questions of RBAC, answered by the API server: of the page's own user, or of a viewer."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from controller.kube.client import Client
from controller.resource import Resource
from controller.ui.believed import Believed

SELF_REVIEWS: Final = Resource(
    "authorization.k8s.io",
    "v1",
    "selfsubjectaccessreviews",
    "SelfSubjectAccessReview",
    namespaced=False,
)
REVIEWS: Final = Resource(
    "authorization.k8s.io",
    "v1",
    "subjectaccessreviews",
    "SubjectAccessReview",
    namespaced=False,
)
#: Seconds for which an answer of the API server is believed; for which it counts while the API
#: server does not answer; how many are kept.
BELIEVED: Final = 60.0
GRACE: Final = 300.0
MAX_ANSWERS: Final = 50_000


@dataclass(frozen=True, slots=True)
class Identity:
    """A user as the API server knows him. ``extra``: (key, values) in the order of the keys."""

    user: str
    uid: str = ""
    groups: tuple[str, ...] = ()
    extra: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """A question of RBAC. ``namespace`` None: in all namespaces. ``of``: about whom; None: the
    page's own user."""

    verb: str
    resource: Resource
    namespace: str | None
    subresource: str = ""
    of: Identity | None = None


class Reviews:
    """Answers to questions, each asked once and believed for a while. ``ask`` raises ``ApiError``.
    A right in all namespaces is a right in each."""

    def __init__(
        self,
        ask: Callable[[Question], Awaitable[bool]],
        clock: Callable[[], float] = time.monotonic,
        seconds: float = BELIEVED,
    ) -> None:
        self._ask = ask
        self._answers = Believed[Question, bool](
            lambda _: seconds, grace=GRACE, most=MAX_ANSWERS, clock=clock
        )

    async def may(self, question: Question) -> bool:
        """Whether he has this right. Raises ``ApiError`` if that cannot be found out."""
        everywhere = replace(question, namespace=None)
        if question.namespace is not None and self._answers.known(everywhere):
            return True
        return await self._answers.get(question, lambda: self._ask(question))


def asks(client: Client) -> Callable[[Question], Awaitable[bool]]:
    """Asks the API server with the rights of ``client``."""

    async def ask(question: Question) -> bool:
        attributes = {
            "verb": question.verb,
            "group": question.resource.group,
            "resource": question.resource.plural,
            "subresource": question.subresource,
            "namespace": question.namespace or "",
        }
        kind = REVIEWS if question.of else SELF_REVIEWS
        spec = {"resourceAttributes": attributes, **(_subject(question.of) if question.of else {})}
        body = {"apiVersion": kind.api_version, "kind": kind.kind, "spec": spec}
        answer = await client.create(kind, None, body)
        return bool((answer.get("status") or {}).get("allowed"))

    return ask


def _subject(identity: Identity) -> dict[str, Any]:
    return {
        "user": identity.user,
        "uid": identity.uid,
        "groups": list(identity.groups),
        "extra": {key: list(values) for key, values in identity.extra},
    }
