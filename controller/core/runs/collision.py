"""`collisionPolicy: KillExisting`: how a run that is in the way of the next one is ended.

First the status says that it is being killed, then it is deleted. It is deleted in the foreground,
so it is gone only when its pods are: two pods of one instance never run.
"""

from __future__ import annotations

from controller.api.runs import KILLING
from controller.core.model.context import Context
from controller.core.model.plan import EndRun, Event, Write, WriteJob
from controller.core.model.runs import Run


def kill(context: Context, run: Run, why: str) -> Write | None:
    """The next write that ends an active run. Returns None if it is being deleted already. ``why``:
    what takes its place, as the end of a sentence."""
    if run.deleted:
        return None
    last = context.status.last_run
    if last is not None and last.name == run.name and last.reason != KILLING:
        words = f"killed, because {why}"
        killing = last.model_copy(update={"reason": KILLING, "message": words})
        status = context.status.model_copy(update={"last_run": killing})
        return WriteJob(status, (Event("KillingRun", f"{run.name}: {words}"),))
    return EndRun(run.name, run.uid)
