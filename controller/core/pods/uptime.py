"""For how long instances have been available without a break, as Aurora's SLA counts it.

    uptime at p %   the longest time for which at least p % of the instances have been available
    up count        how many instances have been available for at least so long

An instance that is not available has an uptime of 0. Percentages are rounded up to whole instances,
as for `spec.sla.minAvailable`: a Job whose uptime at 95 % is at least `durationSeconds` keeps an
sla of 95 %.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from decimal import Decimal
from math import ceil
from typing import Final

from controller.api.ids import Ids
from controller.core.pods.index import Instances

#: The percentages that Aurora's scheduler exports.
PERCENTS: Final = (50, 75, 90, 95, 99)


def available_since(instances: Instances, ids: Ids) -> list[float]:
    """Since when each of these ids that is available has been so (epoch seconds), in no order. Of
    two good pods of an id, in a surge, the older counts. Visits all of the ids."""
    plain, surge = (slots & ids for slots in instances.good_slots)
    pods, wait = instances.pods, instances.min_ready
    since = [pods[i, False].ready_since + wait for i in plain - surge]
    since += [pods[i, True].ready_since + wait for i in surge - plain]
    both = ((pods[i, False], pods[i, True]) for i in plain & surge)
    return since + [min(old.ready_since, new.ready_since) + wait for old, new in both]


def uptimes(since: Iterable[float], instances: int, now: float) -> list[float]:
    """The uptime of each of ``instances`` in seconds, the shortest first. ``since``: when those
    that are available became so; ``now``: both in epoch seconds."""
    found = [max(0.0, now - at) for at in sorted(since, reverse=True)]
    return [0.0] * (instances - len(found)) + found


def at_percent(ascending: Sequence[float], percent: int | Decimal) -> float:
    """The uptime at a percentage, above 0 and at most 100. 0 without instances."""
    count = ceil(len(ascending) * percent / 100)
    return ascending[len(ascending) - count] if ascending else 0.0


def up_count(ascending: Sequence[float], seconds: float) -> int:
    """How many instances have an uptime of at least ``seconds`` (above 0)."""
    return len(ascending) - bisect_left(ascending, seconds)
