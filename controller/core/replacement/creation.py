"""The create of one pod: not while a refusal or a pause holds it, and carrying on what the earlier
pods of its instance left behind.
"""

from __future__ import annotations

from controller.core.model.context import Case
from controller.core.model.plan import CreatePod


def create(
    case: Case, instance: int, revision: str, surge: bool, update: str, failures: int
) -> CreatePod | None:
    """The create of an instance's pod; None: it has to wait. ``update``: uid of the Update that
    makes it, or ""; ``failures``: as many were counted for it."""
    refusal, series = case.seen.refusals.get(instance), case.seen.remade.get((instance, surge))
    if refusal is not None and refusal.until > case.now:
        return None
    if series is None or series.revision != revision:
        # Pods of another revision are not paused for, nor does their count go on.
        return CreatePod(instance, revision, surge, update, failures)
    if series.resume_at > case.now:
        return None
    return CreatePod(instance, revision, surge, update, failures, series.count)
