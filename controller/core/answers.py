"""What a gate answers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """What one asking came to."""

    PASS = "Pass"
    FAIL = "Fail"
    INCONCLUSIVE = "Inconclusive"


@dataclass(frozen=True, slots=True)
class Answer:
    """``message``: for a person, at most 256 characters; ``value``: what was measured, short."""

    verdict: Verdict
    message: str = ""
    value: str | None = None
