"""What is old enough to go: revisions nobody needs, finished Updates the operator made."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from controller.api.update import Update
from controller.core.model import assigned as asg
from controller.core.model.context import Case
from controller.core.model.plan import Prune


def prune(case: Case) -> Iterator[Prune]:
    """Deletes beyond ``revisionHistoryLimit`` and ``updateHistoryLimit``, oldest first."""
    for old in chain(_updates(case), _revisions(case)):
        if old.uid not in case.seen.pruning:
            yield old


def _updates(case: Case) -> Iterator[Prune]:
    ours = [u for u in case.seen.finished.values() if u.made_by_us]
    excess = len(ours) - case.job.spec.update_history_limit
    if excess <= 0:
        return
    for update in sorted(ours, key=lambda u: (u.created, u.name))[:excess]:
        yield Prune("Update", update.name, update.uid)


def _revisions(case: Case) -> Iterator[Prune]:
    needed = {case.seen.revision, case.status.current_revision, *case.assigned}
    for update in case.seen.updates.values():
        needed |= _needed_by(update)
    old = [r for r in case.seen.revisions.values() if r.name not in needed]
    excess = len(old) - case.job.spec.revision_history_limit
    for revision in sorted(old, key=lambda r: r.number)[: max(0, excess)]:
        yield Prune("ControllerRevision", revision.name, revision.uid)


def _needed_by(update: Update) -> set[str | None]:
    to = update.status.to
    named = {update.spec.revision, to.revision if to else None}
    return named | set(asg.read(update.status.from_))
