"""The composition root: settings -> clients, feeds, queue, workers, servers. It decides nothing.

Everything runs in every replica, so that a standby has filled caches; only the workers wait for the
Lease. A process that loses the Lease stops acting at once and tries to get the Lease again.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import time
from collections.abc import Coroutine
from typing import Any

from prometheus_client import CollectorRegistry

from controller import garbage
from controller.api.job import KIND
from controller.api.kinds import JOBS
from controller.api.labels import FIELD_MANAGER
from controller.gates.addresses import in_pod
from controller.gates.asker import Asker
from controller.gates.clients import GateClients, GateSettings
from controller.handlers import JobFeed
from controller.kube.client import Client
from controller.kube.config import Connection, connect
from controller.kube.events import Recorder
from controller.kube.lease import Lease, default_identity
from controller.kube.workqueue import WorkQueue
from controller.metrics import Metrics
from controller.probes import WATCH_IDLE, Check, Heartbeat, Servers, not_older
from controller.reconcile import gauges
from controller.reconcile.brakes import Brakes
from controller.reconcile.crds import CrdCheck
from controller.reconcile.entry import Key
from controller.reconcile.feeds import Feeds
from controller.reconcile.ownership import OneLease, guard
from controller.reconcile.store import Store
from controller.reconcile.worker import DECIDE_EVERY, Reconciler
from controller.settings import Settings, version

log = logging.getLogger(__name__)

AGENT = f"{FIELD_MANAGER}/{version()}"
#: Seconds for which writes in flight may go on when the workers stop.
GRACE = 5.0


class Operator:
    """One process of Echelon. ``await run()`` returns after ``stop()``."""

    def __init__(self, settings: Settings, connection: Connection) -> None:
        self._settings = settings
        self._stopping = asyncio.Event()
        self._leading = False
        self._identity = default_identity()
        self._metrics = Metrics(CollectorRegistry(), version=version())
        may_write = guard(OneLease(lambda: self._lease))
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
        # Renewals must not wait behind a thousand deletes.
        self._lease_client = Client(
            connection, limit=4, observe=self._metrics.requested, user_agent=f"{AGENT} lease"
        )
        self._queue: WorkQueue[Key] = WorkQueue(gap=DECIDE_EVERY)
        # A standby collects no keys: the process that gets the Lease adds all of them.
        self._queue.rest()
        self._store = Store(self._queue.add)
        self._feeds = Feeds(
            self._client,
            self._store,
            settings.namespaces,
            settings.resync,
            on_filled=self._filled,
        )
        self._crds = CrdCheck(self._client, settings.resync)
        self._brakes = Brakes(self._store, settings.max_voluntary_disruption)
        self._recorder = Recorder(
            self._client,
            controller="echelon.dev/controller",
            instance=self._identity,
            on_drop=self._metrics.event_dropped,
        )
        self._reconciler = Reconciler(
            self._client,
            self._pod_client,
            self._store,
            self._queue,
            self._recorder,
            observe=lambda seconds, result: self._metrics.reconciled(KIND, result, seconds),
            ask=Asker(self._gate_clients(connection)).ask,
            asked=self._metrics.asked,
            report_every=settings.report,
            brake=self._brakes.now,
        )
        self._heartbeat = Heartbeat()
        self._lease = self._new_lease()
        self._jobs = JobFeed(
            self._on_job,
            JOBS,
            namespaces=settings.namespaces,
            loop=asyncio.get_running_loop(),
            user_agent=f"{AGENT} kopf",
        )
        alive = self._alive()
        self._servers = Servers(
            health=settings.health_address,
            metrics=settings.metrics_address,
            alive=alive,
            ready={
                "caches": lambda: None if self._feeds.synced else "not filled yet",
                "crds": lambda: self._crds.problem,
                **alive,
            },
            registry=self._metrics.registry,
        )
        self._expose_state()

    def _gate_clients(self, connection: Connection) -> GateClients:
        """The clients of gates, and the addresses that gates may use."""
        # In a pod, loopback is the operator itself; on a user's machine it is that machine.
        service = in_pod(os.environ)
        given = GateSettings(
            ca_file=self._settings.gate_ca_file,
            allow_loopback=self._settings.gate_allow_loopback or not service,
            user_agent=f"{AGENT} gates",
        )
        return GateClients(self._gate_client, (connection.server, *service), given)

    def stop(self) -> None:
        """Make ``run()`` end in good order."""
        self._stopping.set()

    async def run(self) -> None:
        """Serve until stopped. Raises ``OSError`` if a listen address is not available."""
        await self._servers.start()
        background = [
            asyncio.create_task(work, name=name)
            for name, work in (
                ("heartbeat", self._heartbeat.run()),
                ("feeds", self._feeds.run()),
                ("crds", self._crds.run()),
                ("events", self._recorder.run()),
            )
        ]
        stopping = asyncio.create_task(self._stopping.wait(), name="stop")
        leading = asyncio.create_task(self._stand_for_lease(), name="lease")
        try:
            done, _ = await asyncio.wait(
                [*background, stopping, leading], return_when=asyncio.FIRST_COMPLETED
            )
            for task in done - {stopping}:
                task.result()  # These tasks end only by a bug, whose exception this raises.
            await leading
        finally:
            for task in (*background, leading, stopping):
                task.cancel()
            await asyncio.gather(*background, leading, stopping, return_exceptions=True)
            await self._jobs.stop()
            await self._servers.stop()
            for client in (self._client, self._pod_client, self._gate_client, self._lease_client):
                await client.close()

    # Leading.

    async def _stand_for_lease(self) -> None:
        """Try to get the Lease, work while holding it, and try again after losing it."""
        await self._first(self._crds.fit.wait())  # With CRDs that lose intent nothing is done.
        while not self._stopping.is_set():
            self._lease = self._new_lease()
            renewing = asyncio.create_task(self._lease.run(), name="renewals")
            try:
                await self._first(self._lease.held.wait())
                if not self._stopping.is_set():
                    await self._lead()
            finally:
                renewing.cancel()
                await asyncio.gather(renewing, return_exceptions=True)
        await self._recorder.drain()
        await self._lease.release()

    async def _lead(self) -> None:
        log.info("holding the Lease %s: listing all objects again", self._settings.lease_name)
        await self._first(self._feeds.renewed(), self._lease.lost.wait())
        if self._stopping.is_set() or self._lease.lost.is_set():
            return
        self._leading = True
        self._queue.resume()
        for key in list(self._store.entries):
            self._queue.add(key)
        workers = [
            asyncio.create_task(self._reconciler.work(), name=f"worker {n}")
            for n in range(self._settings.workers)
        ]
        log.info("at work: %d Jobs", sum(1 for _ in self._store.jobs()))
        try:
            await self._first(self._lease.lost.wait(), *(asyncio.shield(w) for w in workers))
        finally:
            self._leading = False
            self._queue.rest()
            for worker in workers:
                worker.cancel()
            self._reconciler.gates.stop()
            ended = await asyncio.gather(*workers, return_exceptions=True)
            writing = (self._reconciler.reports, self._reconciler.pods)
            await asyncio.gather(*(each.drain(GRACE) for each in writing))
        for problem in ended:
            if isinstance(problem, Exception):
                raise problem

    async def _first(self, *works: Coroutine[Any, Any, Any] | asyncio.Future[Any]) -> None:
        """Return when one of ``works`` is done or the process is to stop; cancel the others."""
        tasks = [asyncio.ensure_future(work) for work in (*works, self._stopping.wait())]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _new_lease(self) -> Lease:
        settings = self._settings
        return Lease(
            self._lease_client,
            settings.lease_namespace,
            settings.lease_name,
            self._identity,
            duration=settings.lease_duration,
            renew_deadline=settings.lease_renew_deadline,
            retry=settings.lease_retry,
        )

    # Entering.

    def _filled(self) -> None:
        """All objects have been listed once."""
        garbage.look_as_usual()
        # Before, kopf's own list of Jobs would have taken processor time from the others.
        self._jobs.start()

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
            "loop": not_older(self._heartbeat.age, 30.0, "the event loop has not turned"),
            "queue": not_older(self._queue.stuck_for, self._settings.stuck, "nothing has moved"),
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
        state, informers = self._metrics.state, self._feeds.informers
        state.queue_depth = lambda: self._queue.depth
        state.queue_oldest_seconds = self._queue.oldest_age
        state.leader = lambda: float(self._leading)
        state.crd_differences = self._crds.counts
        state.jobs = lambda: gauges.jobs(self._store)
        state.updates = lambda: gauges.updates(self._store)
        state.disruptions = self._brakes.numbers
        state.instances = lambda: gauges.instances(self._store)
        state.informer_lag_seconds = lambda: {n: i.lag for n, i in informers.items()}
        state.informer_silence_seconds = lambda: {
            n: time.monotonic() - i.last_contact for n, i in informers.items()
        }


async def serve(settings: Settings) -> None:
    """Run an operator until SIGTERM or SIGINT."""
    operator = Operator(settings, await connect())
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, operator.stop)
    await operator.run()
