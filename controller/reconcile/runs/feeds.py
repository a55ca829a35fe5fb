"""Follows runs and CronJobs, from the moment at which a Job needs it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Final

from controller.api.labels import GATE, JOB
from controller.kube.client import Client
from controller.kube.informer import Informer
from controller.kube.resources import BATCH_JOBS, CRON_JOBS
from controller.reconcile.runs.objects import CRON_CODEC, RUN_CODEC, CronObject, RunObject
from controller.reconcile.runs.store import RunStore

#: The Jobs of gates have the label of an EchelonJob, too.
_RUNS: Final = f"{JOB},!{GATE}"


class RunFeeds:
    """``run()`` works until cancelled; ``on_followed`` is called when all has been listed once."""

    def __init__(
        self,
        client: Client,
        store: RunStore,
        namespaces: Sequence[str] = (),
        clock: Callable[[], float] = time.monotonic,
        on_followed: Callable[[], None] = lambda: None,
    ) -> None:
        self._store = store
        self._on_followed = on_followed
        self.jobs: Informer[RunObject] = Informer(
            client,
            BATCH_JOBS,
            codec=RUN_CODEC,
            on_put=store.put_run,
            on_delete=store.drop_run,
            held=store.runs_held,
            namespaces=namespaces,
            label_selector=_RUNS,
            confirm=True,
            clock=clock,
        )
        self.cron_jobs: Informer[CronObject] = Informer(
            client,
            CRON_JOBS,
            codec=CRON_CODEC,
            on_put=store.put_cron,
            on_delete=store.drop_cron,
            held=store.crons_held,
            namespaces=namespaces,
            label_selector=JOB,
            confirm=True,
            clock=clock,
        )
        store.problem = self._problem

    async def run(self) -> None:
        """Wait until runs are wanted, then follow them until cancelled."""
        await self._store.wanted.wait()
        async with asyncio.TaskGroup() as group:
            for informer in (self.jobs, self.cron_jobs):
                name = f"informer {informer.resource.plural}"
                group.create_task(informer.run(), name=name)
            group.create_task(self._await_followed(), name="runs followed")

    async def renewed(self) -> None:
        """List everything again, if runs are followed. On return the store is at least as new as
        the moment of the call."""
        if self._store.wanted.is_set():
            await asyncio.gather(self.jobs.resync(), self.cron_jobs.resync())

    async def _await_followed(self) -> None:
        await asyncio.gather(self.jobs.synced.wait(), self.cron_jobs.synced.wait())
        self._store.followed = True
        self._on_followed()

    def _problem(self) -> str:
        for informer in (self.jobs, self.cron_jobs):
            if informer.error:
                return f"cannot follow {informer.resource.plural}: {informer.error}"
        return ""
