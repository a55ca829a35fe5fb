"""The access of `echelon ui`: the user of this process, with the rights of his kubeconfig."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from controller.kube.client import Client
from controller.ui import peer
from controller.ui.access import Viewer
from controller.ui.reviews import Question, Reviews, asks

_REFUSED: Final = (
    "This page is for the user who started it, and for browsers on the same system. Start "
    "`echelon ui` as yourself, where your browser runs."
)


class Own:
    """Other users of the machine are refused, where the operating system tells them apart."""

    signs_in = False

    def __init__(self, client: Client) -> None:
        self.owner: Viewer = _Owner(client)

    async def viewer(self, request: web.Request) -> Viewer:
        if request.transport is not None and not peer.is_ours(request.transport):
            raise web.HTTPForbidden(text=_REFUSED)
        return self.owner


class _Owner:
    name = key = ""

    def __init__(self, client: Client) -> None:
        self.client: Client | None = client
        self.logs: Client | None = client
        self._reviews = Reviews(asks(client))

    async def may(self, question: Question) -> bool:
        return await self._reviews.may(question)
