"""The create of one pod: it waits for a refusal or a back-off to end, and continues the count of
how often the instance's pod was created again.
"""

from __future__ import annotations

from controller.core.model.context import Context
from controller.core.model.plan import CreatePod


def create(
    context: Context, instance: int, revision: str, surge: bool, update: str, failures: int
) -> CreatePod | None:
    """The create of an instance's pod. Returns None if it has to wait. ``update``: uid of the
    Update that creates it, or ""; ``failures``: the instance's failure count."""
    refusal, series = (
        context.observed.refusals.get(instance),
        context.observed.remade.get((instance, surge)),
    )
    if refusal is not None and refusal.until > context.now:
        return None
    if series is None or series.revision != revision:
        # The back-off and the count of pods at another revision do not apply.
        return CreatePod(instance, revision, surge, update, failures)
    if series.resume_at > context.now:
        return None
    return CreatePod(instance, revision, surge, update, failures, series.count)
