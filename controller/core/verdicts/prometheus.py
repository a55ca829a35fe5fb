"""How the response of a Prometheus server becomes the answer of a gate. All functions are pure.

A sample for which the condition is false fails the gate. No sample, NaN, too little traffic or an
unreadable response is Inconclusive: ``read`` raises ``ValueError`` with the message, the functions
that judge never raise.
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

#: A value just above 0: a condition with an absolute allowance accepts it beside a baseline of 0.
_TINY: Final = 1e-12
#: Above this many times the value of a bad baseline, the Update is to blame nevertheless.
_BLATANT: Final = 10.0


@dataclass(frozen=True, slots=True)
class Sample:
    """One number of an instant vector; a scalar has no labels."""

    value: float
    labels: Labels = ()

    @property
    def where(self) -> str:
        """The labels for a message: ``" of {code=500}"``; "" without labels."""
        inner = ", ".join(f"{name}={value}" for name, value in self.labels)
        return f" of {{{one_line(inner, 100)}}}" if inner else ""


def read(status: int, body: bytes) -> tuple[Sample, ...]:
    """The samples in a response of ``/api/v1/query``; an empty result is no error. Raises
    ``ValueError`` with a message if the response cannot be read."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        raise ValueError(f"answered {status}, without JSON") from None
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
        raise ValueError("the result has values that are not numbers") from None
    raise ValueError(f"the result is a {kind}; the query must give a scalar or an instant vector")


def _sample(item: dict[str, Any]) -> Sample:
    return Sample(float(item["value"][1]), tuple(sorted(item["metric"].items())))


def total(samples: Iterable[Sample]) -> float:
    """The result of a ``minSamples`` query: the sum of its samples, 0 without samples."""
    return math.fsum(sample.value for sample in samples if math.isfinite(sample.value))


def judge_prometheus(
    samples: Sequence[Sample],
    condition: Condition,
    samples_count: float | None = None,
    min_samples: float | None = None,
) -> Answer:
    """The answer of a gate whose condition uses ``result``: every sample must meet the condition.

    ``samples_count``: the result of the ``minSamples`` query; ``min_samples``: its lower bound.
    Both are None if the gate has no ``minSamples``.
    """
    if few := _too_few(samples_count, min_samples):
        return few
    if not samples:
        return inconclusive("the result is empty")
    try:
        for sample in samples:
            if not math.isnan(sample.value) and not condition.evaluate(result=sample.value):
                value = number(sample.value)
                return failed(f"{value}{sample.where}, but {condition.demand}", value)
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
    """The answer of a gate whose condition compares updated instances with the baseline.

    Each sample of ``updated`` is compared with the baseline's sample that has the same labels. The
    baseline's only sample is used for all if it has no labels, or if each side has one sample. If
    the condition is false but the baseline is bad as well (see ``bad_itself``), the Update is not
    the cause: Inconclusive, not Fail. If the condition wants small values, Fail nevertheless when
    the updated value is more than ten times that of the baseline.
    """
    if few := _too_few(samples_count, min_samples):
        return few
    if not updated or not baseline:
        side = "updated instances" if not updated else "the baseline"
        return inconclusive(f"the result of {side} is empty")
    by_labels = {sample.labels: sample for sample in baseline}
    lone = baseline[0] if len(baseline) == 1 else None
    if lone is not None and lone.labels and len(updated) > 1:
        lone = None  # A labelled sample can match one updated sample, not all of them.
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
    """The answer about one pair of samples; None if the condition is true."""
    value = f"{number(sample.value)} vs {number(other.value)}"
    if math.isnan(sample.value) or math.isnan(other.value):
        return inconclusive(f"the result{sample.where} is NaN", value)
    try:
        if condition.evaluate(updated=sample.value, baseline=other.value):
            return None
        message = (
            f"updated {number(sample.value)}, baseline {number(other.value)}{sample.where}, "
            f"but {condition.demand}"
        )
        blatant = _blatant(sample.value, other.value, condition)
        if not blatant and bad_itself(other.value, condition):
            return inconclusive(f"the baseline is bad as well: {message}", value)
        return failed(message, value)
    except EvaluationError as error:
        return inconclusive(f"{condition.text}: {error}", value)


def _blatant(updated: float, baseline: float, condition: Condition) -> bool:
    """Whether the condition wants small values and ``updated`` is more than ten times the
    baseline."""
    if not updated > _BLATANT * baseline >= 0:
        return False
    # It wants small values if it accepts 0. With a baseline of 0, a strict condition would not.
    return condition.evaluate(updated=0.0, baseline=max(baseline, _TINY))


def bad_itself(baseline: float, condition: Condition) -> bool:
    """Whether the baseline would not pass if it were judged in place of the updated instances.

    There are two cases: the condition is false when the baseline is compared with itself (``updated
    < baseline && updated < 0.1``); or the condition has an absolute allowance (``+ 0.01``), and the
    baseline exceeds it when compared with 0. A purely relative condition, such as ``updated <=
    baseline * 1.5``, has no such allowance, so the second case does not apply to it.
    """
    if not condition.evaluate(updated=baseline, baseline=baseline):
        return True
    allows = condition.evaluate(updated=_TINY, baseline=0.0)
    return allows and not condition.evaluate(updated=baseline, baseline=0.0)


def _too_few(count: float | None, least: float | None) -> Answer | None:
    if least is None:
        return None
    if count is None or math.isnan(count) or count < least:
        message = f"{number(count or 0.0)}, and at least {number(least)} are needed"
        return inconclusive(f"NotEnoughSamples: {message}")
    return None


def number(value: float) -> str:
    """A number with at most 6 digits, for a message."""
    return f"{value:.6g}"


def _span(values: Sequence[float]) -> str:
    low, high = number(min(values)), number(max(values))
    return low if low == high else f"{low} to {high}"
