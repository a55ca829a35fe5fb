"""First creation: no Update, all instances at once (contract rule 2). And the same for a Job whose
pods are there already: it was orphaned and made again, or lost its status (rule 1).

Then every id keeps what its pod runs. What the whole Job completed last cannot be known: the
revision that most pods run beside the present template's is taken for it, and counts as tried. So
the present template is claimed by nobody: it comes by an Update (or waits for one, with mode
``Manual``), with gates and a way back, unless all pods are at it already.
"""

from __future__ import annotations

from controller.api.ids import Ids
from controller.api.job import LastAttempt
from controller.core.admission.automatic import policy_refused, template_write
from controller.core.job.scaling import of_their_pods
from controller.core.model import assigned as asg
from controller.core.model.context import Context
from controller.core.model.plan import AdoptRevisions, Event, ReadJob, Write, WriteJob
from controller.core.refusals import writes as refused_writes
from controller.core.replacement import repair

#: Seconds after the Job's creation in which pods of a former Job may still turn out to be orphans:
#: they were before it was made, but the watch of pods may be late.
SETTLED = 5.0


def adopt(context: Context) -> Write | None:
    """ControllerRevisions that a former Job left are taken in before anything else: they name what
    its pods run. What is adopted for a Job that is gone meanwhile, the garbage collector would
    delete: so the Job is read live before."""
    pods = any(action.adopt and not context.is_held(action) for action in repair.repairs(context))
    revisions = AdoptRevisions(tuple(sorted(context.observed.orphans)))
    wanted = bool(revisions.names) and not refused_writes.by(context, revisions)
    if (pods or wanted) and not context.observed.job_live:
        return ReadJob()
    return revisions if wanted else None


def create(context: Context) -> Write | None:
    """The next write of a Job that was never created, or whose status says so. None: it was, it has
    to wait for pods that may be its own, or its template is refused."""
    if context.status.last_attempt is not None or context.observed.orphans:
        return None
    if (until := settled_at(context)) is not None and context.now < until:
        return None
    wish = Ids.span(0, context.job.spec.instances)
    known = asg.moved(context.assigned, of_their_pods(context, wish - context.intended))
    if known:
        return _taken_over(context, known, wish)
    if policy_refused(context) is not None:
        return None
    if write := template_write(context):
        return write
    if context.observed.verdict is None or not context.observed.verdict.accepted:
        return None
    mine = context.observed.revision
    note = f"{len(wish)} instances at revision {mine}"
    return _written(context, {mine: wish}, mine, mine, Event("Created", note))


def settled_at(context: Context) -> float | None:
    """Until when a new Job waits for pods of a former one to go or to turn out orphans."""
    made = context.job.metadata.creation_timestamp
    if context.status.last_attempt is not None or made is None:
        return None
    views = (context.view, context.view.twin)
    pods = (view.pod(i) for view in views for i in view.foreign)
    left = any(pod.deleted is None and not pod.foreign_controller for pod in pods)
    return made + SETTLED if left else None


def _taken_over(context: Context, known: dict[str, Ids], wish: Ids) -> Write:
    mine = context.observed.revision
    current = context.status.current_revision or _completed(context, known)
    assigned = asg.moved(known, {current: wish - asg.ids_of(known)})
    others = [name for name in (current, *sorted(assigned)) if name != mine]
    tried = others[0] if set(assigned) != {mine} else mine
    kept = ", ".join(f"{ids} at {name}" for name, ids in sorted(known.items()))
    note = f"instances keep the revisions that their pods run: {kept}"
    return _written(context, assigned, current, tried, Event("TakenOver", note))


def _completed(context: Context, known: dict[str, Ids]) -> str:
    """Of what runs, the revision that the whole Job most likely completed last."""
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
