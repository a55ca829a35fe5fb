"""Deletes of old runs beyond `updateHistoryLimit`, and of what else the Job needs no more."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from controller.core.job import pruning
from controller.core.model.context import Context
from controller.core.model.plan import Prune


def prune(context: Context) -> Iterator[Prune]:
    """Deletes of ended runs, oldest first, and of old revisions."""
    return chain(_runs(context), pruning.prune(context))


def _runs(context: Context) -> Iterator[Prune]:
    last = context.status.last_run
    ended = [run for run in context.observed.runs.jobs if not run.is_active and not run.deleted]
    excess = len(ended) - context.job.spec.update_history_limit
    for run in ended[: max(0, excess)]:
        # The end of the last run is recorded before the run is deleted.
        recorded = last is not None and (last.name != run.name or not last.is_open)
        if recorded and run.uid not in context.observed.pruning:
            yield Prune("Job", run.name, run.uid)
