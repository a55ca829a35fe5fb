"""Updates of people, from `Pending` to the lock (contract rules 2, 10, 13, 17).

An Update that may not start is `Rejected` with the field and what to do about it. An Update that
has to wait says what it waits for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from controller.api.preview import Conflict
from controller.api.update import Action, Phase, Update
from controller.core.admission import dry_run, lock, placement, revision, target, waits
from controller.core.model.context import Context
from controller.core.model.plan import (
    CheckTemplate,
    CountDomains,
    Event,
    ReadJob,
    ReadRevision,
    Write,
    WriteUpdate,
    subject,
    subject_of_update,
)
from controller.core.progress.completion import made_by_us
from controller.core.refusals import writes as refused_writes
from controller.core.status.update import entered


def admit(context: Context) -> Write | None:
    """The next write of the oldest pending Update of a person that can proceed. Returns None if
    there is none."""
    uid = context.job.metadata.uid
    waiting = [
        u
        for u in context.observed.updates.values()
        if u.status.phase is Phase.PENDING and not made_by_us(u, uid) and u is not context.lock
    ]
    waiting.sort(key=lambda u: (u.metadata.creation_timestamp or 0, u.metadata.name))
    waiting = [
        u for u in waiting if not refused_writes.at(context, subject_of_update(u.metadata.name))
    ]
    writes = (write for u in waiting if (write := _admit(context, u)) is not None)
    return next((write for write in writes if not refused_writes.by(context, write)), None)


def _admit(context: Context, update: Update) -> Write | None:
    uid = update.metadata.uid
    if (write := lock.restored(context, update)) is not None:
        return write
    if update.spec.action is not Action.PROCEED:
        return lock.called_off(context, update)
    candidate = waits.Candidate(update.spec.revision or "")
    if wait := waits.first(context, candidate):
        return lock.waiting(context, update, *wait)
    dry = update.spec.dry_run
    refusals = list(target.refusals(context, update))
    # With these reasons a dry run has no plan either.
    no_plan = {"InvalidInstances", "RevisionNotFound"} & {reason for reason, _ in refusals}
    if refusals and not context.observed.job_live:
        return ReadJob()  # A rejection is final, so it is decided on the live Job.
    if refusals and (not dry or no_plan):
        return lock.rejected(context, update, *refusals[0])
    goal = target.of(context, update)
    if goal.revision is not None or target.has_job_gates(context, update):
        verdict = context.observed.verdicts.get(uid)
        if verdict is None or (not verdict.answered and (verdict.ask_again or 0) <= context.now):
            return CheckTemplate(goal.revision or "", uid)
        if wait := waits.first(context, replace(candidate, verdict=verdict)):
            return lock.waiting(context, update, *wait)
        if not verdict.accepted:
            refusals.append((verdict.reason, verdict.message))
    if dry:
        return _planned(context, update, goal, refusals)
    if refusals and not context.observed.job_live:
        return ReadJob()
    if refusals:
        return lock.rejected(context, update, *refusals[0])
    if goal.revision is not None and (write := revision.ensure_newest(context, goal.revision)):
        if (held := refused_writes.by(context, write)) is None:
            return write
        return lock.waiting(
            context, update, held.reason, refused_writes.words((subject(write), held))
        )
    return lock.take(context, update, goal)


def _planned(
    context: Context, update: Update, goal: target.UpdateTarget, refusals: list[target.Refusal]
) -> Write:
    """The next write of a dry run: the missing reads, then the plan with its conflicts."""
    if not context.observed.job_live:
        return ReadJob()
    if (older := goal.unread) is not None:
        return ReadRevision(older)
    draft = lock.snapshot(context, update, goal)
    context = _thawed(context, goal)
    unread = dry_run.templates_needed(context, draft) - set(context.observed.templates)
    if unread := unread & set(context.observed.revisions):
        return ReadRevision(min(unread))
    to = draft.to.revision if draft.to else None
    if labels := placement.uncounted(context, to):
        return CountDomains(labels)
    if (write := lock.marked(update)) is not None:
        return write
    conflicts = [Conflict(reason=reason, message=words) for reason, words in refusals]
    plan = dry_run.preview(context, update, draft, restart=goal.restart, conflicts=conflicts)
    words = f"{plan.groups.count} groups"
    if refusals:
        words += f"; {len(refusals)} conflict{'s' if len(refusals) > 1 else ''}"
    status = entered(context, update, Phase.PLANNED, "Planned", words)
    name = update.metadata.name
    status = status.model_copy(update={"plan": plan, "job_uid": context.job.metadata.uid})
    return WriteUpdate(name, status, (Event("Planned", words, name),))


def _thawed(context: Context, goal: target.UpdateTarget) -> Context:
    """What the Update finds once its admission has taken ids out of the set of frozen ones."""
    if not goal.thawed:
        return context
    status = context.status.model_copy(update={"frozen": context.frozen - goal.thawed})
    job = context.job.model_copy(update={"status": status})
    return Context(replace(context.observed, job=job), context.now)


def wake(context: Context) -> Iterator[float]:
    """The moments (epoch seconds) of the next checks of templates without a verdict yet."""
    for verdict in context.observed.verdicts.values():
        if not verdict.answered and verdict.ask_again is not None:
            yield verdict.ask_again
