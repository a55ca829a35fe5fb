"""The safety brake at one moment: what was asked for in the cluster, and how much may be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from controller.api.ids import NONE, Ids
from controller.api.meta import format_time, parse_time, surely_past
from controller.api.safety import Safety

#: Seconds for which a disruption counts.
WINDOW: Final = 60.0


@dataclass(frozen=True, slots=True)
class Brake:
    """``setting``: ``--max-voluntary-disruption`` as it was given; ``limit``: how many instances
    that is of the ``instances`` of all Jobs; ``asked``: how many disruptions that nothing explains
    all Jobs stored in the last minute. ``token`` identifies the stop if one is made now."""

    setting: str
    limit: int
    instances: int
    asked: int
    token: str


def limit_of(setting: int | str, instances: int) -> int:
    """How many of ``instances`` a setting allows. A percentage rounds up, so that 30 % of three
    instances is one; only 0 and 0 % allow none."""
    if isinstance(setting, int):
        return setting
    return -(-instances * int(setting.removesuffix("%")) // 100)


def token_of(now: float) -> str:
    """The token of a stop that is made at ``now``, such as ``stop-20260102030405``."""
    return "stop-" + "".join(c for c in format_time(now) if c.isdigit())


def recent(safety: Safety | None, now: float) -> tuple[Ids, int]:
    """The ids of the disruptions that a Job stored in the last minute, and how many they were."""
    ids, count = NONE, 0
    for at, part in safety.disrupted.items() if safety else ():
        # A stamp of the future is of another clock, or of somebody else.
        if parse_time(at) <= now + 1 and surely_past(parse_time(at), WINDOW) > now:
            ids |= part
            count += len(part)
    return ids, count
