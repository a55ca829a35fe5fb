"""One process's service of Maintenances: what it is made of. It has a Lease, a client and a kopf of
its own, and works independently of the work on Jobs."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from controller.api.kinds import MAINTENANCES
from controller.api.labels import API_VERSION
from controller.api.maintenance import KIND, Maintenance
from controller.core.maintenance.plan import Event
from controller.handlers import JobFeed
from controller.kube.client import Client
from controller.kube.config import Connection
from controller.kube.elector import Elector
from controller.kube.events import Recorder
from controller.kube.lease_times import Times
from controller.kube.workqueue import WorkQueue
from controller.maintenance import gauges
from controller.maintenance.apply import Applier
from controller.maintenance.feeds import Feeds
from controller.maintenance.leading import Leading
from controller.maintenance.store import Store
from controller.maintenance.worker import ALL, Worker
from controller.metrics import Metrics
from controller.probes import WATCH_IDLE, Check, Heartbeat, not_older
from controller.settings import Settings

#: Seconds from one decision to the next, at least.
_GAP: Final = 0.1
#: Seconds in which the waiting Events are written at the end.
_LAST_EVENTS: Final = 0.5


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
        metrics: Metrics,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._heartbeat = Heartbeat(on_beat=self._beat)
        self._elector = Elector(
            Client(
                lease_connection, limit=2, observe=metrics.requested, user_agent=f"{agent} lease"
            ),
            namespace=settings.lease_namespace,
            name=lease_name(settings),
            identity=identity,
            times=Times(
                settings.lease_duration, settings.lease_renew_deadline, settings.lease_retry
            ),
            main_age=self._heartbeat.age,
            changed=self._on_news,
        )
        self._client = Client(
            connection,
            limit=16,
            observe=metrics.requested,
            guard=lambda: self._leading.check(),
            user_agent=f"{agent} maintenance",
            write_timeout=settings.lease_duration - settings.lease_renew_deadline,
        )
        self._recorder = Recorder(
            self._client,
            controller="echelon.dev/maintenance",
            instance=identity,
            on_drop=metrics.event_dropped,
        )
        queue: WorkQueue[str] = WorkQueue(gap=_GAP, accepts=lambda _: self._leading.is_at_work)
        self._store = Store(lambda: queue.add(ALL))
        self._feeds = Feeds(self._client, self._store, settings.resync)
        applier = Applier(self._client, self._store, time.time, settings.report, self._record)
        own = environ.get("NODE_NAME", ""), environ.get("POD_UID", "")
        may_evict = settings.maintenance_evict_others
        self._worker = Worker(
            self._client, self._store, queue, self._feeds, applier, own, may_evict
        )
        self._leading = Leading(
            self._elector, self._feeds.renewed, self._worker.begin, self._worker.end
        )
        self._kopf = JobFeed(
            self._on_event,
            MAINTENANCES,
            loop=self._loop,
            user_agent=f"{agent} kopf",
            on_watch=self._feeds.look_again,
        )
        metrics.state.maintenances = lambda: gauges.numbers(self._store, time.time())

    def start(self) -> None:
        self._elector.start()
        self._kopf.start()

    async def stop(self) -> None:
        """Release the Lease and end all threads."""
        await self._recorder.drain(_LAST_EVENTS)
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
                ("lease", self._leading.run()),
                ("worker", self._worker.run()),
                ("events", self._recorder.run()),
            ):
                group.create_task(work, name=f"maintenance {name}")

    def _on_news(self) -> None:
        """Called in the thread of the elector."""
        with suppress(RuntimeError):  # The loop is closed, because the process is ending.
            self._loop.call_soon_threadsafe(self._leading.notice)

    def _beat(self) -> None:
        self._elector.stand(self._feeds.filled)
        self._leading.notice()

    def _on_event(self, kind: str, raw: dict[str, Any]) -> None:
        if kind == "DELETED":
            self._store.drop(raw["metadata"]["name"], raw["metadata"]["uid"])
        else:
            self._store.put(raw)

    def _record(self, maintenance: Maintenance, event: Event) -> None:
        meta = maintenance.metadata
        about = {"apiVersion": API_VERSION, "kind": KIND, "name": meta.name, "uid": meta.uid}
        self._recorder.record(about, event.type, event.reason, event.note, event.reason)
