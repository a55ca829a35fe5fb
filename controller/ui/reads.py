"""What pages read on demand: revisions, runs, Events, pods and nodes; shared by all viewers.

Each is asked for once at a time and believed for some seconds, so that many viewers of one page
cost the API server no more than one.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from controller.api.labels import GATE, JOB
from controller.kube.client import Client
from controller.kube.errors import NotFound
from controller.kube.resources import BATCH_JOBS, CONTROLLER_REVISIONS, EVENTS, NODES, PODS
from controller.ui.beside import Beside, beside

Object = dict[str, Any]
T = TypeVar("T")

#: Seconds for which an answer is believed; the list of the pods of a node costs more than others,
#: and templates of revisions never change.
BELIEVED: Final = 4.0
LISTED: Final = 30.0
UNCHANGING: Final = 300.0
#: Events that are read of one object.
MAX_EVENTS: Final = 500


@dataclass(frozen=True, slots=True)
class _Kept:
    """``until``: the clock's time from which it is no longer believed."""

    until: float
    future: asyncio.Future[Any]


class Reads:
    """The requests of pages, sent with the rights of ``client``: the caller asks `access` first.
    All raise ``ApiError``."""

    def __init__(self, client: Client, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._clock = clock
        self._kept: dict[Hashable, _Kept] = {}

    async def revisions(self, namespace: str, job: str) -> list[Object]:
        """The ControllerRevisions of a Job, oldest first."""

        async def read() -> list[Object]:
            selector = f"{JOB}={job}"
            listed = self._client.list(CONTROLLER_REVISIONS, namespace, label_selector=selector)
            return sorted([each async for each in listed], key=_number)

        return await self._shared(("revisions", namespace, job), read)

    async def templates(
        self, namespace: str, job: str, names: tuple[str, ...]
    ) -> dict[str, Object]:
        """The templates of those of these revisions of a Job that exist. A revision never changes,
        so they are believed for long."""

        async def read() -> dict[str, Object]:
            found = await self.revisions(namespace, job)
            by_name = {each["metadata"]["name"]: each.get("data") or {} for each in found}
            return {name: by_name[name] for name in names if name in by_name}

        found = await self._shared(("templates", namespace, job, names), read, UNCHANGING)
        # One that does not exist yet may come.
        return found if len(found) == len(names) else await read()

    async def runs(self, namespace: str, job: str) -> list[Object]:
        """The batch/v1 Jobs with the label of a Job, without those of gates."""

        async def read() -> list[Object]:
            selector = f"{JOB}={job},!{GATE}"
            listed = self._client.list(BATCH_JOBS, namespace, label_selector=selector)
            return [each async for each in listed]

        return await self._shared(("runs", namespace, job), read)

    async def events(self, namespace: str, kind: str, name: str) -> list[Object]:
        """The Events about an object as the API server has them, at most `MAX_EVENTS`."""

        async def read() -> list[Object]:
            about = f"regarding.kind={kind},regarding.name={name}"
            found: list[Object] = []
            async for each in self._client.list(EVENTS, namespace, field_selector=about):
                found.append(each)
                if len(found) == MAX_EVENTS:
                    break
            return found

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

    async def beside(self, node: str, namespaces: tuple[str, ...]) -> list[Beside]:
        """The pods on a node that are no instances of Jobs, by namespace and name; in these
        namespaces, or in all if there are none."""

        async def read() -> list[Beside]:
            found: list[Beside] = []
            for namespace in namespaces or (None,):
                selector = f"spec.nodeName={node}"
                listed = self._client.list(PODS, namespace, field_selector=selector)
                rows = [beside(each) async for each in listed]
                found += [each for each in rows if each is not None]
            return sorted(found, key=lambda each: (each.namespace, each.name))

        return await self._shared(("beside", node, namespaces), read, LISTED)

    async def _shared(
        self, key: Hashable, read: Callable[[], Awaitable[T]], believed: float = BELIEVED
    ) -> T:
        now = self._clock()
        self._forget(now)
        kept = self._kept.get(key)
        if kept is None:
            kept = self._kept[key] = _Kept(now + believed, asyncio.ensure_future(read()))
        # A viewer who leaves must not end what others wait for.
        found: T = await asyncio.shield(kept.future)
        return found

    def _forget(self, now: float) -> None:
        """Drop the answers that are no longer believed, and errors."""
        done = {key: kept for key, kept in self._kept.items() if kept.future.done()}
        for key, kept in done.items():
            failed = kept.future.cancelled() or kept.future.exception() is not None
            if failed or now > kept.until:
                del self._kept[key]


def _number(revision: Object) -> int:
    return int(revision.get("revision") or 0)
