"""How an Update ends: first the Job is written (one compare-and-swap that frees the lock), then the
Update.

A crash between the two writes leaves an Update that is not its Job's lock; ``last_attempt`` says
how it ended (contract rule 2).
"""

from __future__ import annotations

from controller.api.ids import NONE, Ids
from controller.api.job import JobStatus, LastAttempt
from controller.api.labels import ADMITTED
from controller.api.update import ACTIVE, TERMINAL, Action, Counts, Phase, Update, UpdateStatus
from controller.core.model import assigned as asg
from controller.core.model import ordering
from controller.core.model.context import Context
from controller.core.model.plan import (
    THE_STATUS,
    Event,
    EventType,
    ReadJob,
    ReadUpdate,
    Write,
    WriteJob,
    WriteUpdate,
)
from controller.core.progress import known_bad
from controller.core.refusals import writes as refused_writes
from controller.core.rollout.direction import Direction
from controller.core.rollout.failures import FAILURE
from controller.core.status import actor
from controller.core.status.outcome import (
    CANARY,
    FAILURES_TOLERATED,
    NO_CHANGE,
    NOTHING_LEFT,
    OLDER_REVISION,
    RELABELLED,
    UNCHANGED,
)
from controller.core.status.update import entered

WARNINGS = frozenset({Phase.ROLLED_BACK, Phase.FAILED, Phase.ERROR, Phase.REJECTED})

#: Messages of ends that nothing else explains.
_MESSAGES = {
    Phase.SUPERSEDED: "an Update to a newer template took its place",
    Phase.ABORTED: "this Update is no longer the active Update of its Job",
}


def revert_untouched(context: Context, update: Update) -> dict[str, Ids]:
    """``assigned`` after the Update leaves its direction. Ids whose old pod was not touched get the
    revision of that pod (contract rule 3). Ids that the Update was about to create and that have no
    pod are dropped, but stay if it rolls back (rule 11: never a missing instance)."""
    direction = Direction.of(context, update)
    untouched = direction.untouched & direction.at_goal
    alive = untouched & context.view.alive
    kept = {name: ids & alive for name, ids in context.view.at.items() if name and ids & alive}
    uncreated = NONE if direction.backward else untouched - context.view.present - direction.removed
    return asg.moved(context.assigned, kept, uncreated)


def finish_job(direction: Direction, outcome: Phase) -> Write:
    """The write that ends the active Update in its Job."""
    context, update = direction.context, direction.update
    last = context.status.last_attempt
    assert last is not None, "admission sets lastAttempt"
    if write := known_bad.unread(context, update, outcome):
        return write
    after = _whole(context, revert_untouched(context, update), asg.read(update.status.from_))
    changes: dict[str, object] = {
        "assigned": asg.write(after),
        "instances_in_force": len(asg.ids_of(after)),
        "active_update": None,
        "last_attempt": attempted(direction, last, outcome, after),
        "known_bad": known_bad.after(context, update, outcome),
    }
    target = update.status.to.revision if update.status.to else None
    if outcome is Phase.ROLLED_FORWARD and target and is_whole(after, target, context.frozen):
        changes["current_revision"] = target
    # No rollback overrules the number of an `Ordered` Job: its Updates do not change it.
    overrules = direction.backward and not ordering.is_ordered(context)
    if overrules and context.job.spec.instances != len(asg.ids_of(after)):
        changes["instances_refused"] = context.job.spec.instances
    status: JobStatus = context.status.model_copy(update=changes)
    return WriteJob(status)


def is_whole(assigned: asg.Assigned, revision: str, frozen: Ids) -> bool:
    """Whether all ids but the ``frozen`` ones are assigned ``revision``, and at least one is. (A
    Job without instances is at any revision.)"""
    ids = asg.ids_of(assigned)
    there = assigned.get(revision, NONE) - frozen
    return not ids or (bool(there) and ids - frozen <= there)


def attempted(
    direction: Direction, last: LastAttempt, outcome: Phase, after: asg.Assigned
) -> LastAttempt:
    """``lastAttempt`` after its Update ended with ``outcome``; ``after``: what is assigned then."""
    update, target = direction.update, direction.update.status.to
    changes: dict[str, object] = {
        "outcome": str(outcome),
        "reason": None,
        "message": _why(direction, outcome),
    }
    if left_alone(update):
        changes["reason"] = NOTHING_LEFT
        own = target is not None and target.revision == last.revision
        if own and not direction.backward and update.spec.instances is None:
            # The template reached no instance: it is tried again once there are instances. (Not if
            # this Update went to another revision than the last attempted template.)
            changes["revision"] = direction.context.status.current_revision or ""
            changes["retry_token"] = None if update.spec.force else last.retry_token
    elif outcome is Phase.ROLLED_FORWARD and target and target.revision:
        changes["reason"] = purpose(
            direction.context, update, direction.failed - after.get(target.revision, NONE)
        )
    return last.model_copy(update=changes)


def purpose(context: Context, update: Update, failed: Ids = NONE) -> str | None:
    """Why the Update leaves instances at another revision than the present template's. Returns None
    if it leaves none there. ``failed``: ids that failed and did not come to its revision."""
    if failed:
        return FAILURES_TOLERATED
    if update.spec.instances is not None:
        return CANARY
    own = update.status.to is None or update.status.to.revision == context.observed.revision
    return None if own else OLDER_REVISION


def left_alone(update: Update) -> bool:
    """Whether a scale left an active Update without any id to update, create or remove."""
    to = update.status.to
    return to is not None and not to.instances and not update.status.from_


def _whole(context: Context, after: asg.Assigned, origin: asg.Assigned) -> dict[str, Ids]:
    """``after`` without gaps: the ids of a Job are 0 up to its count (rule 11: never a missing
    instance). Ids that the Update removed and did not restore yet come back if a higher id exists,
    at their revision in ``origin`` (before the Update) if they have one."""
    ids = asg.ids_of(after)
    missing = Ids.span(0, ids.top() + 1) - ids
    if not missing:
        return dict(after)
    origin = asg.within(origin, missing)
    base = context.status.current_revision or context.observed.revision
    rest = missing - asg.ids_of(origin)
    return asg.moved(asg.moved(after, origin), {base: rest} if rest else {})


def close(context: Context, update: Update) -> Write | None:
    """The write that ends an Update in an active phase that is not its Job's lock. Returns None if
    ``update`` has not ended."""
    status, last = context.status, context.status.last_attempt
    held = status.active_update
    if held is not None and held.uid == update.metadata.uid:
        return None
    meta, active = update.metadata, update.status.phase in ACTIVE
    # A later Update of the same name was not admitted.
    admitted = active or meta.annotations.get(ADMITTED) == meta.uid
    is_last = last and last.update == meta.name and last.update_uid in (None, meta.uid)
    if admitted and last and is_last and (outcome := _outcome(last)):
        requested = outcome is Phase.ABORTED and update.spec.action is Action.ABORT
        who = actor.of(update, "action") if requested else ""
        words = _reason_and_message(update, outcome, last.message)
        return finish_update(context, update, outcome, *words, by=who)
    if not active:
        return None
    phase = Phase.SUPERSEDED if made_by_us(update, context.job.metadata.uid) else Phase.ABORTED
    if last and last.update is None:
        message = (
            "the Job lost its status or was created again: its instances keep the revisions that "
            "they run"
        )
        return finish_update(context, update, phase, "StatusLost", message)
    return finish_update(context, update, phase, *_reason_and_message(update, phase))


def _outcome(last: LastAttempt) -> Phase | None:
    """How the last Update ended. None if it has not, or if the status says no known end, for
    somebody edited it."""
    return next((phase for phase in TERMINAL if phase == last.outcome), None)


def finish_update(
    context: Context, update: Update, phase: Phase, reason: str, message: str, by: str = ""
) -> Write:
    """The Update enters a terminal phase. ``by``: who wants it; "" for the operator."""
    status: UpdateStatus = entered(
        context, update, phase, reason, message, by=by, batch=None, down_since={}
    )
    name = update.metadata.name
    kind: EventType = "Warning" if phase in WARNINGS else "Normal"
    on_update = Event(str(phase), message, name, kind)
    on_job = Event(f"Update{phase}", f"{name}: {message}", None, kind)
    return WriteUpdate(name, status, (on_update, on_job))


def deleted(context: Context) -> Write | None:
    """The write that frees the lock of an Update that was deleted (which aborts it) or whose status
    is unreadable. Ids whose old pod was not touched keep the revision of that pod. Returns None if
    the lock is free or its Update is intact."""
    held, last = context.status.active_update, context.status.last_attempt
    if held is None or (context.lock is not None and not context.status_unreadable):
        return None
    if refused_writes.at(context, THE_STATUS):
        return None
    outcome, why = Phase.ABORTED, "was deleted"
    finished = context.observed.finished.get(held.name)
    if finished is not None and finished.uid == held.uid:
        # The Update has ended and still holds the Job: the observed Job is out of date, or somebody
        # edited the Update's phase.
        if not context.observed.job_live:
            return ReadJob()
    elif context.status_unreadable:
        outcome, why = Phase.ERROR, "has no status.to or no status.policy any more"
    elif held.name not in context.observed.gone:
        return ReadUpdate(held.name)
    # Instances that the Update was to remove stay, too, if their pod was not touched.
    untouched = context.view.alive - context.at_assigned - context.view.changing
    kept = {name: ids & untouched for name, ids in context.view.at.items() if name}
    after = asg.moved(context.assigned, kept)
    if context.status.instances_refused is not None:
        after = _whole(context, after, {})  # With a refused count no scale fills the gaps.
    note = f"{held.name} {why}: its instances stay as they are"
    status = context.status.model_copy(
        update={
            "assigned": asg.write(after),
            "instances_in_force": len(asg.ids_of(after)),
            "active_update": None,
            "last_attempt": last
            and last.model_copy(
                update={"outcome": str(outcome), "reason": None, "message": f"it {why}"}
            ),
        }
    )
    return WriteJob(status, (Event(f"Update{outcome}", note, None, "Warning"),))


def _why(direction: Direction, outcome: Phase) -> str:
    """The message about the end that the Job keeps, because the Update may be deleted later."""
    update = direction.update
    if outcome is Phase.ROLLED_BACK and update.status.turn:
        return update.status.turn.message
    if outcome is Phase.ERROR:
        name, ids = next(iter(direction.lost_revisions.items()))
        need = f"instance {ids} needs it" if len(ids) == 1 else f"instances {ids} need it"
        words = f"ControllerRevision {name} is gone, and {need}"
        return f"{words}; update to a revision that exists"
    return _reason_and_message(update, outcome)[1]


def _reason_and_message(update: Update, phase: Phase, kept: str | None = None) -> tuple[str, str]:
    """Reason and message of an end. ``kept``: the message about it that the Job keeps."""
    if phase is Phase.ABORTED and update.spec.action is Action.ABORT:
        return "AbortRequested", f"aborted by {actor.with_reason(update, 'action')}"
    if phase is Phase.ABORTED and left_alone(update):
        return NOTHING_LEFT, "a scale removed all instances of this Update"
    if phase in _MESSAGES:
        return str(phase), _MESSAGES[phase]
    if phase is Phase.ROLLED_FORWARD and update.status.started_at is None:
        return NO_CHANGE, kept or UNCHANGED
    if phase is Phase.ROLLED_FORWARD:
        return completed(update.status.counts)
    if phase is Phase.ERROR and update.status.to is None:
        return "StatusUnreadable", "the Update has no status.to or no status.policy any more"
    if phase is Phase.ERROR:
        return "RevisionMissing", kept or "a ControllerRevision that this Update needs is gone"
    turn = update.status.turn
    if turn is None:
        return FAILURE, known_bad.cause_of(update)
    if phase is Phase.FAILED:
        return "RollbackFailed", f"the rollback failed: {known_bad.cause_of(update)}"
    count = update.status.counts.rolled_back
    return turn.reason, f"{count} instance{'' if count == 1 else 's'} rolled back: {turn.message}"


def completed(counts: Counts) -> tuple[str, str]:
    """Reason and message of an Update that has done all."""
    each = "instance" if counts.relabelled == 1 else "instances"
    other = f"{counts.relabelled} {each} relabelled, because nothing else differs"
    if counts.relabelled and not counts.total:
        return RELABELLED, other
    done = f"{counts.updated} of {counts.total} instances updated"
    return "Completed", f"{done}; {other}" if counts.relabelled else done


def made_by_us(update: Update, job_uid: str) -> bool:
    """Whether the operator created the Update for the Job with this uid."""
    return any(o.controller and o.uid == job_uid for o in update.metadata.owner_references)
