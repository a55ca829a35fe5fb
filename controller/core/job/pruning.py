"""Deletes of old objects: revisions that nothing needs, ended Updates that the operator created."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from controller.api.update import Update
from controller.core.model import assigned as asg
from controller.core.model.context import Context
from controller.core.model.plan import Prune


def prune(context: Context) -> Iterator[Prune]:
    """Deletes beyond ``revisionHistoryLimit`` and ``updateHistoryLimit``, oldest first."""
    for old in chain(_updates(context), _revisions(context)):
        if old.uid not in context.observed.pruning:
            yield old


def _updates(context: Context) -> Iterator[Prune]:
    ours = [u for u in context.observed.finished.values() if u.made_by_us]
    excess = len(ours) - context.job.spec.update_history_limit
    if excess <= 0:
        return
    for update in sorted(ours, key=lambda u: (u.created, u.name))[:excess]:
        yield Prune("Update", update.name, update.uid)


def _revisions(context: Context) -> Iterator[Prune]:
    needed = {context.observed.revision, context.status.current_revision, *context.assigned}
    if context.job.spec.has_runs and (last := context.status.last_attempt):
        # A CronJob has it as long as the present template waits or is refused.
        needed.add(last.revision)
    for update in context.observed.updates.values():
        needed |= _needed_by(update)
    old = [r for r in context.observed.revisions.values() if r.name not in needed]
    excess = len(old) - context.job.spec.revision_history_limit
    for revision in sorted(old, key=lambda r: r.number)[: max(0, excess)]:
        yield Prune("ControllerRevision", revision.name, revision.uid)


def _needed_by(update: Update) -> set[str | None]:
    to = update.status.to
    named = {update.spec.revision, to.revision if to else None}
    return named | set(asg.read(update.status.from_))
