"""Updates that the operator creates for a changed template (contract rules 2, 8, 10, 13).

The writes, in order: the check of the template, its revision, the Update, its snapshot, the
annotation with its uid, the lock, the phase. Each decision returns only the next one, so after a
crash between two writes the next decision continues with the missing one.
"""

from __future__ import annotations

from controller.api.labels import EXPECTED_PARENT, REVISION
from controller.api.policy import Mode
from controller.api.update import Action, Phase, Update, generation_in
from controller.core.admission import lock, revision, target, waits
from controller.core.admission.names import free_name
from controller.core.model.context import Context
from controller.core.model.observed import Refusal
from controller.core.model.plan import CheckTemplate, MakeUpdate, Write, subject_of_update
from controller.core.progress.completion import finish_update, made_by_us
from controller.core.refusals import writes as refused_writes
from controller.core.status import actor
from controller.core.status.outcome import NOTHING_LEFT
from controller.core.verdicts import validation


def template_write(context: Context) -> Write | None:
    """The next write that the present template needs before pods may be created from it: the check
    by the API server, then its ControllerRevision as the newest. Returns None if nothing is
    missing, or if the check did not pass."""
    present, verdict = context.observed.revision, context.observed.verdict
    has_retry = verdict is not None and verdict.ask_again is not None
    if verdict is None or (has_retry and (verdict.ask_again or 0) <= context.now):
        return CheckTemplate(present)
    if not verdict.accepted:
        return None
    return revision.ensure_newest(context, present)


def held_up(context: Context) -> bool:
    """Whether the last check of the present template did not pass, for now or for good."""
    return context.observed.verdict is not None and not context.observed.verdict.accepted


def refused(context: Context) -> bool:
    """Whether the API server refused the present template."""
    return (
        held_up(context)
        and context.observed.verdict is not None
        and context.observed.verdict.answered
    )


def wait(context: Context) -> waits.Wait | None:
    """What an Update to the present template has to wait for. Returns None for nothing."""
    return waits.first(context, _candidate(context))


def waits_by_choice(context: Context) -> waits.Wait | None:
    """What an Update, which an Automatic Job would start now, waits for because somebody has chosen
    so. Returns None for nothing."""
    return waits.by_choice(context, _candidate(context)) if wanted(context) else None


def starts(context: Context) -> bool:
    """Whether an Automatic Job starts an Update now, if the API server accepts what is needed."""
    able = wanted(context) and policy_refused(context) is None
    return able and waits_by_choice(context) is None


def not_checked(context: Context) -> waits.Wait | None:
    """Reason and message if the API server did not answer the dry run of the present template, and
    is asked again."""
    if waits_by_choice(context) is not None:
        return None
    return waits.template_not_checked(context, _candidate(context))


def _candidate(context: Context) -> waits.Candidate:
    return waits.Candidate(
        context.observed.revision,
        context.observed.verdict,
        context.job.metadata.annotations.get(EXPECTED_PARENT, ""),
    )


def policy_refused(context: Context) -> tuple[str, str] | None:
    """Reason and message if the Job's policy is invalid, whatever the template; None if valid."""
    return validation.refusal(context.job.spec.update.gates, "spec.update.gates")


def start_refused(context: Context) -> tuple[str, Refusal] | None:
    """The refused write, with its refusal, that the present template needs before pods are created
    from it. Returns None if no such write is refused."""
    waiting = pending(context)
    return refused_writes.start(context, waiting.metadata.name if waiting else "")


def known_bad(context: Context) -> bool:
    """Whether the present template failed before and no new retry token is set (rule 17)."""
    last, token = context.status.last_attempt, context.job.spec.update.retry_token
    again = last is not None and token not in (None, last.retry_token)
    bad = context.revisions.bad(context.observed.revision) is not None
    return bad and not again and context.observed.revision != context.status.current_revision


def wanted(context: Context) -> bool:
    """Whether an Automatic Job should start an Update by itself now."""
    automatic = context.job.spec.update.mode is Mode.AUTOMATIC
    free = context.lock is None or _is_for_all(context.lock, context.job.metadata.uid)
    waits = known_bad(context) or awaits_instances(context)
    return automatic and context.new_template and free and not waits


def _is_for_all(update: Update, job_uid: str) -> bool:
    """Whether the operator made the Update for a template, not for frozen ids (`thaw`)."""
    return update.spec.instances is None and made_by_us(update, job_uid)


def awaits_instances(context: Context) -> bool:
    """Whether a scale removed all instances of the last Update, and the Job still has none. New
    instances first start at ``currentRevision``; then the template is tried again."""
    last = context.status.last_attempt
    return last is not None and last.reason == NOTHING_LEFT and not context.intended


def start(context: Context) -> Write | None:
    """The next write that creates an Update for the present template, after its check."""
    if not starts(context) or pending(context) is not None:
        return None
    if write := template_write(context):
        return write
    if refused(context) or wait(context):
        return None
    last = context.status.last_attempt
    again = last is not None and context.job.spec.update.retry_token not in (None, last.retry_token)
    paused = context.lock is not None and context.lock.spec.paused
    by = actor.of(context.lock, "paused") if context.lock and paused else ""
    return MakeUpdate(
        free_name(context), context.observed.revision, force=again, paused=paused, paused_by=by
    )


def pending(context: Context) -> Update | None:
    """The newest Update that the operator created for the template and that is not admitted yet."""
    uid = context.job.metadata.uid
    waiting = [
        u
        for u in context.observed.updates.values()
        if u.status.phase is Phase.PENDING and _is_for_all(u, uid) and u is not context.lock
    ]
    return max(
        waiting,
        key=lambda u: (u.metadata.creation_timestamp or 0, generation_in(u.metadata.name)),
        default=None,
    )


def admit(context: Context) -> Write | None:
    """The next write that admits a pending Update of the operator, or ends a superseded one."""
    if (held := context.lock) is not None and held.status.phase is Phase.PENDING:
        return lock.begin(context, held)
    uid, newest = context.job.metadata.uid, pending(context)
    for update in context.observed.updates.values():
        waits = update.status.phase is Phase.PENDING and _is_for_all(update, uid)
        if waits and update is not newest and update is not context.lock:
            write = finish_update(
                context, update, Phase.ABORTED, "Superseded", "a newer Update took its place"
            )
            if not refused_writes.by(context, write):
                return write
    if newest is None or refused_writes.at(context, subject_of_update(newest.metadata.name)):
        return None
    return _admit(context, newest)


def _admit(context: Context, update: Update) -> Write | None:
    if (write := lock.restored(context, update)) is not None:
        return write
    if update.spec.action is not Action.PROCEED:
        return lock.given_up(context, update)
    if (bad := policy_refused(context)) is not None:
        return lock.rejected(context, update, *bad)
    if update.metadata.annotations.get(REVISION) not in (None, context.observed.revision):
        why = "the Update was created for an older template of the Job"
        return finish_update(context, update, Phase.ABORTED, "Superseded", why)
    if context.active is not None and context.active.spec.paused and not update.spec.paused:
        why = (
            f"{context.active.metadata.name} was paused in the meantime; "
            "its successor will be paused, too"
        )
        return finish_update(context, update, Phase.ABORTED, "Superseded", why)
    if not wanted(context):
        why = "the Job no longer needs an Update to the template that this one was created for"
        return finish_update(context, update, Phase.ABORTED, "Superseded", why)
    # Before the revision is made, because that says which parent it has.
    if found := waits_by_choice(context):
        return lock.waiting(context, update, *found)
    if write := template_write(context):
        return write
    if refused(context) and (verdict := context.observed.verdict):
        return lock.rejected(context, update, verdict.reason, verdict.message)
    if found := wait(context):
        return lock.waiting(context, update, *found)
    return lock.take(context, update, target.UpdateTarget(context, context.observed.revision))
