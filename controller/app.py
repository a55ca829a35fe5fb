"""The composition root: settings -> clients, feeds, queue, workers, servers. It decides nothing.

Everything runs in every replica, so that a standby has filled caches; only the work on a shard
waits for its Lease (see `leading`). A process that loses the Lease stops acting at once and tries
to get the Lease again.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import time
from contextlib import suppress
from typing import Any, Final

from prometheus_client import CollectorRegistry

from controller import garbage
from controller.api.job import KIND
from controller.api.kinds import JOBS
from controller.api.labels import FIELD_MANAGER
from controller.asking import Asking, times_of
from controller.candidacy import Candidacy
from controller.clock import SteadyClock
from controller.handlers import JobFeed
from controller.kube.client import Client
from controller.kube.config import Connection, connect
from controller.kube.elector import Elector
from controller.kube.events import Recorder
from controller.kube.identity import default_identity
from controller.kube.workqueue import WorkQueue
from controller.leading import Leading
from controller.maintenance.serving import maintenance
from controller.metrics import Metrics
from controller.probes import LOOP_STALL, WATCH_IDLE, Check, Heartbeat, Servers, not_older
from controller.reconcile import gauges
from controller.reconcile.brakes import Brakes
from controller.reconcile.crds import CrdCheck
from controller.reconcile.entry import Key
from controller.reconcile.feeds import Feeds
from controller.reconcile.ownership import Shards, guard
from controller.reconcile.runs.gauges import last_runs
from controller.reconcile.store import Store
from controller.reconcile.worker import DECIDE_EVERY, Reconciler
from controller.run_metrics import RunCollector
from controller.settings import Settings, version

log = logging.getLogger(__name__)

AGENT: Final = f"{FIELD_MANAGER}/{version()}"
#: Seconds in which the waiting Events are written at the end. A standby waits for that.
LAST_EVENTS: Final = 0.5


class Operator:
    """One process of Echelon. ``await run()`` returns after ``stop()``. The Leases have a
    connection of their own, because they have a thread of their own."""

    def __init__(
        self,
        settings: Settings,
        connection: Connection,
        lease_connection: Connection,
        maintaining: tuple[Connection, Connection] | None = None,
    ) -> None:
        self._settings = settings
        self._stopping = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._identity = default_identity()
        self._metrics = Metrics(CollectorRegistry(), version(), settings.job_metrics)
        self._heartbeat = Heartbeat(on_beat=self._beat)
        self._elector = self._new_elector(lease_connection)
        self._shards = Shards(settings.shards, self._elector, lambda key: self._store.uid_of(key))
        may_write = guard(self._shards)
        share = max(4, settings.connections // 4)
        # Gates have a client of their own, so that their slow requests delay nothing else.
        self._client, self._pod_client, self._gate_client = (
            Client(
                connection,
                limit=limit,
                observe=self._metrics.requested,
                guard=may_write,
                user_agent=AGENT,
                # A write must have ended or failed before another process can get the Lease.
                write_timeout=settings.lease_duration - settings.lease_renew_deadline,
            )
            for limit in (share, settings.connections, share)
        )
        # A standby collects no keys: the process that gets the Lease adds all of them.
        self._queue: WorkQueue[Key] = WorkQueue(gap=DECIDE_EVERY, accepts=self._shards.accepts)
        clock = SteadyClock()
        self._store = Store(self._queue.add, clock)
        spaces, resync = settings.namespaces, settings.resync
        self._feeds = Feeds(self._client, self._store, spaces, resync, on_filled=self._on_filled)
        self._crds = CrdCheck(
            self._client, settings.resync, lambda: self._feeds.synced, on_fit=self._beat
        )
        self._candidacy = Candidacy(self._elector, self._feeds, self._crds, settings.lease_duration)
        self._brakes = Brakes(self._store, settings.max_voluntary_disruption, clock)
        self._recorder = Recorder(
            self._client,
            controller="echelon.dev/controller",
            instance=self._identity,
            on_drop=self._metrics.event_dropped,
        )
        self._asking = Asking(
            settings, connection, self._gate_client, self._identity, self._metrics
        )
        self._reconciler = Reconciler(
            self._client,
            self._pod_client,
            self._store,
            self._queue,
            self._recorder,
            observe=lambda seconds, result: self._metrics.reconciled(KIND, result, seconds),
            ask=self._asking.gate,
            asked=self._metrics.asked,
            ended=self._metrics.update_ended,
            report_every=settings.report,
            brake=self._brakes.now,
            coordinators=self._asking.coordinators,
            clock=clock,
        )
        self._leading = Leading(
            self._elector,
            self._shards,
            self._feeds,
            self._store,
            self._queue,
            self._reconciler,
            workers=settings.workers,
        )
        self._jobs = JobFeed(
            self._on_job,
            JOBS,
            namespaces=settings.namespaces,
            loop=self._loop,
            user_agent=f"{AGENT} kopf",
            on_watch=self._feeds.look_again,
        )
        self._maintenance = maintenance(
            settings, maintaining, self._client, self._identity, AGENT, self._metrics
        )
        alive = self._alive() | self._maintenance.checks()
        self._servers = Servers(
            health=settings.health_address,
            metrics=settings.metrics_address,
            alive=alive,
            ready={
                "caches": self._candidacy.blindness,
                "crds": lambda: self._crds.problem,
                **alive,
            },
            registry=self._metrics.registry,
        )
        self._expose_state()

    def stop(self) -> None:
        """Make ``run()`` end in good order."""
        self._stopping.set()

    async def run(self) -> None:
        """Serve until stopped. Raises ``OSError`` if a listen address is not available."""
        await self._servers.start()
        self._elector.start()
        self._jobs.start()
        self._maintenance.start()
        background = [
            asyncio.create_task(work, name=name)
            for name, work in (
                ("heartbeat", self._heartbeat.run()),
                ("feeds", self._leading.fill()),
                ("crds", self._crds.run()),
                ("events", self._recorder.run()),
                ("maintenance", self._maintenance.run()),
            )
        ]
        stopping = asyncio.create_task(self._stopping.wait(), name="stop")
        leading = asyncio.create_task(self._leading.run(), name="leading")
        try:
            done, _ = await asyncio.wait(
                [*background, stopping, leading], return_when=asyncio.FIRST_COMPLETED
            )
            for task in done - {stopping}:
                task.result()  # These tasks end only by a bug, whose exception this raises.
            self._leading.stop()
            await leading
            await self._recorder.drain(LAST_EVENTS)
        finally:
            for task in (*background, leading, stopping):
                task.cancel()
            await asyncio.gather(*background, leading, stopping, return_exceptions=True)
            await self._elector.stop()
            await self._jobs.stop()
            await self._maintenance.stop()
            await self._servers.stop()
            for client in (self._client, self._pod_client, self._gate_client, self._asking):
                await client.close()

    # Leading.

    def _new_elector(self, connection: Connection) -> Elector:
        settings = self._settings
        client = Client(
            connection,
            limit=settings.shards + 1,
            observe=self._metrics.requested,
            user_agent=f"{AGENT} lease",
        )
        return Elector(
            client,
            namespace=settings.lease_namespace,
            name=settings.lease_name,
            identity=self._identity,
            shards=settings.shards,
            times=times_of(settings),
            main_age=self._heartbeat.age,
            changed=self._on_news,
        )

    def _on_news(self) -> None:
        """Called in the thread of the elector."""
        with suppress(RuntimeError):  # The loop is closed, because the process is ending.
            self._loop.call_soon_threadsafe(self._leading.notice)

    def _on_filled(self) -> None:
        garbage.look_as_usual()
        self._beat()

    def _beat(self) -> None:
        self._candidacy.look()
        # A Lease can also end by time alone, if the thread of the elector is dead.
        self._leading.notice()

    # Entering.

    def _on_job(self, kind: str, raw: dict[str, Any]) -> None:
        meta = raw["metadata"]
        if kind == "DELETED":
            self._store.drop_job((meta["namespace"], meta["name"]), meta["uid"])
        else:
            self._store.put_job(raw)

    # Showing.

    def _alive(self) -> dict[str, Check]:
        """Checks for faults that a restart of this process fixes; a silent API server is none."""
        checks: dict[str, Check] = {
            "loop": not_older(self._heartbeat.age, LOOP_STALL, "the event loop has not turned"),
            "queue": not_older(self._queue.stuck_for, self._settings.stuck, "nothing has moved"),
            "leases": self._elector.problem,
            "kopf": lambda: None if self._jobs.alive() else "its thread has ended",
        }
        for name, informer in self._feeds.informers.items():
            checks[f"watch-{name}"] = not_older(
                lambda i=informer: time.monotonic() - i.last_active,  # type: ignore[misc]
                WATCH_IDLE,
                "nothing was heard or asked",
            )
        return checks

    def _expose_state(self) -> None:
        state = self._metrics.state
        state.queue_depth = lambda: self._queue.depth
        state.queue_oldest_seconds = self._queue.oldest_age
        state.leader = self._shards.leader
        state.crd_differences = self._crds.counts
        if self._settings.shards > 1:
            state.replicas = lambda: float(self._elector.replicas)
        state.jobs = lambda: gauges.jobs(self._store)
        state.updates = lambda: gauges.updates(self._store)
        state.disruptions = self._brakes.numbers
        state.instances = lambda: gauges.instances(self._store)
        state.each_job = lambda: gauges.each_job(self._store, self._shards.accepts, time.time())
        state.ready = self._servers.is_ready
        self._metrics.registry.register(RunCollector(lambda: last_runs(self._store)))
        state.informer_lag_seconds = self._feeds.lags
        state.informer_silence_seconds = self._feeds.silences


async def serve(settings: Settings) -> None:
    """Run an operator until SIGTERM or SIGINT."""
    own = (await connect(), await connect()) if settings.maintenance else None
    operator = Operator(settings, await connect(), await connect(), own)
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, operator.stop)
    await operator.run()
