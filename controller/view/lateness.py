"""Instances that take longer than the pace of their Update promises, and when they count as failed.

The pace says "1s left" of an Update whose last instance never gets Ready. Only the status of the
Update is read: the newest group, or the newest failure of an instance in it, is when the present
try began. The operator counts from the creation of the pod, which is a little later.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from controller.api.ids import Ids
from controller.api.update import Update
from controller.view.words import age, ids, plural

#: A group is late after so many times the mean time of the groups before it.
_FACTOR: Final = 2.0
#: Seconds beyond minReadySeconds in which no group is late; of the first one, and of later ones.
_FIRST: Final = 30.0
_LEAST: Final = 10.0
#: So many ids are named, else their number.
_NAMED: Final = 3


@dataclass(frozen=True, slots=True)
class Late:
    """``instances`` are in flight for longer than usual. ``deadline``: seconds until the first of
    them counts as failed; None if there is no deadline (`readyTimeoutSeconds: 0`)."""

    instances: Ids
    deadline: float | None

    @property
    def words(self) -> str:
        """``instance 4 is not ready, ready deadline in 3m40s``."""
        count = len(self.instances)
        many = count > _NAMED
        who = plural(count, "instance") if many else f"instance{'s' if count > 1 else ''} "
        what = f"{who if many else who + ids(str(self.instances))} {'are' if count > 1 else 'is'}"
        return f"{what} not ready, {self.due}"

    @property
    def due(self) -> str:
        """``ready deadline in 3m40s``."""
        if self.deadline is None:
            return "no ready deadline"
        return f"ready deadline {f'in {age(self.deadline)}' if self.deadline > 0 else 'reached'}"


def late(update: Update, moving: float, now: float) -> Late | None:
    """What an Update that moves waits for, if it waits for longer than usual. ``moving``: seconds
    for which it has moved in its present direction, pauses left out."""
    status, batch = update.status, update.status.batch
    flight = status.instances.rolling_back if status.turn else status.instances.updating
    if batch is None or status.policy is None or not (waits := batch.instances & flight):
        return None
    tries = [each.time for each in status.failures if each.instance in waits]
    lasts = now - max(batch.started_at, *tries, 0.0)
    window = status.min_ready_seconds or 0
    usual = (moving - (now - batch.started_at)) / batch.index if batch.index else 0.0
    if lasts <= max(_FACTOR * usual, window + (_LEAST if batch.index else _FIRST)):
        return None
    timeout = status.policy.ready_timeout_seconds
    return Late(waits, timeout + window - lasts if timeout else None)
