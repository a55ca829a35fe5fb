"""A viewer of the page as a Deployment: what he may see, the API server is asked about him."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace

from controller.kube.client import Client
from controller.ui.reviews import Identity, Question, Reviews


@dataclass(frozen=True, slots=True)
class Subject:
    """See `access.Viewer`."""

    identity: Identity
    reviews: Reviews
    key: Hashable
    client: Client | None
    logs: Client | None

    @property
    def name(self) -> str:
        return self.identity.user

    async def may(self, question: Question) -> bool:
        return await self.reviews.may(replace(question, of=self.identity))
