"""The Update that the operator creates for ids that are no longer frozen (second contract, section
2). It brings them to ``currentRevision``, and is made once: whatever becomes of it, its ids have
left ``Job.status.frozen`` by then. An Update to a new template takes them along instead.
"""

from __future__ import annotations

from controller.api.ids import NONE, Ids
from controller.api.policy import Mode
from controller.api.update import Action, Phase, Update
from controller.core.admission import automatic, lock
from controller.core.admission.names import free_name
from controller.core.admission.target import UpdateTarget
from controller.core.model.context import Context
from controller.core.model.observed import Refusal
from controller.core.model.plan import (
    THE_UPDATE,
    Event,
    MakeUpdate,
    Write,
    WriteJob,
    subject_of_update,
)
from controller.core.progress.completion import finish_update, made_by_us
from controller.core.refusals import writes as refused_writes


def behind(context: Context) -> Ids:
    """Ids that are no longer to be frozen and do not run ``currentRevision``."""
    current = context.status.current_revision
    if current is None:
        return NONE
    return context.thawing & context.intended - context.assigned.get(current, NONE)


def wanted(context: Context) -> bool:
    """Whether an Automatic Job should start such an Update by itself now."""
    automatic_job = context.job.spec.update.mode is Mode.AUTOMATIC
    if not automatic_job or context.status.last_attempt is None or not behind(context):
        return False
    takes_along = automatic.starts(context) and not automatic.refused(context)
    return not takes_along and automatic.policy_refused(context) is None


def start(context: Context) -> Write | None:
    """The write that creates the Update, if it is wanted and no Update is active."""
    held = context.status.active_update is not None
    if held or not wanted(context) or _pending(context):
        return None
    current = context.status.current_revision
    assert current is not None
    return MakeUpdate(free_name(context), current, instances=behind(context))


def start_refused(context: Context) -> tuple[str, Refusal] | None:
    """The refused write, with its refusal, that such an Update waits for. Returns None if no such
    write is refused."""
    if not wanted(context):
        return None
    needed = [THE_UPDATE, *(subject_of_update(u.metadata.name) for u in _pending(context))]
    refused = context.observed.refused_writes
    return next(((about, refused[about]) for about in needed if about in refused), None)


def admit(context: Context) -> Write | None:
    """The next write that admits or ends a pending Update of this kind."""
    for update in _pending(context):
        if refused_writes.at(context, subject_of_update(update.metadata.name)):
            continue
        write = _admit(context, update)
        if write is not None and not refused_writes.by(context, write):
            return write
    return None


def is_one(update: Update, job_uid: str) -> bool:
    """Whether the operator made this Update for ids that are no longer frozen."""
    return update.spec.instances is not None and made_by_us(update, job_uid)


def _pending(context: Context) -> list[Update]:
    uid, updates = context.job.metadata.uid, context.observed.updates.values()
    waiting = [u for u in updates if u.status.phase is Phase.PENDING and is_one(u, uid)]
    return [u for u in waiting if u is not context.lock]


def _admit(context: Context, update: Update) -> Write | None:
    if (write := lock.restored(context, update)) is not None:
        return write
    ids = Ids.parse(update.spec.instances or "")
    if update.spec.action is not Action.PROCEED:
        return _taken_out(context, update, ids) or lock.called_off(context, update)
    current = context.status.current_revision
    if ids != behind(context) or update.spec.revision != current or not wanted(context):
        why = "the Job no longer needs an Update for the instances that this one was created for"
        return finish_update(context, update, Phase.ABORTED, "Superseded", why)
    if (held := context.status.active_update) is not None:
        return lock.waiting(context, update, "UpdateInProgress", f"Update {held.name} is active")
    if current not in context.observed.revisions:
        words = f"there is no ControllerRevision {current} of this Job"
        return _taken_out(context, update, ids) or lock.rejected(
            context, update, "RevisionNotFound", words
        )
    return lock.take(context, update, UpdateTarget(context, current, ids))


def _taken_out(context: Context, update: Update, ids: Ids) -> Write | None:
    """The write that takes the ids out of the set in force, so that no further Update is made for
    them. Returns None if they have left it."""
    if not context.thawing & ids:
        return None
    status = context.status.model_copy(update={"frozen": context.frozen - (ids & context.thawing)})
    note = f"{update.metadata.name} was not started: instances {ids} keep their revision"
    return WriteJob(status, (Event("Frozen", note),))
