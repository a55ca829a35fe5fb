"""The gate that needs nobody: how often updated instances stumble, against those not yet updated.

A *stumble* is a restart of a container or a readiness that was lost, as the operator itself saw it
since the update began. Updated instances may stumble twice as often as the others, and a twentieth
of them in any case. Where the others stumble as much, the incident is not the update's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from controller.core.verdicts.answer import Answer, Verdict

TIMES: Final = 2.0
ALLOWED: Final = 0.05


@dataclass(frozen=True, slots=True)
class Evidence:
    """How many instances there are of each kind, and how often they stumbled."""

    updated: int
    updated_interruptions: int
    baseline: int
    baseline_interruptions: int


def judge(seen: Evidence) -> Answer:
    """What the evidence says. ``value``: stumbles per updated and per other instance."""
    if not seen.updated:
        return Answer(Verdict.PASS, "no instance was updated that could be looked at")
    if not seen.baseline:
        return Answer(Verdict.PASS, "NoBaseline: no instance is left to compare with")
    ours, theirs = (
        seen.updated_interruptions / seen.updated,
        seen.baseline_interruptions / seen.baseline,
    )
    words = (
        f"{seen.updated_interruptions} stumbles of {seen.updated} updated instances, "
        f"{seen.baseline_interruptions} of {seen.baseline} others"
    )
    value = f"{ours:.3g} against {theirs:.3g}"
    if ours > TIMES * theirs + ALLOWED:
        return Answer(Verdict.FAIL, words, value)
    if theirs > ALLOWED and ours > ALLOWED:
        return Answer(Verdict.INCONCLUSIVE, f"{words}: all stumble", value)
    return Answer(Verdict.PASS, words, value)
