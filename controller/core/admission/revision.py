"""The ControllerRevision of a target: made, or used again as the newest, with where it comes from.

Only the revision of the present template gets the Job's source: an older one, to which somebody
goes back, was not made from it (contract part 2 §1).
"""

from __future__ import annotations

from controller.api.update import Target
from controller.core.admission.target import UpdateTarget
from controller.core.model.context import Context
from controller.core.model.plan import EnsureRevision, StampRevision, Write
from controller.core.revisions import provenance
from controller.core.revisions.provenance import Provenance


def ensure_newest(context: Context, revision: str) -> Write | None:
    """The write that makes ``revision`` the newest of the Job. Returns None if it is already."""
    newest = max((r.number for r in context.observed.revisions.values()), default=0)
    existing = context.observed.revisions.get(revision)
    if existing is None or existing.number < newest:
        return EnsureRevision(revision, newest + 1, _provenance(context, revision))
    return None


def used_again(context: Context, above: int = 0) -> Write:
    """The write that gives the present revision a new number, which is higher than ``above``, too:
    it is used again although it is the newest."""
    newest = max((r.number for r in context.observed.revisions.values()), default=0)
    present = context.observed.revision
    number = max(newest, above) + 1
    return EnsureRevision(present, number, _provenance(context, present))


def restore(context: Context) -> Write | None:
    """The create of the present template's ControllerRevision, if it is needed and somebody deleted
    it."""
    present, to = context.observed.revision, context.active.status.to if context.active else None
    needed = present in context.assigned or (to is not None and to.revision == present)
    if not needed or present in context.observed.revisions:
        return None
    return ensure_newest(context, present)


def stamp(context: Context) -> Write | None:
    """The write of a changed source to the revision of the present template. Returns None if the
    revision has it, or if the template is new: then its Update writes the source."""
    last, present = context.status.last_attempt, context.observed.revision
    stored, source = context.observed.revisions.get(present), _source(context)
    if stored is None or last is None or last.revision != present:
        return None
    return StampRevision(present, source) if source not in ("", stored.source) else None


def target_of(context: Context, target: UpdateTarget) -> Target:
    """``status.to`` of an Update that is admitted now."""
    revision = target.revision
    stored = context.observed.revisions.get(revision) if revision else None
    parent = _parent(context, revision) if revision else ""
    return Target(
        revision=revision,
        instances=target.instances,
        source=(stored.source if stored else "") or None,
        parent=parent or (stored.parent if stored else "") or None,
    )


def _provenance(context: Context, revision: str) -> Provenance:
    parent = _parent(context, revision)
    if revision != context.observed.revision:
        return Provenance(parent)
    return Provenance(parent, _source(context), context.observed.made_by)


def _parent(context: Context, revision: str) -> str:
    """The Job's ``currentRevision``; "" if there is none yet, or if it is ``revision`` itself."""
    current = context.status.current_revision or ""
    return "" if current == revision else current


def _source(context: Context) -> str:
    return provenance.source_of(context.job.metadata.annotations)
