"""About how long an update takes, from those of the Job that went through."""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil
from statistics import median
from typing import Final

from controller.api.preview import Estimate
from controller.api.update import Phase, UpdateStatus
from controller.core.model.observed import Finished

#: Older ones were of another time.
MAX_PAST: Final = 5


def estimate(
    past: Iterable[Finished], draft: UpdateStatus, instances: int, watched: int
) -> Estimate | None:
    """For ``instances``, of which ``watched`` groups have to stay Ready one after the other.

    What the Job's last completed updates took per instance, but never less than the times that the
    policy itself asks for. Pauses and other group sizes of the past are in it: it is a guess, and
    says what it was made from. None: there is nothing to guess from, or nothing to do.
    """
    rates = _rates(past)
    seconds = draft.min_ready_seconds or 0
    after = draft.policy.watch_after_seconds if draft.policy else 0
    floor = seconds * watched + after
    guess = ceil(median(rates) * instances) if rates else 0
    if not instances or not max(floor, guess):
        return None
    if guess >= floor:
        each, count = f"{median(rates):.1f} s per instance", len(rates)
        updates = "update" if count == 1 else f"{count} updates"
        return Estimate(seconds=guess, from_=f"{each}, as in the last completed {updates}")
    groups = f"each of {watched} groups" if watched != 1 else "the only group"
    asked = [f"minReadySeconds ({seconds} s) for {groups}"] if seconds * watched else []
    asked += [f"watchAfterSeconds ({after} s)"] if after else []
    words = f"{' and '.join(asked)}; it takes longer by the time pods take to start and to stop"
    return Estimate(seconds=floor, from_=words)


def _rates(past: Iterable[Finished]) -> list[float]:
    """Seconds per instance of the newest updates that went through."""
    told = [
        p
        for p in past
        if p.phase is Phase.ROLLED_FORWARD and p.updated > 0 and 0 < p.started <= p.finished
    ]
    newest = sorted(told, key=lambda p: p.finished, reverse=True)[:MAX_PAST]
    # Stored are whole seconds: what took none of them took no more than one.
    return [max(1.0, p.finished - p.started) / p.updated for p in newest]
