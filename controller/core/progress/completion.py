"""How an Update ends: first the Job (one compare-and-swap that frees the lock), then the Update.

So a crash between the two leaves an Update that is not its Job's lock, and ``last_attempt`` says
how it ended (contract rule 2).
"""

from __future__ import annotations

from controller.api.ids import NONE, Ids
from controller.api.job import JobStatus, LastAttempt
from controller.api.labels import ADMITTED
from controller.api.update import ACTIVE, Action, Phase, Update, UpdateStatus
from controller.core.model import assigned as asg
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
from controller.core.status.outcome import CANARY, FAILURES_TOLERATED, NOTHING_LEFT, OLDER_REVISION
from controller.core.status.update import entered

WARNINGS = frozenset({Phase.ROLLED_BACK, Phase.FAILED, Phase.ERROR, Phase.REJECTED})

#: What is said of an end that has no words of its own.
_WORDS = {
    Phase.SUPERSEDED: "a newer template took over",
    Phase.ABORTED: "the Job is no longer held by this Update",
}


def revert_untouched(context: Context, update: Update) -> dict[str, Ids]:
    """``assigned`` when the Update leaves its way: ids whose old pod was not touched are to run
    what that pod runs (contract rule 3); ids that were to be made and have no pod yet are dropped
    on the way forward, and made on the way back (rule 11: never a missing instance)."""
    direction = Direction.of(context, update)
    untouched = direction.untouched & direction.at_goal
    alive = untouched & context.view.alive
    kept = {name: ids & alive for name, ids in context.view.at.items() if name and ids & alive}
    unmade = NONE if direction.backward else untouched - context.view.present - direction.removed
    return asg.moved(context.assigned, kept, unmade)


def finish_job(direction: Direction, outcome: Phase) -> Write:
    """The Job's half of the end of its active Update."""
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
    if outcome is Phase.ROLLED_FORWARD and target and set(after) <= {target}:
        changes["current_revision"] = target
    if direction.backward and context.job.spec.instances != len(asg.ids_of(after)):
        changes["instances_refused"] = context.job.spec.instances
    status: JobStatus = context.status.model_copy(update=changes)
    return WriteJob(status)


def attempted(
    direction: Direction, last: LastAttempt, outcome: Phase, after: asg.Assigned
) -> LastAttempt:
    """``lastAttempt`` once its Update has ended so, with ``after`` assigned."""
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
            # It was brought nowhere: it is tried again once there are instances. (A template that
            # was tried before is not, because an Update to another revision was left so.)
            changes["revision"] = direction.context.status.current_revision or ""
            changes["retry_token"] = None if update.spec.force else last.retry_token
    elif outcome is Phase.ROLLED_FORWARD and target and target.revision:
        changes["reason"] = purpose(
            direction.context, update, direction.failed - after.get(target.revision, NONE)
        )
    return last.model_copy(update=changes)


def purpose(context: Context, update: Update, failed: Ids = NONE) -> str | None:
    """Why instances are at another revision than the present template's after the Update; None:
    it left none there. ``failed``: ids that it could not bring to its own."""
    if failed:
        return FAILURES_TOLERATED
    if update.spec.instances is not None:
        return CANARY
    own = update.status.to is None or update.status.to.revision == context.observed.revision
    return None if own else OLDER_REVISION


def left_alone(update: Update) -> bool:
    """Whether a scale left an active Update without any id: to bring, to make or to remove."""
    to = update.status.to
    return to is not None and not to.instances and not update.status.from_


def _whole(context: Context, after: asg.Assigned, origin: asg.Assigned) -> dict[str, Ids]:
    """The ids of a Job are 0 up to its count: those that the update removed, and whose lower
    neighbours were not put back yet, get them back (rule 11: never a missing instance), at the
    revision of ``origin``, what ran before, if it is known."""
    ids = asg.ids_of(after)
    missing = Ids.span(0, ids.top() + 1) - ids
    if not missing:
        return dict(after)
    origin = asg.within(origin, missing)
    base = context.status.current_revision or context.observed.revision
    rest = missing - asg.ids_of(origin)
    return asg.moved(asg.moved(after, origin), {base: rest} if rest else {})


def close(context: Context, update: Update) -> Write | None:
    """The Update's half: an Update in an active phase that is not its Job's lock has ended."""
    status, last = context.status, context.status.last_attempt
    held = status.active_update
    if held is not None and held.uid == update.metadata.uid:
        return None
    meta, active = update.metadata, update.status.phase in ACTIVE
    # A namesake made later was never admitted.
    admitted = active or meta.annotations.get(ADMITTED) == meta.uid
    mine = last and last.update == meta.name and last.update_uid in (None, meta.uid)
    if admitted and last and mine and last.outcome:
        outcome = Phase(last.outcome)
        asked = outcome is Phase.ABORTED and update.spec.action is Action.ABORT
        who = actor.of(update, "action") if asked else ""
        return finish_update(
            context, update, outcome, *_said(update, outcome, last.message), by=who
        )
    if not active:
        return None
    phase = Phase.SUPERSEDED if made_by_us(update, context.job.metadata.uid) else Phase.ABORTED
    if last and last.update is None:
        words = "the Job lost its status or was made again: its instances keep what they run"
        return finish_update(context, update, phase, "StatusLost", words)
    return finish_update(context, update, phase, *_said(update, phase))


def finish_update(
    context: Context, update: Update, phase: Phase, reason: str, message: str, by: str = ""
) -> Write:
    """The Update enters a terminal phase; ``by``: who wants it, "" the operator."""
    status: UpdateStatus = entered(
        context, update, phase, reason, message, by=by, batch=None, down_since={}
    )
    name = update.metadata.name
    kind: EventType = "Warning" if phase in WARNINGS else "Normal"
    on_update = Event(str(phase), message, name, kind)
    on_job = Event(f"Update{phase}", f"{name}: {message}", None, kind)
    return WriteUpdate(name, status, (on_update, on_job))


def deleted(context: Context) -> Write | None:
    """The Update of the lock was deleted, which aborts it, or cannot be followed any more: ids
    whose old pod was not touched keep the revision that pod has."""
    held, last = context.status.active_update, context.status.last_attempt
    if held is None or (context.lock is not None and not context.status_unreadable):
        return None
    if refused_writes.at(context, THE_STATUS):
        return None
    outcome, what = Phase.ABORTED, "was deleted"
    finished = context.observed.finished.get(held.name)
    if finished is not None and finished.uid == held.uid:
        # It ended and yet holds the Job: the Job is old news, or somebody wrote its phase.
        if not context.observed.job_live:
            return ReadJob()
    elif context.status_unreadable:
        outcome, what = Phase.ERROR, "no longer says where it goes"
    elif held.name not in context.observed.gone:
        return ReadUpdate(held.name)
    # Of what it was to remove, too, lives on what it has not touched.
    untouched = context.view.alive - context.at_assigned - context.view.changing
    kept = {name: ids & untouched for name, ids in context.view.at.items() if name}
    after = asg.moved(context.assigned, kept)
    if context.status.instances_refused is not None:
        after = _whole(context, after, {})  # No scale does it.
    note = f"{held.name} {what}: its instances stay as they are"
    status = context.status.model_copy(
        update={
            "assigned": asg.write(after),
            "instances_in_force": len(asg.ids_of(after)),
            "active_update": None,
            "last_attempt": last
            and last.model_copy(
                update={"outcome": str(outcome), "reason": None, "message": f"it {what}"}
            ),
        }
    )
    return WriteJob(status, (Event(f"Update{outcome}", note, None, "Warning"),))


def _why(direction: Direction, outcome: Phase) -> str:
    """Why the Update ends so, as its Job keeps it: the Update may be deleted."""
    update = direction.update
    if outcome is Phase.ROLLED_BACK and update.status.turn:
        return update.status.turn.message
    if outcome is Phase.ERROR:
        name, ids = next(iter(direction.lost.items()))
        who = f"instance {ids} needs" if len(ids) == 1 else f"instances {ids} need"
        words = f"a ControllerRevision is gone: {name}, which {who}"
        return f"{words}; update to a revision that is there"
    return _said(update, outcome)[1]


def _said(update: Update, phase: Phase, kept: str | None = None) -> tuple[str, str]:
    """Reason and message of an end; ``kept``: what the Job says of it."""
    if phase is Phase.ABORTED and update.spec.action is Action.ABORT:
        return "AbortRequested", f"aborted by {actor.with_reason(update, 'action')}"
    if phase is Phase.ABORTED and left_alone(update):
        return NOTHING_LEFT, "a scale left it without any instance"
    if phase in _WORDS:
        return str(phase), _WORDS[phase]
    if phase is Phase.ROLLED_FORWARD and update.status.started_at is None:
        return "NoChange", "all instances already are at this revision"
    if phase is Phase.ROLLED_FORWARD:
        counts = update.status.counts
        return "Completed", f"{counts.updated} of {counts.total} instances updated"
    if phase is Phase.ERROR and update.status.to is None:
        return "StatusUnreadable", "its status no longer says where it goes"
    if phase is Phase.ERROR:
        return "RevisionMissing", kept or "a ControllerRevision that it needs is gone"
    turn = update.status.turn
    if turn is None:
        return FAILURE, known_bad.cause_of(update)
    if phase is Phase.FAILED:
        return "RollbackFailed", f"the rollback failed: {known_bad.cause_of(update)}"
    count = update.status.counts.rolled_back
    return turn.reason, f"{count} instance{'' if count == 1 else 's'} rolled back: {turn.message}"


def made_by_us(update: Update, job_uid: str) -> bool:
    """Whether the operator made the Update for the Job with this uid."""
    return any(o.controller and o.uid == job_uid for o in update.metadata.owner_references)
