"""Updates made by a person, from `Pending` to the lock (contract rules 2, 10, 13, 17).

Whoever asks is answered: what cannot start is `Rejected` with the field and the mend, what has to
wait says for what.
"""

from __future__ import annotations

from collections.abc import Iterator

from controller.api.preview import Conflict
from controller.api.update import Action, Phase, Update
from controller.core.admission import dry_run, lock
from controller.core.admission import target as aim
from controller.core.model.context import Case
from controller.core.model.plan import (
    CheckTemplate,
    Event,
    ReadJob,
    ReadRevision,
    Write,
    WriteUpdate,
    target,
    update_target,
)
from controller.core.progress.completion import closed, made_by_us
from controller.core.refusals import writes as refused_writes
from controller.core.status import actor, too_new
from controller.core.status.update import entered


def admit(case: Case) -> Write | None:
    """The next step of the oldest Update of a person's that waits; None: there is none, or it has
    to wait."""
    uid = case.job.metadata.uid
    waiting = [
        u
        for u in case.seen.updates.values()
        if u.status.phase is Phase.PENDING and not made_by_us(u, uid) and u is not case.lock
    ]
    waiting.sort(key=lambda u: (u.metadata.creation_timestamp or 0, u.metadata.name))
    waiting = [u for u in waiting if not refused_writes.at(case, update_target(u.metadata.name))]
    writes = (write for u in waiting if (write := _admit(case, u)) is not None)
    return next((write for write in writes if not refused_writes.by(case, write)), None)


def _admit(case: Case, update: Update) -> Write | None:
    uid = update.metadata.uid
    if (write := lock.restored(case, update)) is not None:
        return write
    if update.spec.action is not Action.PROCEED:
        who = actor.of(update, "action")
        words = f"{update.spec.action} asked for by {who} before it started"
        return closed(case, update, Phase.ABORTED, f"{update.spec.action}Requested", words, by=who)
    if case.status.last_attempt is None:
        words = "the Job's instances are not created yet"
        return lock.waiting(case, update, "JobNotCreated", words)
    if newer := too_new.of_revision(case, [update.spec.revision or ""]):
        words = f"made for a newer version of Echelon: {newer}"
        return lock.waiting(case, update, too_new.REASON, words)
    dry = update.spec.dry_run
    refusals = list(aim.refusals(case, update))
    # What cannot be planned either.
    hopeless = {"InvalidInstances", "RevisionNotFound"} & {reason for reason, _ in refusals}
    if refusals and not case.seen.job_live:
        return ReadJob()  # What is refused for good is refused by the Job as it is.
    if refusals and (not dry or hopeless):
        return lock.rejected(case, update, *refusals[0])
    goal = aim.of(case, update)
    if goal.revision is not None or aim.has_job_gates(case, update):
        verdict = case.seen.verdicts.get(uid)
        if verdict is None or (not verdict.answered and (verdict.ask_again or 0) <= case.now):
            return CheckTemplate(goal.revision or "", uid)
        if not verdict.answered:
            return lock.waiting(case, update, verdict.reason, verdict.message)
        if not verdict.accepted:
            refusals.append((verdict.reason, verdict.message))
    if dry:
        return _planned(case, update, goal, refusals)
    if refusals and not case.seen.job_live:
        return ReadJob()
    if refusals:
        return lock.rejected(case, update, *refusals[0])
    if goal.revision is not None and (write := lock.kept(case, goal.revision)):
        if (held := refused_writes.by(case, write)) is None:
            return write
        return lock.waiting(case, update, held.reason, refused_writes.words((target(write), held)))
    return lock.take(case, update, goal)


def _planned(case: Case, update: Update, goal: aim.Aim, refusals: list[aim.Refusal]) -> Write:
    """The end of a dry run: the plan, and what would stand in its way."""
    if not case.seen.job_live:
        return ReadJob()
    draft = lock.snapshot(case, update, goal)
    unread = dry_run.templates_needed(case, draft) - set(case.seen.templates)
    if unread := unread & set(case.seen.revisions):
        return ReadRevision(min(unread))
    if (write := lock.marked(update)) is not None:
        return write
    conflicts = [Conflict(reason=reason, message=words) for reason, words in refusals]
    plan = dry_run.preview(case, update, draft, restart=goal.restart, conflicts=conflicts)
    words = f"{plan.groups.count} groups"
    if refusals:
        words += f"; {len(refusals)} conflict{'s' if len(refusals) > 1 else ''}"
    status = entered(case, update, Phase.PLANNED, "Planned", words)
    name = update.metadata.name
    status = status.model_copy(update={"plan": plan, "job_uid": case.job.metadata.uid})
    return WriteUpdate(name, status, (Event("Planned", words, name),))


def wake(case: Case) -> Iterator[float]:
    """When the API server is asked again about a template it could not judge."""
    for verdict in case.seen.verdicts.values():
        if not verdict.answered and verdict.ask_again is not None:
            yield verdict.ask_again
