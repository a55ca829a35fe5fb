"""First creation: all instances at once, without an Update (contract rule 2). An `Ordered` Job
begins with its first instance; the others follow as in a scale.

It also takes over a Job whose pods exist already, because the Job was orphaned and created again or
lost its status (rule 1). Then every id keeps the revision that its pod runs. The revision that the
whole Job completed last is unknown: the one that most pods run, other than the present template's,
becomes ``currentRevision`` and counts as tried. So the present template needs an Update with its
gates and a possible rollback (with mode ``Manual`` it waits for one), unless all pods run it.
"""

from __future__ import annotations

from controller.api.ids import Ids
from controller.api.job import LastAttempt
from controller.core.admission.automatic import policy_refused, template_write
from controller.core.job.scaling import of_their_pods
from controller.core.model import assigned as asg
from controller.core.model import ordering
from controller.core.model.context import Context
from controller.core.model.plan import AdoptRevisions, Event, ReadJob, Write, WriteJob
from controller.core.refusals import writes as refused_writes
from controller.core.replacement import repair

#: Seconds after the Job's creation in which pods of an earlier Job may still turn out to be
#: orphans: they were orphaned before this Job was created, but the watch of pods may be late.
SETTLED = 5.0


def adopt(context: Context) -> Write | None:
    """The adoption of ControllerRevisions that an earlier Job left, before everything else: they
    name what its pods run. Returns None if there are none.

    The Job is read live before any adoption, because the garbage collector would delete objects
    that are adopted for a Job that is gone.
    """
    pods = any(action.adopt and not context.is_held(action) for action in repair.repairs(context))
    revisions = AdoptRevisions(tuple(sorted(context.observed.orphans)))
    wanted = bool(revisions.names) and not refused_writes.by(context, revisions)
    if (pods or wanted) and not context.observed.job_live:
        return ReadJob()
    return revisions if wanted else None


def create(context: Context) -> Write | None:
    """The next write of a Job that was not created yet, or lost its status. Returns None if it was
    created, waits for pods that may be its own, or has a refused template."""
    if context.status.last_attempt is not None or context.observed.orphans:
        return None
    if (until := settled_at(context)) is not None and context.now < until:
        return None
    desired = ordering.first_ids(context)
    known = asg.moved(context.assigned, of_their_pods(context, desired - context.intended))
    if known:
        return _taken_over(context, known, desired)
    if policy_refused(context) is not None:
        return None
    if write := template_write(context):
        return write
    if context.observed.verdict is None or not context.observed.verdict.accepted:
        return None
    present = context.observed.revision
    note = f"{len(desired)} of {context.job.spec.instances} instances at revision {present}"
    if len(desired) == context.job.spec.instances:
        note = f"{len(desired)} instances at revision {present}"
    return _written(context, {present: desired}, present, present, Event("Created", note))


def settled_at(context: Context) -> float | None:
    """Until when (epoch seconds) a new Job waits for pods of an earlier Job to terminate or to turn
    out to be orphans. Returns None if there are no such pods."""
    created = context.job.metadata.creation_timestamp
    if context.status.last_attempt is not None or created is None:
        return None
    views = (context.view, context.view.twin)
    pods = (view.pod(i) for view in views for i in view.foreign)
    left = any(pod.deleted is None and not pod.foreign_controller for pod in pods)
    return created + SETTLED if left else None


def _taken_over(context: Context, known: dict[str, Ids], desired: Ids) -> Write:
    present = context.observed.revision
    current = context.status.current_revision or _completed(context, known)
    assigned = asg.moved(known, {current: desired - asg.ids_of(known)})
    others = [name for name in (current, *sorted(assigned)) if name != present]
    tried = others[0] if set(assigned) != {present} else present
    kept = ", ".join(f"{ids} at {name}" for name, ids in sorted(known.items()))
    note = f"instances keep the revisions that their pods run: {kept}"
    return _written(context, assigned, current, tried, Event("TakenOver", note))


def _completed(context: Context, known: dict[str, Ids]) -> str:
    """The running revision that the whole Job most likely completed last."""
    others = {
        name: ids for name, ids in known.items() if name != context.observed.revision
    } or known
    revisions = context.observed.revisions

    def weight(name: str) -> tuple[int, int]:
        number = revisions[name].number if name in revisions else 0
        return len(others[name]), -number

    return max(sorted(others), key=weight)


def _written(
    context: Context, assigned: dict[str, Ids], current: str, tried: str, event: Event
) -> WriteJob:
    held = context.status.active_update
    status = context.status.model_copy(
        update={
            "assigned": asg.write(assigned),
            "instances_in_force": len(asg.ids_of(assigned)),
            "current_revision": current,
            "update_revision": context.observed.revision,
            "last_attempt": LastAttempt(
                revision=tried,
                retry_token=context.job.spec.update.retry_token,
                update=held.name if held else None,
                update_uid=held.uid if held else None,
            ),
        }
    )
    return WriteJob(status, (event,))
