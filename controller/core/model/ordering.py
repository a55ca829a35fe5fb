"""`ordering: Ordered`: a Job grows and shrinks by one instance at a time (contract part 2, §10).

The steps are writes of `status.assigned`, so each is stored before a pod follows it. An instance
that was created once stays assigned, so its lost pod is created again at once. Source: the
StatefulSet controller's OrderedReady.
"""

from __future__ import annotations

from controller.api.ids import MAX_ID, Ids
from controller.api.job_spec import Ordering
from controller.core.model.context import Context


def is_ordered(context: Context) -> bool:
    """Whether the Job is scaled step by step."""
    return context.job.spec.ordering is Ordering.ORDERED


def next_ids(context: Context, have: Ids, wanted: Ids) -> Ids:
    """The ids that a Job with ``have`` should have next on its way to ``wanted``: ``have`` while
    the next step waits, and ``wanted`` at once without `Ordered`.

    Instances whose pod runs already (because a status was lost) are taken over at once.
    """
    if not is_ordered(context) or have == wanted:
        return wanted
    view = context.view
    gone, new = have - wanted, wanted - have
    if there := new & (view.alive | view.twin.alive):
        return have | there
    if gone:
        present = view.present | view.twin.present
        if present - have:
            return have
        # Those above the highest pod have none: there is nothing to wait for.
        last = max(gone & present, default=0)
        return have - (gone & Ids.span(last, MAX_ID + 1))
    first = min(new)
    is_next = not first or first - 1 in context.available
    return have | Ids([first]) if is_next else have


def first_ids(context: Context) -> Ids:
    """The ids that a Job begins with. An `Ordered` one begins with its first instance; if its pods
    run already (because it was orphaned, or lost its status), with all up to the highest of them:
    those were created before."""
    if not is_ordered(context):
        return context.every_id
    known = context.intended | context.view.alive | context.view.twin.alive
    return Ids.span(0, max(known) + 1) if known else context.every_id & Ids([0])


def waits_for(context: Context) -> str:
    """What the next step of a scale waits for, as a sentence; "" if no step waits."""
    have, wanted = context.intended, context.every_id
    if not is_ordered(context) or next_ids(context, have, wanted) != have or have == wanted:
        return ""
    if gone := have - wanted:
        leaving = max((context.view.present | context.view.twin.present) - have)
        return f"instance {max(gone)} is removed when the pod of instance {leaving} is gone"
    first = min(wanted - have)
    return f"instance {first} is created when instance {first - 1} is good"


def ids_of_update(context: Context) -> Ids:
    """All ids that an Update of the whole Job gives it. An `Ordered` Job is scaled by its steps
    alone, also while the Update runs."""
    created = context.status.last_attempt is not None
    return context.intended if is_ordered(context) and created else context.every_id
