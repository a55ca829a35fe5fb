"""Revisions whose update failed (contract rule 17): ``Job.status.knownBad``.

The Job remembers such a revision as soon as the rollback begins. So it stays known when somebody
deletes the Update, or when another Update supersedes it.
"""

from __future__ import annotations

import json

from controller.api.gate import Scope
from controller.api.ids import Ids
from controller.api.job import JobStatus
from controller.api.known_bad import KnownBad
from controller.api.update import GateStatus, Phase, Update
from controller.core.gates.groups import failure_of
from controller.core.model import assigned as asg
from controller.core.model.context import Context
from controller.core.model.plan import ReadRevision, Write, WriteJob
from controller.core.revisions import revision as revisions
from controller.core.rollout.blame import blamed
from controller.core.rollout.failures import FAILURE, GATE_FAILURE, cause

MAX_KNOWN_BAD = 10


def remembered(context: Context) -> Write | None:
    """The write to the Job as a rollback begins: the bad revision, and the ``spec.instances`` that
    the rollback overrules. Returns None if the Job holds both already, or nothing rolls back."""
    update = context.active
    if update is None or not context.backward:
        return None
    if write := unread(context, update, Phase.ROLLED_BACK):
        return write
    changes = {
        "known_bad": after(context, update, Phase.ROLLED_BACK),
        "instances_refused": _overruled(context, update),
    }
    status: JobStatus = context.status.model_copy(update=changes)
    return None if status == context.status else WriteJob(status)


def _overruled(context: Context, update: Update) -> int | None:
    """``instancesRefused`` while the Update rolls back."""
    to, count = update.status.to, context.job.spec.instances
    changes_count = update.spec.instances is None and to and to.instances == Ids.span(0, count)
    kept = asg.ids_of(asg.read(update.status.from_))
    return count if changes_count and len(kept) != count else context.status.instances_refused


def after(context: Context, update: Update, outcome: Phase) -> tuple[KnownBad, ...]:
    """``knownBad`` after ``update`` ended with ``outcome`` (contract rule 17)."""
    known, target = (
        context.status.known_bad,
        update.status.to.revision if update.status.to else None,
    )
    if outcome is Phase.ROLLED_FORWARD and target is not None:
        return context.revisions.not_bad(target)
    others = tuple(bad for bad in known if bad.revision != target)
    turn = update.status.turn
    if target is None or not _is_bad(context, update, outcome):
        return known
    template = context.observed.templates.get(target)
    likeness = context.revisions.likeness(target)
    bad = KnownBad(
        revision=target,
        likeness="" if likeness == target else likeness,
        images=revisions.images(json.loads(template)) if template else (),
        reason=turn.message if turn else cause_of(update),
        time=turn.time if turn else context.stamp,
    )
    return known if bad in known else (bad, *others)[:MAX_KNOWN_BAD]


def unread(context: Context, update: Update, outcome: Phase) -> Write | None:
    """The read of a revision whose template must be known first: a bad one, because its images are
    remembered, or one that is proven good, because those that are alike are forgotten. Returns None
    if there is none, or if it was read or is gone."""
    target = update.status.to.revision if update.status.to else None
    if target is None:
        return None
    forgets = outcome is Phase.ROLLED_FORWARD and context.status.known_bad
    shaped = context.revisions.is_shaped(target)
    if not (forgets and shaped) and not _is_bad(context, update, outcome):
        return None
    lacks = target not in context.observed.templates and target in context.observed.revisions
    return ReadRevision(target) if lacks else None


def _is_bad(context: Context, update: Update, outcome: Phase) -> bool:
    """Whether the Update's revision is to be remembered as bad (contract rule 17)."""
    status, turn = update.status, update.status.turn
    failed = turn.reason in (FAILURE, GATE_FAILURE) if turn else outcome is Phase.FAILED
    own = status.to is not None and status.to.revision == context.status.current_revision
    if not failed or status.restart or own:
        return False
    gated = turn.reason == GATE_FAILURE if turn else _failed_gate(update) is not None
    return gated or _blamed(context, update)


def _blamed(context: Context, update: Update) -> bool:
    """Whether the instances that failed on the way forward did so because of the revision."""
    status, turn = update.status, update.status.turn
    if turn and status.failures and all(f.time > turn.time for f in status.failures):
        # Failures of the rollback have replaced the earlier ones: the earlier decision stays.
        target = status.to.revision if status.to else None
        return any(bad.revision == target for bad in context.status.known_bad)
    tolerated = status.policy.max_failures_per_instance if status.policy else 0
    return blamed(status.failures, tolerated, turn.time if turn else None)


def _failed_gate(update: Update) -> GateStatus | None:
    return next((g for g in update.status.gates if g.result == "Failed"), None)


def cause_of(update: Update) -> str:
    """Why the Update failed: the gate, or the instances of the direction that failed."""
    gate = _failed_gate(update)
    if gate is not None and not update.status.instances.rollback_failed:
        policy = update.status.policy
        scopes = {each.name: each.scope for each in policy.gates} if policy else {}
        return failure_of(gate, scopes.get(gate.name, Scope.CONTINUOUS))
    sets = update.status.instances
    return cause(update.status.failures, sets.rollback_failed or sets.failed)
