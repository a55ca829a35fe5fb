"""The way to the lock: snapshot, mark, one compare-and-swap of the Job, phase (contract rule 2).

The same for the operator's own Updates and for those made by a person. Killed between any two of
these writes, the next decision makes the one that is missing.
"""

from __future__ import annotations

from controller.api.ids import NONE, Ids
from controller.api.job import ActiveUpdate, LastAttempt
from controller.api.labels import ADMITTED, REVISION
from controller.api.policy import Replacement
from controller.api.update import BatchStatus, Phase, Target, Update, UpdateStatus
from controller.core.admission.target import UpdateTarget
from controller.core.model import assigned as asg
from controller.core.model import policy
from controller.core.model.context import Context
from controller.core.model.plan import (
    THE_STATUS,
    EnsureRevision,
    Event,
    MarkAdmitted,
    ReadJob,
    Write,
    WriteJob,
    WriteUpdate,
)
from controller.core.progress.completion import finish_update, made_by_us, purpose, revert_untouched
from controller.core.refusals import writes as refused_writes
from controller.core.revisions.template import own_claims
from controller.core.rollout.direction import Direction
from controller.core.status import actor, pausing
from controller.core.status.update import entered, with_conditions


def kept(context: Context, revision: str) -> Write | None:
    """The write that makes the revision the newest of the Job; None: it is."""
    newest = max((r.number for r in context.observed.revisions.values()), default=0)
    mine = context.observed.revisions.get(revision)
    if mine is None or mine.number < newest:
        return EnsureRevision(revision, newest + 1)
    return None


def restored(context: Context, update: Update) -> Write | None:
    """The end of a pending Update that already was judged under another uid: it comes from a
    backup, or is a copy."""
    mark = update.metadata.annotations.get(ADMITTED)
    if mark in (None, update.metadata.uid):
        return None
    words = (
        f"restored from a backup or copied: it was admitted or judged before, as {mark}; to run "
        f"it, create it anew without the annotation {ADMITTED}"
    )
    if update.metadata.owner_references:
        words += " and without ownerReferences, for it is a copy of the operator's own"
    return finish_update(context, update, Phase.ABORTED, "Restored", words)


def rejected(context: Context, update: Update, reason: str, message: str) -> Write:
    """The end of a pending Update that may not start."""
    return marked(update) or finish_update(context, update, Phase.REJECTED, reason, message)


def marked(update: Update) -> Write | None:
    """The mark of its own uid, which what is judged for good carries: after a restore, which takes
    the status away, it is not judged anew. None: it is there."""
    there = update.metadata.annotations.get(ADMITTED) is not None
    return None if there else MarkAdmitted(update.metadata.name)


def take(context: Context, update: Update, aim: UpdateTarget) -> Write | None:
    """The next write of an Update that may start; None: the API server refuses it for now."""
    if refused_writes.at(context, THE_STATUS):
        return None
    if not context.observed.job_live:
        return ReadJob()
    status = snapshot(context, update, aim, context.active)
    status = with_conditions(context, update, status, "Admitting", "it is about to start")
    if status != update.status:
        return WriteUpdate(update.metadata.name, status)
    return marked(update) or _take_lock(context, update, aim)


def waiting(context: Context, update: Update, reason: str, message: str) -> Write | None:
    """The write that says what a pending Update waits for; None: it says so."""
    status = with_conditions(context, update, update.status, reason, message)
    return None if status == update.status else WriteUpdate(update.metadata.name, status)


def snapshot(
    context: Context, update: Update, aim: UpdateTarget, former: Update | None = None
) -> UpdateStatus:
    """The status of a pending Update with policy, ``from`` and ``to`` as of this moment;
    ``former``: the active one that it supersedes."""
    job = context.job
    origin = asg.read(former.status.from_) if former else aim.within(context.assigned)
    carried = _carried(context, update, aim, former)
    total = len(aim.covered(_free(context, former)) | carried)
    made = update.metadata.creation_timestamp or context.stamp
    batch = BatchStatus(index=0, instances=carried, started_at=made) if carried else None
    return update.status.model_copy(
        update={
            "policy": policy.resolve(job.spec.update, update.spec.policy, total),
            "min_ready_seconds": job.spec.min_ready_seconds,
            "from_": asg.write(origin),
            "to": Target(revision=aim.revision, instances=aim.instances),
            "job_uid": job.metadata.uid,
            "batch": batch,
            "restart": aim.restart,
            "observed_resume_token": update.spec.resume_token,
        }
    )


def given_up(context: Context, update: Update, words: str) -> Write:
    """A person stopped the operator's own Update before it began: its template counts as tried, or
    it would be made again at once. What an active Update is to leave behind stays its own."""
    last = context.status.last_attempt
    made_for = update.metadata.annotations.get(REVISION)
    if last is not None and made_for == context.observed.revision and context.new_template:
        tried: dict[str, object] = {
            "revision": context.observed.revision,
            "retry_token": context.job.spec.update.retry_token,
        }
        if context.status.active_update is None:
            tried |= {
                "update": update.metadata.name,
                "update_uid": update.metadata.uid,
                "outcome": str(Phase.ABORTED),
                "reason": None,
                "message": words,
            }
        attempt = last.model_copy(update=tried)
        return WriteJob(context.status.model_copy(update={"last_attempt": attempt}))
    who = actor.of(update, "action")
    return finish_update(
        context, update, Phase.ABORTED, f"{update.spec.action}Requested", words, by=who
    )


def _carried(context: Context, update: Update, aim: UpdateTarget, former: Update | None) -> Ids:
    """Ids at the target already that are no good yet, and yet are this Update's matter: those that
    the superseded one has under way (they count as its first group, or more instances would be down
    than the strategy lets), and with ``force`` all, for it is to be tried again."""
    if aim.revision is None:
        return NONE
    down = (_free(context, former).get(aim.revision, NONE) - context.available) & aim.instances
    if update.spec.force and not aim.restart:
        return down
    if former is None:
        return NONE
    direction = Direction.of(context, former)
    return down & (direction.in_flight - direction.not_started)


def _free(context: Context, former: Update | None) -> asg.Assigned:
    """``assigned`` without what the superseded Update had only planned."""
    return revert_untouched(context, former) if former else context.assigned


def _take_lock(context: Context, update: Update, aim: UpdateTarget) -> Write:
    after, last = _free(context, context.active), context.status.last_attempt
    assert last is not None, "first creation sets lastAttempt"
    nothing = not aim.covered(after) and update.status.batch is None
    own = aim.revision == context.observed.revision
    attempt = LastAttempt(
        # Whatever else was tried, the Job's own template (and its token) still is to be.
        revision=aim.revision if own and aim.revision else last.revision,
        retry_token=context.job.spec.update.retry_token if own else last.retry_token,
        update=update.metadata.name,
        update_uid=update.metadata.uid,
        outcome=str(Phase.ROLLED_FORWARD) if nothing else None,
        reason=purpose(context, update) if nothing else None,
    )
    held = ActiveUpdate(name=update.metadata.name, uid=update.metadata.uid)
    changes: dict[str, object] = {
        "assigned": asg.write(after),
        "instances_in_force": len(asg.ids_of(after)),
        "active_update": None if nothing else held,
        "last_attempt": attempt,
    }
    if nothing and aim.revision and set(after) <= {aim.revision}:
        changes["current_revision"] = aim.revision
    if nothing and aim.revision:
        known = context.status.known_bad
        changes["known_bad"] = tuple(bad for bad in known if bad.revision != aim.revision)
    note = f"{update.metadata.name}: {_words(update)}"
    events = () if nothing else (Event("UpdateStarted", note), *_warnings(context, update))
    return WriteJob(context.status.model_copy(update=changes), events)


def _warnings(context: Context, update: Update) -> tuple[Event, ...]:
    """What is allowed and yet may surprise."""
    policy, to = update.status.policy, update.status.to
    template = context.observed.templates.get(to.revision) if to and to.revision else None
    surges = policy is not None and policy.replacement is Replacement.SURGE
    if not surges or template is None or not (claims := own_claims(template)):
        return ()
    note = (
        f"replacement Surge runs two pods of an instance at a time, and both mount {claims[0]}: "
        "that needs a ReadWriteMany volume, or both pods on one node"
    )
    return (Event("SurgeSharesVolume", note, update.metadata.name, "Warning"),)


def begin(context: Context, update: Update) -> Write:
    """The phase, once the lock is held: rolling forward, or born paused, or waiting for a pulse."""
    wish = pausing.of(Direction.forward(context, update))
    message = _words(update) + (f"; {wish.message}" if wish.message else "")
    reason = "Admitted" if wish.phase is Phase.ROLLING_FORWARD else wish.reason
    # A person's own Update was started by whoever made it.
    maker = "" if made_by_us(update, context.job.metadata.uid) else actor.of(update, "job")
    status = entered(context, update, wish.phase, reason, message, by=wish.by or maker)
    event = Event(str(wish.phase), message, update.metadata.name)
    return WriteUpdate(update.metadata.name, status, (event,))


def _words(update: Update) -> str:
    to = update.status.to
    return f"to revision {to.revision}" if to and to.revision else "restart"
