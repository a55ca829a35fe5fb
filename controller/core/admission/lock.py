"""The writes that admit an Update: snapshot, annotation, lock, phase (contract rule 2).

They are the same for Updates that the operator created and for those of people. The lock is one
compare-and-swap of the Job. If the operator is killed between two of these writes, the next
decision continues with the missing one.
"""

from __future__ import annotations

from controller.api import engine
from controller.api.ids import NONE, Ids
from controller.api.job import ActiveUpdate, LastAttempt
from controller.api.labels import ADMITTED, REVISION
from controller.api.policy import Replacement
from controller.api.update import BatchStatus, Phase, Update, UpdateStatus
from controller.core.admission import revision
from controller.core.admission.sharing import shared_claim
from controller.core.admission.target import UpdateTarget
from controller.core.model import assigned as asg
from controller.core.model import policy
from controller.core.model.context import Context
from controller.core.model.plan import (
    THE_STATUS,
    Event,
    MarkAdmitted,
    ReadJob,
    ReadRevision,
    Write,
    WriteJob,
    WriteUpdate,
)
from controller.core.progress.completion import (
    finish_update,
    is_whole,
    made_by_us,
    purpose,
    revert_untouched,
)
from controller.core.refusals import writes as refused_writes
from controller.core.rollout.direction import Direction
from controller.core.status import actor, outcome, pausing
from controller.core.status.outcome import UNCHANGED
from controller.core.status.update import entered, with_conditions


def restored(context: Context, update: Update) -> Write | None:
    """The end of a pending Update that was admitted or rejected under another uid: it comes from a
    backup, or is a copy. Returns None for every other Update."""
    mark = update.metadata.annotations.get(ADMITTED)
    if mark in (None, update.metadata.uid):
        return None
    words = (
        f"restored from a backup or copied: it was admitted or judged before, as {mark}; to run "
        f"it, create it anew without the annotation {ADMITTED}"
    )
    if update.metadata.owner_references:
        words += " and without ownerReferences, because it is a copy of the operator's own Update"
    return finish_update(context, update, Phase.ABORTED, "Restored", words)


def rejected(context: Context, update: Update, reason: str, message: str) -> Write:
    """The next write that ends a pending Update which may not start."""
    return marked(update) or finish_update(context, update, Phase.REJECTED, reason, message)


def marked(update: Update) -> Write | None:
    """The write that annotates the Update with its own uid. A restored backup keeps the annotation
    and loses the status, so the Update is not admitted again. Returns None if it is annotated."""
    is_marked = update.metadata.annotations.get(ADMITTED) is not None
    return None if is_marked else MarkAdmitted(update.metadata.name)


def take(context: Context, update: Update, target: UpdateTarget) -> Write | None:
    """The next write of an Update that may start. Returns None while the API server refuses writes
    of the Job's status."""
    if refused_writes.at(context, THE_STATUS):
        return None
    if not context.observed.job_live:
        return ReadJob()
    if (unread := target.unread) is not None:
        return ReadRevision(unread)
    status = snapshot(context, update, target, context.active)
    status = with_conditions(context, update, status, "Admitting", "the Update is about to start")
    if status != update.status:
        return WriteUpdate(update.metadata.name, status)
    return marked(update) or _take_lock(context, update, target)


def waiting(context: Context, update: Update, reason: str, message: str) -> Write | None:
    """The write that reports what a pending Update waits for. Returns None if it is reported."""
    status = with_conditions(context, update, update.status, reason, message)
    return None if status == update.status else WriteUpdate(update.metadata.name, status)


def snapshot(
    context: Context, update: Update, target: UpdateTarget, former: Update | None = None
) -> UpdateStatus:
    """The status of a pending Update with policy, ``from`` and ``to`` as of this moment;
    ``former``: the active Update that it supersedes."""
    job = context.job
    origin = asg.read(former.status.from_) if former else target.within(context.assigned)
    first_group = _first_group(context, update, target, former)
    total = len(target.covered(_reverted(context, former)) | first_group)
    created = update.metadata.creation_timestamp or context.stamp
    batch = BatchStatus(index=0, instances=first_group, started_at=created) if first_group else None
    return update.status.model_copy(
        update={
            "policy": policy.resolve(job.spec.update, update.spec.policy, total),
            "min_ready_seconds": job.spec.min_ready_seconds,
            "from_": asg.write(origin),
            "to": revision.target_of(context, target),
            "job_uid": job.metadata.uid,
            "engine_version": engine.ENGINE_VERSION,
            "batch": batch,
            "restart": target.restart,
            "observed_resume_token": update.spec.resume_token,
        }
    )


def called_off(context: Context, update: Update) -> Write:
    """The end of a pending Update that a person stopped before it started."""
    reason, words, who = actor.called_off(update)
    return finish_update(context, update, Phase.ABORTED, reason, words, by=who)


def given_up(context: Context, update: Update) -> Write:
    """The next write after a person stopped the operator's own Update before it started.

    Its template counts as tried, or the operator would create the Update again at once. The rest of
    ``lastAttempt`` stays as it is while another Update is active.
    """
    last = context.status.last_attempt
    created_for = update.metadata.annotations.get(REVISION)
    if last is not None and created_for == context.observed.revision and context.new_template:
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
                "message": actor.called_off(update)[1],
            }
        attempt = last.model_copy(update=tried)
        return WriteJob(context.status.model_copy(update={"last_attempt": attempt}))
    return called_off(context, update)


def _first_group(
    context: Context, update: Update, target: UpdateTarget, former: Update | None
) -> Ids:
    """Unavailable ids that are assigned the target already, or need its labels only, and form the
    first group.

    They are those that the superseded Update has in flight, because otherwise more instances would
    be down than the strategy allows; with ``force`` they are all, because the revision is tried
    again.
    """
    if target.revision is None:
        return NONE
    after = _reverted(context, former)
    down = target.instances - context.available
    at_target = after.get(target.revision, NONE)
    if update.spec.force and not target.restart:
        return down & at_target - target.frozen
    if former is None:
        return NONE
    direction = Direction.of(context, former)
    started = direction.in_flight - direction.not_started
    return down & started & (at_target | target.relabelled(after))


def _reverted(context: Context, former: Update | None) -> asg.Assigned:
    """``assigned`` after the superseded Update gave back the ids that it did not touch."""
    return revert_untouched(context, former) if former else context.assigned


def _take_lock(context: Context, update: Update, target: UpdateTarget) -> Write:
    after, last = _reverted(context, context.active), context.status.last_attempt
    assert last is not None, "first creation sets lastAttempt"
    nothing = not target.covered(after) and update.status.batch is None
    nothing = nothing and not target.relabelled(after)
    own = target.revision == context.observed.revision
    attempt = LastAttempt(
        # An Update to another revision does not count as an attempt of the Job's own template.
        revision=target.revision if own and target.revision else last.revision,
        retry_token=context.job.spec.update.retry_token if own else last.retry_token,
        update=update.metadata.name,
        update_uid=update.metadata.uid,
        outcome=str(Phase.ROLLED_FORWARD) if nothing else None,
        reason=purpose(context, update) if nothing else None,
        message=_unchanged(target) if nothing else None,
    )
    held = ActiveUpdate(name=update.metadata.name, uid=update.metadata.uid)
    changes: dict[str, object] = {
        "assigned": asg.write(after),
        "instances_in_force": len(asg.ids_of(after)),
        "active_update": None if nothing else held,
        "frozen": context.frozen - target.thawed,
        "last_attempt": attempt,
    }
    if nothing and target.revision and is_whole(after, target.revision, target.frozen):
        changes["current_revision"] = target.revision
    if nothing and target.revision:
        known = context.status.known_bad
        changes["known_bad"] = tuple(bad for bad in known if bad.revision != target.revision)
    note = f"{update.metadata.name}: {_words(update)}"
    events = () if nothing else (Event("UpdateStarted", note), *_warnings(context, update))
    return WriteJob(context.status.model_copy(update=changes), events)


def _unchanged(target: UpdateTarget) -> str:
    if not (frozen := target.frozen):
        return UNCHANGED
    others = UNCHANGED.replace("all instances", "all other instances")
    return (
        f"{others}; {outcome.frozen(frozen)}"
        if target.instances - frozen
        else outcome.frozen(frozen)
    )


def _warnings(context: Context, update: Update) -> tuple[Event, ...]:
    """Events about settings that are allowed but may not do what the user expects."""
    policy, to = update.status.policy, update.status.to
    made = context.revisions.of(to.revision) if to and to.revision else None
    surges = policy is not None and policy.replacement is Replacement.SURGE
    every = [shared_claim(context, each.template) for each in made.all] if surges and made else []
    if not (claim := next(filter(None, every), "")):
        return ()
    note = (
        f"replacement Surge runs two pods of an instance at a time, and both mount {claim}: "
        "that needs a ReadWriteMany volume, or both pods on one node"
    )
    return (Event("SurgeSharesVolume", note, update.metadata.name, "Warning"),)


def begin(context: Context, update: Update) -> Write:
    """The write of the phase after the lock is taken: rolling forward, paused from the start, or
    awaiting a pulse."""
    wish = pausing.of(Direction.forward(context, update))
    message = _words(update) + (f"; {wish.message}" if wish.message else "")
    reason = "Admitted" if wish.phase is Phase.ROLLING_FORWARD else wish.reason
    # Whoever created an Update started it.
    creator = "" if made_by_us(update, context.job.metadata.uid) else actor.of(update, "job")
    status = entered(context, update, wish.phase, reason, message, by=wish.by or creator)
    event = Event(str(wish.phase), message, update.metadata.name)
    return WriteUpdate(update.metadata.name, status, (event,))


def _words(update: Update) -> str:
    to = update.status.to
    return f"to revision {to.revision}" if to and to.revision else "restart"
