"""Decides about all Maintenances together, and carries the decisions out, one after the other."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from typing import Final, Protocol

from controller.api.kinds import MAINTENANCES
from controller.core.maintenance.decide import decide
from controller.core.maintenance.plan import Plan
from controller.kube.client import Client
from controller.kube.errors import ApiError, NotFound, NotHolderError
from controller.kube.workqueue import WorkQueue
from controller.maintenance.apply import Applier
from controller.maintenance.refusals import Unread
from controller.maintenance.store import Store
from controller.maintenance.waits import EVERY, Waits

log = logging.getLogger(__name__)

#: All Maintenances are decided together: the queue has one key.
ALL: Final = "all"


class PodFeeds(Protocol):
    """What brings the pods of some nodes (`controller.maintenance.feeds`)."""

    def watch(self, nodes: frozenset[str]) -> None: ...

    def synced(self, node: str) -> bool: ...


class Worker:
    """``run()`` works until cancelled, on what ``queue`` has. ``own``: the name of the node and the
    uid of the pod of this process, "" if it has none. ``may_evict``: whether it may evict pods that
    belong to no Job. ``now()``: epoch seconds."""

    def __init__(
        self,
        client: Client,
        store: Store,
        queue: WorkQueue[str],
        feeds: PodFeeds,
        applier: Applier,
        own: tuple[str, str],
        may_evict: bool = False,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._client = client
        self._store = store
        self._queue = queue
        self._feeds = feeds
        self._applier = applier
        self._unread = Unread(client, store)
        self._waits = Waits(client, now)
        self._own = own
        self._may_evict = may_evict
        self._now = now
        self._working = asyncio.Lock()

    def begin(self) -> None:
        """Start the work of a term: this process may write now."""
        log.info("at work on %d Maintenances", len(self._store.maintenances))
        self._store.drained = {}
        self._queue.add(ALL)

    async def end(self) -> None:
        """End the work of a term. Returns when the requests in flight have ended."""
        self._queue.sift()
        async with self._working:
            self._feeds.watch(frozenset())

    async def run(self) -> None:
        while True:
            key = await self._queue.get()
            try:
                async with self._working:
                    await self.once()
                self._queue.forget(key)
            except NotHolderError:
                pass
            except ApiError as error:
                log.warning("Maintenances: %s; trying again", error)
                self._queue.retry(key)
            except Exception:
                log.exception("a decision about Maintenances failed")
                self._queue.retry(key)
            finally:
                self._queue.done(key)

    async def once(self) -> None:
        """Decide once. Raises ``ApiError``, after all else was done: if a Maintenance could not be
        read live, only its nodes are left as they are."""
        now, failed = self._now(), None
        plan = self._decide({}, now)
        if plan.ask:
            live, failed = await self._live(plan.ask)
            plan = self._decide(live, now)
        self._store.drained = plan.drained
        self._feeds.watch(plan.watch)
        again = await self._applier.apply(plan)
        try:
            await self._unread.report(now)
        except NotHolderError:
            raise
        except ApiError as error:
            failed = error
        if await self._waits.look(plan.jobs):
            self._queue.add(ALL)
        if plan.jobs:
            self._queue.add_after(ALL, EVERY)
        if (at := min(filter(None, (plan.wake_at, again)), default=None)) is not None:
            self._queue.add_after(ALL, max(0.0, at - self._now()))
        if failed is not None:
            raise failed

    def _decide(self, live: Mapping[str, str | None], now: float) -> Plan:
        own, waits = self._own, self._waits.words
        observed = self._store.observed(self._feeds.synced, live, *own, self._may_evict, waits)
        return decide(observed, now)

    async def _live(self, names: frozenset[str]) -> tuple[dict[str, str | None], ApiError | None]:
        """The uids of these Maintenances, read live; None for one that is gone. One that could not
        be read is absent; the last error says why."""
        found, failed = dict[str, str | None](), None
        for name in sorted(names):
            try:
                found[name] = await self._uid(name)
            except NotHolderError:
                raise
            except ApiError as error:
                failed = error
        return found, failed

    async def _uid(self, name: str) -> str | None:
        try:
            raw = await self._client.get(MAINTENANCES, None, name)
        except NotFound as error:
            error.prove()
            return None
        self._store.renew(raw)
        return str(raw["metadata"]["uid"])
