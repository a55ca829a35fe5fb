"""An estimate of how long an update takes, from the Job's earlier updates that completed."""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil
from statistics import median
from typing import Final

from controller.api.preview import Estimate
from controller.api.update import Phase, UpdateStatus
from controller.core.model.observed import Finished

#: Completed updates that the estimate uses; older ones say little about the present.
MAX_PAST: Final = 5


def estimate(
    past: Iterable[Finished], draft: UpdateStatus, instances: int, watched: int, sla: int = 0
) -> Estimate | None:
    """The estimate in seconds, and what it derives from.

    ``instances``: how many the update covers; ``watched``: how many groups have to stay Ready for
    ``minReadySeconds``, one after the other; ``sla``: seconds for which instances must be available
    before others are taken down.

    The estimate is the median time per instance of the last completed updates (with their pauses
    and their group sizes), but at least the times that the policy prescribes. Returns None without
    instances, or without both an earlier update and a prescribed time.
    """
    rates = _rates(past)
    seconds = draft.min_ready_seconds or 0
    after = draft.policy.watch_after_seconds if draft.policy else 0
    floor = seconds * watched + after
    guess = ceil(median(rates) * instances) if rates else 0
    if instances and sla > max(floor, guess):
        words = f"sla ({sla} s until the last instances may be taken down)"
        return Estimate(seconds=sla + seconds + after, from_=words)
    if not instances or not max(floor, guess):
        return None
    if guess >= floor:
        each, count = f"{median(rates):.1f} s per instance", len(rates)
        updates = "update" if count == 1 else f"{count} updates"
        return Estimate(seconds=guess, from_=f"{each}, as in the last completed {updates}")
    groups = f"each of {watched} groups" if watched != 1 else "the only group"
    prescribed = [f"minReadySeconds ({seconds} s) for {groups}"] if seconds * watched else []
    prescribed += [f"watchAfterSeconds ({after} s)"] if after else []
    words = f"{' and '.join(prescribed)}; the time that pods take to start and stop is added"
    return Estimate(seconds=floor, from_=words)


def _rates(past: Iterable[Finished]) -> list[float]:
    """Seconds per instance of the newest updates that completed."""
    completed = [
        p
        for p in past
        if p.phase is Phase.ROLLED_FORWARD and p.updated > 0 and 0 < p.started <= p.finished
    ]
    newest = sorted(completed, key=lambda p: p.finished, reverse=True)[:MAX_PAST]
    # Stamps are whole seconds: an update with equal stamps took at most one second.
    return [max(1.0, p.finished - p.started) / p.updated for p in newest]
