"""Scaling: the Job follows ``spec.instances`` without an Update (contract rule 9).

New instances are created at once at ``currentRevision``; the highest ids are removed. An `Ordered`
Job takes one step after the other (`model.ordering`). If an Update
of the whole Job is active, it is written first: new ids become *changed* ones with
``currentRevision`` as their ``from``, and removed ids leave it. So its rollback does not undo the
scale.
"""

from __future__ import annotations

from controller.api.ids import Ids
from controller.api.update import InstanceSets, Update
from controller.core.admission.automatic import held_up, start_refused, starts
from controller.core.model import assigned as asg
from controller.core.model import ordering
from controller.core.model.context import Context
from controller.core.model.plan import Event, Write, WriteJob, WriteUpdate
from controller.core.pods.facts import EVERY
from controller.core.status.counts import recounted


def scale(context: Context) -> Write | None:
    """The next write that brings the count to ``spec.instances``. Returns None if nothing is to be
    done, or if an Update is about to start and brings the count."""
    count, active, refused = (
        context.job.spec.instances,
        context.active,
        context.status.instances_refused,
    )
    if refused is not None and count != refused:
        return WriteJob(context.status.model_copy(update={"instances_refused": None}))
    begins = starts(context) and not held_up(context) and start_refused(context) is None
    if context.status.last_attempt is None or begins:
        return None
    if refused is not None:
        whole = active is not None and active.spec.instances is None
        return _catch_up(context, active) if active is not None and whole else None
    if active is not None:
        return _during(context, active, count)
    desired = ordering.next_ids(context, context.intended, Ids.span(0, count))
    if desired == context.intended:
        return None
    return _assigned(context, desired - context.intended, context.intended - desired)


def _during(context: Context, update: Update, count: int) -> Write | None:
    target, base = update.status.to, context.status.current_revision
    if target is None or base is None:
        return None
    if update.spec.instances is not None:
        have = context.intended | target.instances
        desired = ordering.next_ids(context, have, Ids.span(0, count))
        return _during_partial(context, update, desired)
    desired = ordering.next_ids(context, target.instances, Ids.span(0, count))
    if desired == target.instances:
        return _catch_up(context, update)
    # Ids that the Update was to create itself belong to the scale from now on.
    origin = asg.read(update.status.from_)
    known = asg.ids_of(origin)
    origin = asg.within(asg.moved(origin, {base: desired - known}), desired)
    note = f"scaled to {len(desired)} instances while the Update is active"
    return _written(update, origin, desired, note)


def _during_partial(context: Context, update: Update, desired: Ids) -> Write | None:
    """A scale during an Update of some instances: new ids do not join it, removed ids leave it."""
    target = update.status.to
    assert target is not None
    origin = asg.read(update.status.from_)
    known = asg.ids_of(origin)
    # Ids that the Update removes itself need not leave it.
    if leaving := (target.instances | known) - desired - (known - target.instances):
        kept, stay = asg.within(origin, known - leaving), target.instances - leaving
        who = f"instance {leaving} leaves" if len(leaving) == 1 else f"instances {leaving} leave"
        return _written(update, kept, stay, f"{who} the active Update by a scale")
    covered = target.instances | known
    new, gone = desired - context.intended - covered, context.intended - desired - covered
    return _assigned(context, new, gone) if new or gone else None


def _written(update: Update, origin: asg.Assigned, instances: Ids, note: str) -> Write:
    """The write that gives the Update this ``from`` and these target ids."""
    name, target = update.metadata.name, update.status.to
    assert target is not None
    # Earlier results do not count for ids that join or leave the Update.
    kept = EVERY - (instances - target.instances) - (target.instances - instances)
    old = update.status
    sets = InstanceSets(
        **{name: getattr(old.instances, name) & kept for name in InstanceSets.model_fields}
    )
    gone = len((old.instances.updated | old.instances.failed) - kept)
    status = old.model_copy(
        update={
            "from_": asg.write(origin),
            "to": target.model_copy(update={"instances": instances}),
            "scaled": (old.scaled | instances - target.instances) & instances,
            "instances": sets,
            "counts": recounted(old.counts, sets),
            "moved": old.moved & kept,
            "failure_counts": {
                count: ids & kept for count, ids in old.failure_counts.items() if ids & kept
            },
            "gates": tuple(
                g.model_copy(update={"covered": max(0, g.covered - gone)}) for g in old.gates
            ),
            "batch": old.batch
            and old.batch.model_copy(update={"instances": old.batch.instances & kept}),
        }
    )
    return WriteUpdate(name, status, (Event("Scaled", note, name),))


def _catch_up(context: Context, update: Update) -> Write | None:
    """The write of ``assigned`` for ids that joined the Update by a scale (they have a ``from``)
    and for ids that left it. Returns None if ``assigned`` has that already."""
    target = update.status.to
    assert target is not None
    origin = asg.ids_of(asg.read(update.status.from_))
    new = (origin & target.instances) - context.intended
    gone = context.intended - origin - target.instances
    if not new and not gone:
        return None
    return _assigned(context, new, gone)


def _assigned(context: Context, new: Ids, gone: Ids) -> Write:
    after = asg.moved(context.assigned, inherited(context, new), gone)
    count = len(asg.ids_of(after))
    status = context.status.model_copy(
        update={
            "assigned": asg.write(after),
            "instances_in_force": count,
        }
    )
    note = f"from {len(context.intended)} to {count} instances"
    return WriteJob(status, (Event("Scaled", note),))


def inherited(context: Context, ids: Ids) -> dict[str, Ids]:
    """Revision -> ids, for ids that are not in ``assigned``: the revision of their pod, else
    ``currentRevision``, else the present template's (contract rule 1: a restored backup)."""
    own = of_their_pods(context, ids)
    rest = ids - asg.ids_of(own)
    return asg.moved(own, {context.status.current_revision or context.observed.revision: rest})


def of_their_pods(context: Context, ids: Ids) -> dict[str, Ids]:
    """Revision -> the ids of ``ids`` whose pod runs it. The ControllerRevision may be gone: the
    pod runs that revision all the same, and leaves it by an Update only (contract rule 1)."""
    view, twin = context.view, context.view.twin
    own: dict[str, Ids] = {}
    for r in sorted((view.at.keys() | twin.at.keys()) - {""}):
        beside = twin.at_revision(r) & twin.alive - view.occupied
        if part := (view.at_revision(r) & view.alive | beside) & ids:
            own[r] = part
    return own
