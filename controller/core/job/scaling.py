"""Instances come and go with ``spec.instances``, without an Update (contract rule 9).

New ids come at once at ``currentRevision``, the highest go. An active Update of the whole Job is
told first: it takes new ids in as *changed* with ``currentRevision`` as their ``from``, and ids
that go leave it, so that its rollback does not undo the scale.
"""

from __future__ import annotations

from controller.api.ids import Ids
from controller.api.update import InstanceSets, Target, Update
from controller.core.admission.automatic import held_up, policy_refused, start_refused, wanted
from controller.core.model import assigned as asg
from controller.core.model.context import Context
from controller.core.model.plan import Event, Write, WriteJob, WriteUpdate
from controller.core.pods.facts import EVERY
from controller.core.status.counts import recounted


def scale(context: Context) -> Write | None:
    """The next write that brings the count to ``spec.instances``; None: it is what is aimed at."""
    count, active, refused = (
        context.job.spec.instances,
        context.active,
        context.status.instances_refused,
    )
    if refused is not None and count != refused:
        return WriteJob(context.status.model_copy(update={"instances_refused": None}))
    begins = wanted(context) and not held_up(context) and policy_refused(context) is None
    begins = begins and start_refused(context) is None
    if context.status.last_attempt is None or begins:
        return None
    if refused is not None:
        whole = active is not None and active.spec.instances is None
        return _catch_up(context, active) if active is not None and whole else None
    if active is not None:
        return _during(context, active, count)
    if Ids.span(0, count) == context.intended:
        return None
    return _assign(context, count, context.intended)


def _during(context: Context, update: Update, count: int) -> Write | None:
    target, base = update.status.to, context.status.current_revision
    if target is None or base is None:
        return None
    wish = Ids.span(0, count)
    if update.spec.instances is not None:
        return _beside(context, update, wish)
    if wish == target.instances:
        return _catch_up(context, update)
    # Ids the Update was to create itself belong to the scale from now on.
    origin = asg.read(update.status.from_)
    known = asg.ids_of(origin)
    origin = asg.within(asg.moved(origin, {base: wish - known}), wish)
    note = f"scaled to {count} while it is active"
    return _told(update, origin, wish, note)


def _beside(context: Context, update: Update, wish: Ids) -> Write | None:
    """An Update of some instances takes none in; those that go leave it."""
    target = update.status.to
    assert target is not None
    origin = asg.read(update.status.from_)
    known = asg.ids_of(origin)
    # What it removes itself is not there in any case.
    if leaving := (target.instances | known) - wish - (known - target.instances):
        kept, stay = asg.within(origin, known - leaving), target.instances - leaving
        return _told(update, kept, stay, f"instances {leaving} are scaled away while it is active")
    mine = target.instances | known
    new, gone = wish - context.intended - mine, context.intended - wish - mine
    return _assigned(context, new, gone) if new or gone else None


def _told(update: Update, origin: asg.Assigned, instances: Ids, note: str) -> Write:
    name, target = update.metadata.name, update.status.to
    assert target is not None
    # Who comes or goes is another matter than before: no result of then counts.
    kept = EVERY - (instances - target.instances) - (target.instances - instances)
    old = update.status
    sets = InstanceSets(
        **{name: getattr(old.instances, name) & kept for name in InstanceSets.model_fields}
    )
    gone = len((old.instances.updated | old.instances.failed) - kept)
    status = old.model_copy(
        update={
            "from_": asg.write(origin),
            "to": Target(revision=target.revision, instances=instances),
            "scaled": (old.scaled | instances - target.instances) & instances,
            "instances": sets,
            "counts": recounted(old.counts, sets),
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
    """Ids that a scale gave to the Update (they have a ``from``) but that have no intent yet, and
    ids that a scale took from it."""
    target = update.status.to
    assert target is not None
    origin = asg.ids_of(asg.read(update.status.from_))
    new = (origin & target.instances) - context.intended
    gone = context.intended - origin - target.instances
    if not new and not gone:
        return None
    return _assigned(context, new, gone)


def _assign(context: Context, count: int, present: Ids) -> Write:
    wish = Ids.span(0, count)
    return _assigned(context, wish - present, present - wish)


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
    """The revisions of ids without one: the pod's own, else ``currentRevision``, else that of the
    present template (contract rule 1: a restored backup)."""
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
