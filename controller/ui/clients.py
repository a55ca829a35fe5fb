"""The clients of the page as a Deployment: each purpose has slots of its own for its requests, so
that none waits for the slots of another, such as Abort for logs of a dead node."""

from __future__ import annotations

import asyncio
from typing import Final

from controller.kube.client import Client
from controller.kube.config import Connection
from controller.kube.transport import Observe

AGENT: Final = "echelon-ui"


class Clients:
    """``watch``: lists of the watches. ``reads``: what pages read. ``acts``, ``logs``: what viewers
    do, and the logs that they read. ``reviews``: questions about viewers. ``strangers``: questions
    about tokens that were not accepted before."""

    def __init__(self, connection: Connection, observe: Observe) -> None:
        def client(limit: int) -> Client:
            return Client(connection, limit=limit, observe=observe, user_agent=AGENT)

        self.watch = client(8)
        self.reads = client(32)
        self.acts = client(16)
        self.logs = client(16)
        self.reviews = client(16)
        self.strangers = client(4)

    async def close(self) -> None:
        all_of_them = (
            self.watch, self.reads, self.acts, self.logs, self.reviews, self.strangers
        )  # fmt: skip
        await asyncio.gather(*(each.close() for each in all_of_them))
