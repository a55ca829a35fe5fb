"""The built-in gate: it compares interruptions of updated instances with those of the others.

An *interruption* is a restart of a container or a lost readiness that the operator observed since
the Update began. The gate fails if updated instances have more than twice as many interruptions per
instance as the others, plus one per twenty instances. Within that limit it is inconclusive if both
groups have more than one per twenty instances: then the Update is not the cause.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from controller.core.verdicts.answer import Answer, Verdict

TIMES: Final = 2.0
ALLOWED: Final = 0.05


@dataclass(frozen=True, slots=True)
class Evidence:
    """How many instances each group has, and how many interruptions they had."""

    updated: int
    updated_interruptions: int
    baseline: int
    baseline_interruptions: int


def judge(evidence: Evidence) -> Answer:
    """The answer of the gate. ``value``: interruptions per updated and per other instance."""
    if not evidence.updated:
        return Answer(Verdict.PASS, "no updated instance to observe yet")
    if not evidence.baseline:
        return Answer(Verdict.PASS, "NoBaseline: no instance is left to compare with")
    updated = evidence.updated_interruptions / evidence.updated
    baseline = evidence.baseline_interruptions / evidence.baseline
    words = (
        f"{evidence.updated_interruptions} interruptions of {evidence.updated} updated instances, "
        f"{evidence.baseline_interruptions} of {evidence.baseline} others"
    )
    value = f"{updated:.3g} against {baseline:.3g}"
    if updated > TIMES * baseline + ALLOWED:
        return Answer(Verdict.FAIL, words, value)
    if baseline > ALLOWED and updated > ALLOWED:
        return Answer(Verdict.INCONCLUSIVE, f"{words}: the update is not the cause", value)
    return Answer(Verdict.PASS, words, value)
