"""From a template that changed to an Update that holds its Job (contract rules 2, 8, 10, 13).

Each function answers with the one write that comes next, so that a crash between any two leaves
something the next decision completes: the check of the template, its revision, the Update, its
snapshot, the mark of its own uid, the lock, the phase.
"""

from __future__ import annotations

from itertools import chain, count

from controller.api.labels import REVISION
from controller.api.policy import Mode
from controller.api.update import Action, Phase, Update
from controller.core.admission import lock, target
from controller.core.model.context import Case
from controller.core.model.observed import Refusal
from controller.core.model.plan import CheckTemplate, MakeUpdate, Write, update_target
from controller.core.progress.completion import closed, made_by_us
from controller.core.refusals import writes as refused_writes
from controller.core.status import actor
from controller.core.status.outcome import NOTHING_LEFT
from controller.core.verdicts import validation


def template_write(case: Case) -> Write | None:
    """What the present template still needs before pods may be made of it: the API server's
    verdict, and its ControllerRevision as the newest. None: nothing, or it was not accepted."""
    seen, verdict = case.seen, case.seen.verdict
    asked_again = verdict is not None and verdict.ask_again is not None
    if verdict is None or (asked_again and (verdict.ask_again or 0) <= case.now):
        return CheckTemplate(seen.revision)
    if not verdict.accepted:
        return None
    return lock.kept(case, seen.revision)


def held_up(case: Case) -> bool:
    """Whether the check of the present template was made and did not pass, for now or for good."""
    return case.seen.verdict is not None and not case.seen.verdict.accepted


def refused(case: Case) -> bool:
    """Whether the API server does not take the present template."""
    return held_up(case) and case.seen.verdict is not None and case.seen.verdict.answered


def policy_refused(case: Case) -> tuple[str, str] | None:
    """Reason and message when the Job's policy cannot be followed, whatever the template."""
    return validation.refusal(case.job.spec.update.gates, "spec.update.gates")


def start_refused(case: Case) -> tuple[str, Refusal] | None:
    """What the API server refuses of that which the present template needs before pods are made of
    it, and how; None: nothing."""
    waiting = pending(case)
    return refused_writes.start(case, waiting.metadata.name if waiting else "")


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
    waits = known_bad(case) or awaits_instances(case)
    return automatic and case.new_template and free and not waits


def awaits_instances(case: Case) -> bool:
    """Whether a scale took all instances from the last Update, and none are back yet: they come
    first, at ``currentRevision``, and then the template is tried again."""
    last = case.status.last_attempt
    return last is not None and last.reason == NOTHING_LEFT and not case.intended


def start(case: Case) -> Write | None:
    """Make the operator's Update for the present template, once that was checked."""
    if not wanted(case) or pending(case) is not None or policy_refused(case) is not None:
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
    by = actor.of(case.lock, "paused") if case.lock and paused else ""
    return MakeUpdate(name, case.seen.revision, force=again, paused=paused, paused_by=by)


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
    """The next step of a pending Update of the operator's own towards the lock."""
    if (held := case.lock) is not None and held.status.phase is Phase.PENDING:
        return lock.begin(case, held)
    uid, newest = case.job.metadata.uid, pending(case)
    for update in case.seen.updates.values():
        waits = update.status.phase is Phase.PENDING and made_by_us(update, uid)
        if waits and update is not newest and update is not case.lock:
            write = closed(case, update, Phase.ABORTED, "Superseded", "a newer one took over")
            if not refused_writes.by(case, write):
                return write
    if newest is None or refused_writes.at(case, update_target(newest.metadata.name)):
        return None
    return _admit(case, newest)


def _admit(case: Case, update: Update) -> Write | None:
    if (write := lock.restored(case, update)) is not None:
        return write
    if update.spec.action is not Action.PROCEED:
        words = f"{update.spec.action} asked for by {actor.of(update, 'action')} before it started"
        return lock.given_up(case, update, words)
    if (bad := policy_refused(case)) is not None:
        return lock.rejected(case, update, *bad)
    if update.metadata.annotations.get(REVISION) not in (None, case.seen.revision):
        why = "it was made for an older template"
        return closed(case, update, Phase.ABORTED, "Superseded", why)
    if case.active is not None and case.active.spec.paused and not update.spec.paused:
        why = f"{case.active.metadata.name} was paused meanwhile; its successor will be, too"
        return closed(case, update, Phase.ABORTED, "Superseded", why)
    if not wanted(case):
        why = "the template it was made for is no longer the Job's"
        return closed(case, update, Phase.ABORTED, "Superseded", why)
    if write := template_write(case):
        return write
    if refused(case) and (verdict := case.seen.verdict):
        return lock.rejected(case, update, verdict.reason, verdict.message)
    if held_up(case) and (verdict := case.seen.verdict):
        return lock.waiting(case, update, verdict.reason, verdict.message)
    return lock.take(case, update, target.Aim(case, case.seen.revision))


def _generation(update: Update) -> int:
    tail = update.metadata.name.rpartition("-g")[2]
    return int(tail) if tail.isdecimal() else 0
