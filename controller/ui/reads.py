"""What pages read on demand: revisions, Events, whole pods and nodes; shared by all viewers.

Each is asked for once at a time and believed for some seconds, so that many viewers of one page
cost the API server no more than one.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, Final, TypeVar

from controller.api.labels import JOB
from controller.kube.client import Client
from controller.kube.errors import NotFound
from controller.kube.resources import CONTROLLER_REVISIONS, EVENTS, NODES, PODS

Object = dict[str, Any]
T = TypeVar("T")

#: Seconds for which an answer is believed, and how many answers are kept.
BELIEVED: Final = 4.0
MAX_KEPT: Final = 256


class Reads:
    """The requests of pages, sent with the rights of ``client``: the caller asks `access` first.
    All raise ``ApiError``."""

    def __init__(self, client: Client, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._clock = clock
        self._kept: dict[Hashable, tuple[float, asyncio.Future[Any]]] = {}

    async def revisions(self, namespace: str, job: str) -> list[Object]:
        """The ControllerRevisions of a Job, oldest first."""

        async def read() -> list[Object]:
            selector = f"{JOB}={job}"
            listed = self._client.list(CONTROLLER_REVISIONS, namespace, label_selector=selector)
            return sorted([each async for each in listed], key=_number)

        return await self._shared(("revisions", namespace, job), read)

    async def events(self, namespace: str, kind: str, name: str) -> list[Object]:
        """The Events about an object, as the API server has them."""

        async def read() -> list[Object]:
            about = f"regarding.kind={kind},regarding.name={name}"
            listed = self._client.list(EVENTS, namespace, field_selector=about)
            return [each async for each in listed]

        return await self._shared(("events", namespace, kind, name), read)

    async def pod(self, namespace: str, name: str) -> Object | None:
        """The pod, or None if there is none."""

        async def read() -> Object | None:
            try:
                return await self._client.get(PODS, namespace, name)
            except NotFound:
                return None

        return await self._shared(("pod", namespace, name), read)

    async def node(self, name: str) -> Object | None:
        """The node, or None if there is none."""

        async def read() -> Object | None:
            try:
                return await self._client.get(NODES, None, name)
            except NotFound:
                return None

        return await self._shared(("node", name), read)

    async def pods_on(self, node: str, namespaces: tuple[str, ...]) -> list[Object]:
        """The pods on a node, of all kinds; in these namespaces, or in all if there are none."""

        async def read() -> list[Object]:
            found: list[Object] = []
            for namespace in namespaces or (None,):
                selector = f"spec.nodeName={node}"
                listed = self._client.list(PODS, namespace, field_selector=selector)
                found += [each async for each in listed]
            return found

        return await self._shared(("pods_on", node, namespaces), read)

    async def _shared(self, key: Hashable, read: Callable[[], Awaitable[T]]) -> T:
        now = self._clock()
        asked, future = self._kept.get(key, (float("-inf"), None))
        failed = future is not None and future.done() and future.exception() is not None
        if future is None or failed or (future.done() and now - asked > BELIEVED):
            self._forget(now)
            future = asyncio.ensure_future(read())
            self._kept[key] = (now, future)
        # A viewer who leaves must not end what others wait for.
        found: T = await asyncio.shield(future)
        return found

    def _forget(self, now: float) -> None:
        old = [key for key, (asked, _) in self._kept.items() if now - asked > BELIEVED]
        for key in old if len(self._kept) > MAX_KEPT else ():
            del self._kept[key]


def _number(revision: Object) -> int:
    return int(revision.get("revision") or 0)
