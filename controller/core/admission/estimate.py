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
    past: Iterable[Finished],
    draft: UpdateStatus,
    instances: int,
    watched: int,
    *,
    sla: int = 0,
    groups: int = 0,
) -> Estimate | None:
    """The estimate in seconds, and what it derives from.

    ``instances``: how many the update covers; ``watched``: how many groups have to stay Ready for
    ``minReadySeconds``, one after the other; ``sla``: seconds for which instances must be available
    before others are taken down; ``groups``: how many groups there are, which says which pauses
    come. A pause until a new `resumeToken` counts as no time, and the words say so.

    The estimate is the median time per instance of the last completed updates (with their pauses
    and their group sizes), but at least the times that the policy prescribes. Returns None without
    instances, or without both an earlier update and a prescribed time.
    """
    rates = _rates(past)
    seconds = draft.min_ready_seconds or 0
    after = draft.policy.watch_after_seconds if draft.policy else 0
    paused, waits = _pauses(draft, groups)
    floor = seconds * watched + after + paused
    guess = ceil(median(rates) * instances) if rates else 0
    if instances and sla > max(floor, guess):
        words = f"sla ({sla} s until the last instances may be taken down){waits}"
        return Estimate(seconds=sla + seconds + after + paused, from_=words)
    if not instances or not max(floor, guess):
        return None
    if guess >= floor:
        each, count = f"{median(rates):.1f} s per instance", len(rates)
        updates = "update" if count == 1 else f"{count} updates"
        return Estimate(seconds=guess, from_=f"{each}, as in the last completed {updates}{waits}")
    each = f"each of {watched} groups" if watched != 1 else "the only group"
    prescribed = [f"minReadySeconds ({seconds} s) for {each}"] if seconds * watched else []
    prescribed += [f"watchAfterSeconds ({after} s)"] if after else []
    prescribed += [f"pauses ({paused} s)"] if paused else []
    words = f"{' and '.join(prescribed)}; the time that pods take to start and stop is added"
    return Estimate(seconds=floor, from_=f"{words}{waits}")


def _pauses(draft: UpdateStatus, groups: int) -> tuple[int, str]:
    """Seconds of the pauses that come and end by themselves, and words about the others."""
    strategy = draft.policy.strategy if draft.policy else None
    come = [pause for pause in strategy.pauses if pause.after < groups] if strategy else []
    seconds = sum(pause.seconds or 0 for pause in come)
    if not any(pause.seconds is None for pause in come):
        return seconds, ""
    return seconds, "; the time until somebody changes resumeToken is added"


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
