"""What a Prometheus server answers, and the verdict about it: pure.

A sample that breaks the condition fails the gate. No sample, NaN, too little traffic or an answer
that makes no sense is Inconclusive: ``read`` raises ``ValueError`` in words, the judges never.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from controller.core.verdicts.answer import Answer, failed, inconclusive, one_line, passed
from controller.core.verdicts.condition import Condition, EvaluationError

Labels = tuple[tuple[str, str], ...]

#: Hardly more than nothing: what a condition with an absolute allowance lets pass beside 0.
_TINY: Final = 1e-12
#: So many times as much as a bad baseline is the update's own doing.
_BLATANT: Final = 10.0


@dataclass(frozen=True, slots=True)
class Sample:
    """One number of an instant vector; a scalar has no labels."""

    value: float
    labels: Labels = ()

    @property
    def where(self) -> str:
        """The labels for a person: ``" of {code=500}"``, "" for none."""
        inner = ", ".join(f"{name}={value}" for name, value in self.labels)
        return f" of {{{one_line(inner, 100)}}}" if inner else ""


def read(status: int, body: bytes) -> tuple[Sample, ...]:
    """The samples in an answer of ``/api/v1/query``. ``ValueError``: in words, why there are none
    to be had; an empty result is no error."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        raise ValueError(f"answered {status}, and not with JSON") from None
    if not isinstance(answer, dict) or answer.get("status") != "success" or status != 200:
        error = answer.get("error") if isinstance(answer, dict) else None
        raise ValueError(f"answered {status}" + (f": {error}" if isinstance(error, str) else ""))
    try:
        data = answer["data"]
        kind, result = data["resultType"], data["result"]
        if kind == "scalar":
            return (Sample(float(result[1])),)
        if kind == "vector":
            return tuple(_sample(item) for item in result)
    except (LookupError, TypeError, ValueError, AttributeError):
        raise ValueError("the result is not one of numbers") from None
    raise ValueError(f"the result is a {kind}; the query must give a scalar or an instant vector")


def _sample(item: dict[str, Any]) -> Sample:
    return Sample(float(item["value"][1]), tuple(sorted(item["metric"].items())))


def total(samples: Iterable[Sample]) -> float:
    """How many samples a ``minSamples`` query counted: the sum, 0 for nothing at all."""
    return math.fsum(sample.value for sample in samples if math.isfinite(sample.value))


def judge_prometheus(
    samples: Sequence[Sample],
    condition: Condition,
    samples_count: float | None = None,
    min_samples: float | None = None,
) -> Answer:
    """Whether every one of ``samples`` meets a condition over ``result``.

    ``samples_count``: how much traffic there was, asked when ``min_samples`` is a bound for it.
    """
    if few := _too_few(samples_count, min_samples):
        return few
    if not samples:
        return inconclusive("the result is empty")
    try:
        for sample in samples:
            if not math.isnan(sample.value) and not condition.evaluate(result=sample.value):
                value = number(sample.value)
                return failed(f"{value}{sample.where}: not {condition.text}", value)
    except EvaluationError as error:
        return inconclusive(f"{condition.text}: {error}")
    unknown = next((sample for sample in samples if math.isnan(sample.value)), None)
    if unknown is not None:
        return inconclusive(f"the result{unknown.where} is NaN", "NaN")
    return passed(value=_span([sample.value for sample in samples]))


def judge_control_group(
    updated: Sequence[Sample],
    baseline: Sequence[Sample],
    condition: Condition,
    samples_count: float | None = None,
    min_samples: float | None = None,
) -> Answer:
    """Whether the updated instances do as well as those not updated yet.

    Each sample of ``updated`` is compared with the baseline's sample of the same labels, or with
    its only one when that has none, or when both sides have but one. When the condition does not
    hold but the baseline is bad as well (see ``bad_itself``), the trouble is not the update's:
    Inconclusive, not Fail, unless the updated instances show more than ten times as much of what
    should be little.
    """
    if few := _too_few(samples_count, min_samples):
        return few
    if not updated or not baseline:
        side = "updated instances" if not updated else "the baseline"
        return inconclusive(f"the result of {side} is empty")
    by_labels = {sample.labels: sample for sample in baseline}
    lone = baseline[0] if len(baseline) == 1 else None
    if lone is not None and lone.labels and len(updated) > 1:
        lone = None  # It is the counterpart of one of them, not of each.
    unclear: Answer | None = None
    for sample in updated:
        other = by_labels.get(sample.labels, lone)
        answer = (
            inconclusive(f"the baseline has no sample{sample.where}")
            if other is None
            else _compared(sample, other, condition)
        )
        if answer is None:
            continue
        if answer.verdict == "Fail":
            return answer
        unclear = unclear or answer
    if unclear is not None:
        return unclear
    values = (_span([s.value for s in group]) for group in (updated, baseline))
    return passed(value=" vs ".join(values))


def _compared(sample: Sample, other: Sample, condition: Condition) -> Answer | None:
    """One pair; None: it is well."""
    value = f"{number(sample.value)} vs {number(other.value)}"
    if math.isnan(sample.value) or math.isnan(other.value):
        return inconclusive(f"the result{sample.where} is NaN", value)
    try:
        if condition.evaluate(updated=sample.value, baseline=other.value):
            return None
        message = (
            f"updated {number(sample.value)}, baseline {number(other.value)}{sample.where}: "
            f"not {condition.text}"
        )
        blatant = _blatant(sample.value, other.value, condition)
        if not blatant and bad_itself(other.value, condition):
            return inconclusive(f"the baseline is bad as well: {message}", value)
        return failed(message, value)
    except EvaluationError as error:
        return inconclusive(f"{condition.text}: {error}", value)


def _blatant(updated: float, baseline: float, condition: Condition) -> bool:
    """Whether there is so much more of what the condition wants less of, as none of it tells."""
    if not updated > _BLATANT * baseline >= 0:
        return False
    # None is less than next to nothing, also where the condition is strict and the baseline 0.
    return condition.evaluate(updated=0.0, baseline=max(baseline, _TINY))


def bad_itself(baseline: float, condition: Condition) -> bool:
    """Whether the baseline would not pass either, were it the one that is judged.

    It would not when it fails beside itself (``updated < baseline && updated < 0.1``); nor when
    the condition has an absolute allowance (``+ 0.01``) and the baseline exceeds it beside an
    ideal baseline of 0. A condition without one, such as ``updated <= baseline * 1.5``, says
    nothing of what is bad by itself, so its baseline is never blamed for the second.
    """
    if not condition.evaluate(updated=baseline, baseline=baseline):
        return True
    allows = condition.evaluate(updated=_TINY, baseline=0.0)
    return allows and not condition.evaluate(updated=baseline, baseline=0.0)


def _too_few(count: float | None, least: float | None) -> Answer | None:
    if least is None:
        return None
    if count is None or math.isnan(count) or count < least:
        seen = number(count or 0.0)
        return inconclusive(f"NotEnoughSamples: {seen}, and at least {number(least)} are needed")
    return None


def number(value: float) -> str:
    """A number, short."""
    return f"{value:.6g}"


def _span(values: Sequence[float]) -> str:
    low, high = number(min(values)), number(max(values))
    return low if low == high else f"{low} to {high}"
