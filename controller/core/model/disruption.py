"""What a chain of disruption policies answers (`replacement.disruption`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from controller.api.ids import NONE, Ids


@dataclass(frozen=True, slots=True)
class Allowance:
    """Of the instances that somebody wants to disrupt, those that may be disrupted now.

    ``held_back``: the others. ``reason`` and ``message``: which policy held them back and why, as
    a condition says it; "" when none are held back.
    """

    allowed: Ids = NONE
    held_back: Ids = NONE
    reason: str = ""
    message: str = ""


def asked_in_turn(policies: Iterable[Callable[[Ids], tuple[Ids, str, str]]], ids: Ids) -> Allowance:
    """What a chain of policies leaves of ``ids``. Each gets what those before it allow, and answers
    with what it allows, and why no more. The first that holds any back says why, or the one that
    allows none of those that were left."""
    allowed, reason, message = ids, "", ""
    for ask in policies:
        before = allowed
        allowed, *why = ask(before)
        if allowed != before and not (reason and allowed):
            reason, message = why
    return Allowance(allowed, ids - allowed, reason, message)


#: Nobody wants to disrupt anything, so nothing is held back.
NONE_HELD_BACK: Final = Allowance()
