"""What a chain of disruption policies answers (`replacement.disruption`)."""

from __future__ import annotations

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


#: Nobody wants to disrupt anything, so nothing is held back.
NONE_HELD_BACK: Final = Allowance()
