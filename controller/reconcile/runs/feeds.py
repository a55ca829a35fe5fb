"""Follows runs and CronJobs, from the moment at which a Job needs it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from controller.api.labels import GATE, JOB
from controller.kube.following import Following
from controller.kube.resources import BATCH_JOBS, CRON_JOBS
from controller.reconcile.runs.objects import CRON_CODEC, RUN_CODEC
from controller.reconcile.runs.store import RunStore
from controller.reconcile.wanted import Wanted

#: The Jobs of gates have the label of an EchelonJob, too.
_RUNS: Final = f"{JOB},!{GATE}"


def run_feeds(
    following: Following, store: RunStore, on_followed: Callable[[], None] = lambda: None
) -> Wanted:
    """``on_followed`` is called when all has been listed once."""
    runs = (BATCH_JOBS, RUN_CODEC, store.put_run, store.drop_run, store.runs_held, _RUNS)
    crons = (CRON_JOBS, CRON_CODEC, store.put_cron, store.drop_cron, store.crons_held, JOB)
    return Wanted(store, (following.of(*runs), following.of(*crons)), on_followed)
