"""`ordering: Ordered`: the number of instances grows and shrinks by one, and each step waits.

Judged by what is assigned: a pod is created, or deleted for good, only when that says so
(`reasons`).
"""

from __future__ import annotations

from controller.api.ids import NONE, Ids
from controller.api.job_spec import Ordering
from controller.api.update import Update
from controller.core.model import assigned as asg
from controller.core.model.observed import Observed
from controller.core.model.plan import Plan, WriteJob


def judge(seen: Observed, plan: Plan, update: Update | None) -> None:
    """Whether the plan's write takes at most one step. ``update``: the active one."""
    write = plan.write
    if not isinstance(write, WriteJob) or seen.job.spec.ordering is not Ordering.ORDERED:
        return
    view = seen.view
    was = asg.ids_of(asg.read(seen.job.status.assigned))
    now = asg.ids_of(asg.read(write.status.assigned))
    running, present = view.alive | view.twin.alive, view.present | view.twin.present
    if seen.job.status.last_attempt is None:
        # The status was lost. Who is not higher than one whose pod runs was created before.
        was = Ids.span(0, max(running | was, default=-1) + 1)
    # What it creates or removes obeys its strategy.
    by_update = created_or_removed(update)
    created, removed = now - was - running - by_update, (was - now) & present - by_update
    assert len(created) + len(removed) <= 1, f"created {created}, removed {removed} in one step"
    for i in created:
        assert now - by_update == Ids.span(0, len(now - by_update)), f"{i} is not the next of {was}"
        assert i == 0 or i - 1 in view.good, f"{i} is created before {i - 1} is good"
    for i in removed:
        later = present - Ids.span(0, i + 1)
        assert not later, f"{i} is removed before {later} is gone"


def created_or_removed(update: Update | None) -> Ids:
    """Ids that the active Update creates or removes."""
    if update is None or update.status.to is None:
        return NONE
    origin = asg.ids_of(asg.read(update.status.from_))
    target = update.status.to.instances
    return (origin | target) - (origin & target)
