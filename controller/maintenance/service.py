"""One process's service of Maintenances: it works while it holds the Lease of its own.

After the Lease is got, everything is listed again before the first decision, as for Jobs.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final

from controller.api.kinds import MAINTENANCES
from controller.core.maintenance.decide import decide
from controller.core.maintenance.plan import Plan
from controller.handlers import JobFeed
from controller.kube.client import Client
from controller.kube.config import Connection
from controller.kube.elector import Elector
from controller.kube.errors import ApiError, NotFound, NotHolderError
from controller.kube.lease import Times
from controller.kube.transport import Observe
from controller.kube.workqueue import WorkQueue
from controller.maintenance.apply import Applier
from controller.maintenance.feeds import Feeds
from controller.maintenance.refusals import Unread
from controller.maintenance.store import Store
from controller.probes import WATCH_IDLE, Check, Heartbeat, not_older
from controller.settings import Settings

log = logging.getLogger(__name__)

#: All Maintenances are decided together: the queue has one key.
_ALL: Final = "all"
#: Seconds from one decision to the next, at least.
_GAP: Final = 0.1


def lease_name(settings: Settings) -> str:
    """The name of the Lease of those who serve Maintenances."""
    return f"{settings.lease_name}-maintenance"


class Service:
    """``await run()`` works until cancelled, between ``start()`` and ``await stop()``. The Lease
    has a connection of its own. ``environ``: where the pod of this process is named."""

    def __init__(
        self,
        settings: Settings,
        connection: Connection,
        lease_connection: Connection,
        identity: str,
        agent: str,
        observe: Observe,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        times = Times(settings.lease_duration, settings.lease_renew_deadline, settings.lease_retry)
        self._loop = asyncio.get_running_loop()
        self._own = environ.get("NODE_NAME", ""), environ.get("POD_UID", "")
        self._news = asyncio.Event()
        #: The term of the Lease in which this process works; None: it does not.
        self._term: int | None = None
        self._working = asyncio.Lock()
        self._heartbeat = Heartbeat(on_beat=self._beat)
        self._elector = Elector(
            Client(lease_connection, limit=2, observe=observe, user_agent=f"{agent} lease"),
            namespace=settings.lease_namespace,
            name=lease_name(settings),
            identity=identity,
            times=times,
            main_age=self._heartbeat.age,
            changed=self._on_news,
        )
        self._client = Client(
            connection,
            limit=16,
            observe=observe,
            guard=self._check,
            user_agent=f"{agent} maintenance",
            write_timeout=settings.lease_duration - settings.lease_renew_deadline,
        )
        self._queue: WorkQueue[str] = WorkQueue(gap=_GAP, accepts=lambda _: self._term is not None)
        self._store = Store(lambda: self._queue.add(_ALL))
        self._feeds = Feeds(self._client, self._store, settings.resync)
        self._applier = Applier(self._client, self._store, time.time, settings.report)
        self._unread = Unread(self._client, self._store)
        self._kopf = JobFeed(
            self._on_event,
            MAINTENANCES,
            loop=self._loop,
            user_agent=f"{agent} kopf",
            on_watch=self._feeds.look_again,
        )

    def start(self) -> None:
        self._elector.start()
        self._kopf.start()

    async def stop(self) -> None:
        """Release the Lease and end all threads."""
        await self._elector.stop()
        await self._kopf.stop()
        await self._client.close()

    def checks(self) -> dict[str, Check]:
        """Checks for faults that a restart of this process fixes."""
        nodes = self._feeds.nodes
        return {
            "maintenance-lease": self._elector.problem,
            "maintenance-kopf": lambda: None if self._kopf.alive() else "its thread has ended",
            "watch-nodes": not_older(
                lambda: time.monotonic() - nodes.last_active, WATCH_IDLE, "nothing was heard"
            ),
        }

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            for name, work in (
                ("heartbeat", self._heartbeat.run()),
                ("feeds", self._feeds.run()),
                ("lease", self._lead()),
                ("worker", self._work()),
            ):
                group.create_task(work, name=f"maintenance {name}")

    # Leading.

    def _on_news(self) -> None:
        """Called in the thread of the elector."""
        with suppress(RuntimeError):  # The loop is closed, because the process is ending.
            self._loop.call_soon_threadsafe(self._notice)

    def _notice(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    def _beat(self) -> None:
        self._elector.stand(self._feeds.filled)
        self._notice()

    def _check(self) -> None:
        """The guard of writes."""
        if self._term is None or self._is_over(self._term):
            raise NotHolderError

    def _is_over(self, term: int) -> bool:
        return not self._elector.holds(0) or self._elector.term(0) != term

    async def _until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            await self._news.wait()

    async def _end_of(self, term: int) -> None:
        """Return when the Lease is lost, or to be given up."""
        await self._until(lambda: self._is_over(term) or 0 in self._elector.surplus)

    async def _lead(self) -> None:
        while True:
            await self._until(lambda: self._elector.holds(0))
            term = self._elector.term(0)
            await self._feeds.renewed()
            if self._is_over(term):
                continue
            self._term = term
            log.info("at work on %d Maintenances", len(self._store.maintenances))
            self._store.drained = {}
            self._queue.add(_ALL)
            await self._end_of(term)
            self._term = None
            self._queue.sift()
            async with self._working:  # The requests in flight have ended.
                self._feeds.watch(frozenset())
            if 0 in self._elector.surplus and not self._is_over(term):
                await self._elector.give_up(0)

    # Working.

    def _on_event(self, kind: str, raw: dict[str, Any]) -> None:
        if kind == "DELETED":
            self._store.drop(raw["metadata"]["name"], raw["metadata"]["uid"])
        else:
            self._store.put(raw)

    async def _work(self) -> None:
        while True:
            key = await self._queue.get()
            try:
                async with self._working:
                    await self._once()
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

    async def _once(self) -> None:
        now = time.time()
        plan = self._decide({}, now)
        if plan.ask:
            plan = self._decide(await self._live(plan.ask), now)
        self._store.drained = plan.drained
        self._feeds.watch(plan.watch)
        again = await self._applier.apply(plan)
        await self._unread.report(now)
        if (at := min(filter(None, (plan.wake_at, again)), default=None)) is not None:
            self._queue.add_after(_ALL, max(0.0, at - time.time()))

    def _decide(self, live: Mapping[str, str | None], now: float) -> Plan:
        return decide(self._store.observed(self._feeds.synced, live, *self._own), now)

    async def _live(self, names: frozenset[str]) -> dict[str, str | None]:
        """The uids of these Maintenances, read live; None for one that is gone."""
        found = dict[str, str | None]()
        for name in sorted(names):
            try:
                raw = await self._client.get(MAINTENANCES, None, name)
            except NotFound as error:
                error.prove()
                found[name] = None
            else:
                found[name] = str(raw["metadata"]["uid"])
                self._store.put(raw)
        return found
