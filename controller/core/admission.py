"""From a template that changed to an Update that holds its Job (contract rules 2, 8, 10, 13).

Each function answers with the one write that comes next, so that a crash between any two leaves
something the next decision completes: the check of the template, its revision, the Update, its
snapshot, the mark of its own uid, the lock, the phase.
"""

from __future__ import annotations

from itertools import chain, count

from controller.api.ids import NONE, Ids
from controller.api.job import ActiveUpdate, LastAttempt
from controller.api.labels import ADMITTED
from controller.api.policy import Mode
from controller.api.update import BatchStatus, Phase, Target, Update, UpdateStatus
from controller.core import assigned as asg
from controller.core import oneway, policy
from controller.core.case import Case
from controller.core.diff import diff
from controller.core.ending import closed, made_by_us, retreat
from controller.core.plan import (
    CheckTemplate,
    Event,
    KeepRevision,
    MakeUpdate,
    MarkAdmitted,
    ReadJob,
    Write,
    WriteJob,
    WriteUpdate,
)
from controller.core.update_status import entered


def template_write(case: Case) -> Write | None:
    """What the present template still needs before pods may be made of it: the API server's
    verdict, and its ControllerRevision as the newest. None: nothing, or it was not accepted."""
    seen, verdict = case.seen, case.seen.verdict
    asked_again = verdict is not None and verdict.ask_again is not None
    if verdict is None or (asked_again and (verdict.ask_again or 0) <= case.now):
        return CheckTemplate(seen.revision)
    if not verdict.accepted:
        return None
    newest = max((r.number for r in seen.revisions.values()), default=0)
    mine = seen.revisions.get(seen.revision)
    if mine is None or mine.number < newest:
        return KeepRevision(seen.revision, newest + 1)
    return None


def held_up(case: Case) -> bool:
    """Whether the check of the present template was made and did not pass, for now or for good."""
    return case.seen.verdict is not None and not case.seen.verdict.accepted


def refused(case: Case) -> bool:
    """Whether the API server does not take the present template."""
    return held_up(case) and case.seen.verdict is not None and case.seen.verdict.answered


def known_bad(case: Case) -> bool:
    """Whether the present template failed before and nobody asked to try it again (rule 17)."""
    last, token = case.status.last_attempt, case.job.spec.update.retry_token
    again = last is not None and token not in (None, last.retry_token)
    bad = any(b.revision == case.seen.revision for b in case.status.known_bad)
    return bad and not again and case.seen.revision != case.status.current_revision


def wanted(case: Case) -> bool:
    """Whether an Automatic Job should start an Update by itself now."""
    automatic = case.job.spec.update.mode is Mode.AUTOMATIC
    free = case.lock is None or made_by_us(case.lock, case.job.metadata.uid)
    return automatic and case.new_template and free and not known_bad(case)


def start(case: Case) -> Write | None:
    """Make the operator's Update for the present template, once that was checked."""
    if not wanted(case) or pending(case) is not None:
        return None
    if write := template_write(case):
        return write
    if held_up(case):
        return None
    meta, last = case.job.metadata, case.status.last_attempt
    taken = {*case.seen.strangers, *case.seen.finished, *case.seen.updates}
    own = f"{meta.name}-{meta.uid[:6]}-g{meta.generation}"
    names = chain((f"{meta.name}-g{meta.generation}", own), (f"{own}-{n}" for n in count(2)))
    name = next(n for n in names if n not in taken)
    again = last is not None and case.job.spec.update.retry_token not in (None, last.retry_token)
    paused = case.lock is not None and case.lock.spec.paused
    return MakeUpdate(name, force=again, paused=paused)


def pending(case: Case) -> Update | None:
    """The operator's newest Update that was not admitted yet."""
    uid = case.job.metadata.uid
    waiting = [
        u
        for u in case.seen.updates.values()
        if u.status.phase is Phase.PENDING and made_by_us(u, uid) and u is not case.lock
    ]
    return max(
        waiting, key=lambda u: (u.metadata.creation_timestamp or 0, _generation(u)), default=None
    )


def admit(case: Case) -> Write | None:
    """The next step of a pending Update towards the lock."""
    if (held := case.lock) is not None and held.status.phase is Phase.PENDING:
        return _begin(case, held)
    uid, newest = case.job.metadata.uid, pending(case)
    for update in case.seen.updates.values():
        if update.status.phase is not Phase.PENDING or update is newest:
            continue
        if made_by_us(update, uid):
            return closed(case, update, Phase.SUPERSEDED, "Superseded", "a newer one took over")
        what = policy.not_supported(update.spec) or "Updates made by hand are not yet supported"
        return closed(case, update, Phase.REJECTED, "NotSupported", what)
    return _admit(case, newest) if newest is not None else None


def _admit(case: Case, update: Update) -> Write | None:
    name, uid = update.metadata.name, update.metadata.uid
    if (mark := update.metadata.annotations.get(ADMITTED)) not in (None, uid):
        return closed(case, update, Phase.ABORTED, "Restored", f"admitted as {mark} elsewhere")
    if not wanted(case):
        why = "the template it was made for is no longer the Job's"
        return closed(case, update, Phase.SUPERSEDED, "Superseded", why)
    if write := template_write(case):
        return write
    if refused(case) and (verdict := case.seen.verdict):
        return closed(case, update, Phase.REJECTED, verdict.reason, verdict.message)
    if held_up(case):
        return None
    if not case.seen.job_live:
        return ReadJob()
    status = snapshot(case, update)
    if status != update.status:
        return WriteUpdate(name, status)
    if mark is None:
        return MarkAdmitted(name)
    return _take_lock(case, update)


def snapshot(case: Case, update: Update) -> UpdateStatus:
    """The status of a pending Update with policy, ``from`` and ``to`` as of this moment."""
    job, former = case.job, case.active
    origin = asg.read(former.status.from_) if former else case.assigned
    instances = Ids.span(0, case.count_wanted)
    after = _free(case)
    changes, carried = diff(after, case.seen.revision, instances, None), _carried(case, update)
    total = len(changes.covered | carried)
    made = update.metadata.creation_timestamp or case.stamp
    batch = BatchStatus(index=0, instances=carried, started_at=made) if carried else None
    return update.status.model_copy(
        update={
            "policy": policy.resolve(job.spec.update, update.spec.policy, total),
            "min_ready_seconds": job.spec.min_ready_seconds,
            "from_": asg.write(origin),
            "to": Target(revision=case.seen.revision, instances=instances),
            "job_uid": job.metadata.uid,
            "batch": batch,
        }
    )


def _carried(case: Case, update: Update) -> Ids:
    """Ids at the target already that are no good yet, and yet are this Update's matter: those that
    the superseded one has under way (they count as its first group, or more instances would be down
    than the strategy lets), and with ``force`` all, for it is to be tried again."""
    down = _free(case).get(case.seen.revision, NONE) - case.available
    if update.spec.force:
        return down & Ids.span(0, case.count_wanted)
    if case.active is None:
        return NONE
    way = oneway.of(case, case.active)
    return down & (way.flight - way.idle) & Ids.span(0, case.count_wanted)


def _free(case: Case) -> asg.Assigned:
    """``assigned`` without what the superseded Update had only planned."""
    return retreat(case, case.active) if case.active else case.assigned


def _take_lock(case: Case, update: Update) -> Write:
    revision, after = case.seen.revision, _free(case)
    instances = Ids.span(0, case.count_wanted)
    changes = diff(after, revision, instances, None)
    nothing = not changes.covered and update.status.batch is None
    attempt = LastAttempt(
        revision=revision,
        retry_token=case.job.spec.update.retry_token,
        update=update.metadata.name,
        outcome=str(Phase.ROLLED_FORWARD) if nothing else None,
    )
    held = ActiveUpdate(name=update.metadata.name, uid=update.metadata.uid)
    status = case.status.model_copy(
        update={
            "assigned": asg.write(after),
            "instances_in_force": len(asg.ids_of(after)),
            "active_update": None if nothing else held,
            "last_attempt": attempt,
            **({"current_revision": revision} if nothing else {}),
        }
    )
    note = f"{update.metadata.name}: to revision {revision}"
    return WriteJob(status, () if nothing else (Event("UpdateStarted", note),))


def _begin(case: Case, update: Update) -> Write:
    to = update.status.to
    message = f"to revision {to.revision}" if to and to.revision else "restart"
    status = entered(case, update, Phase.ROLLING_FORWARD, "Admitted", message)
    event = Event("RollingForward", message, update.metadata.name)
    return WriteUpdate(update.metadata.name, status, (event,))


def _generation(update: Update) -> int:
    tail = update.metadata.name.rpartition("-g")[2]
    return int(tail) if tail.isdecimal() else 0
