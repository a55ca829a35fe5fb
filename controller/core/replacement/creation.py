"""The create of one pod: not while a refusal or a pause holds it, and carrying on what the earlier
pods of its instance left behind.
"""

from __future__ import annotations

from controller.core.model.context import Context
from controller.core.model.plan import CreatePod


def create(
    context: Context, instance: int, revision: str, surge: bool, update: str, failures: int
) -> CreatePod | None:
    """The create of an instance's pod; None: it has to wait. ``update``: uid of the Update that
    makes it, or ""; ``failures``: as many were counted for it."""
    refusal, series = (
        context.observed.refusals.get(instance),
        context.observed.remade.get((instance, surge)),
    )
    if refusal is not None and refusal.until > context.now:
        return None
    if series is None or series.revision != revision:
        # Pods of another revision are not paused for, nor does their count go on.
        return CreatePod(instance, revision, surge, update, failures)
    if series.resume_at > context.now:
        return None
    return CreatePod(instance, revision, surge, update, failures, series.count)
