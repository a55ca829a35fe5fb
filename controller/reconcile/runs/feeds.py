"""Follows runs and CronJobs, from the moment at which a Job needs it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Final

from controller.api.labels import GATE, JOB
from controller.kube.client import Client
from controller.kube.informer import Informer
from controller.kube.resources import BATCH_JOBS, CRON_JOBS
from controller.reconcile.runs.objects import CRON_CODEC, RUN_CODEC
from controller.reconcile.runs.store import RunStore
from controller.reconcile.wanted import Wanted

#: The Jobs of gates have the label of an EchelonJob, too.
_RUNS: Final = f"{JOB},!{GATE}"


def run_feeds(
    client: Client,
    store: RunStore,
    namespaces: Sequence[str] = (),
    clock: Callable[[], float] = time.monotonic,
    on_followed: Callable[[], None] = lambda: None,
) -> Wanted:
    """``on_followed`` is called when all has been listed once."""
    jobs = Informer(
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
    cron_jobs = Informer(
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
    return Wanted(store, (jobs, cron_jobs), on_followed)
