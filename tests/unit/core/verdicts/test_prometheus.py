"""Answers of prometheus gates: one query, and a control group."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.core.verdicts.answer import Answer, Verdict
from controller.core.verdicts.condition import NAMES, compile_condition
from controller.core.verdicts.prometheus import (
    Sample,
    bad_itself,
    judge_control_group,
    judge_prometheus,
    read,
    total,
)

PASS, FAIL, INCONCLUSIVE = Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE
LOW = compile_condition("result < 0.01", NAMES)
GROUP = compile_condition("updated < baseline * 1.5 + 0.01", NAMES)


def success(kind: str, result: Any) -> bytes:
    answer = {"status": "success", "data": {"resultType": kind, "result": result}}
    return json.dumps(answer).encode()


def samples(*values: float) -> tuple[Sample, ...]:
    return tuple(Sample(value, (("pod", f"web-{i}"),)) for i, value in enumerate(values))


def test_a_vector_is_read() -> None:
    body = success(
        "vector",
        [
            {"metric": {"pod": "a", "code": "500"}, "value": [1.5, "0.25"]},
            {"metric": {}, "value": [1.5, "+Inf"]},
        ],
    )
    assert read(200, body) == (
        Sample(0.25, (("code", "500"), ("pod", "a"))),
        Sample(math.inf),
    )
    assert read(200, success("vector", [])) == ()


def test_a_scalar_is_read() -> None:
    assert read(200, success("scalar", [1.5, "3"])) == (Sample(3.0),)
    assert math.isnan(read(200, success("scalar", [1.5, "NaN"]))[0].value)


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (502, b"<html>", "answered 502, without JSON"),
        (400, b'{"status": "error", "error": "parse error at 1:2"}', "answered 400: parse error"),
        (200, b"[]", "answered 200"),
        (200, success("matrix", []), "the result is a matrix"),
        (200, success("string", [1, "x"]), "the result is a string"),
        (200, success("vector", [{"metric": {}, "histogram": []}]), "values that are not numbers"),
        (200, success("vector", [1]), "values that are not numbers"),
        (200, success("vector", None), "values that are not numbers"),
        (200, b'{"status": "success"}', "values that are not numbers"),
    ],
)
def test_an_unreadable_response_raises_with_the_reason(
    status: int, body: bytes, words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        read(status, body)


def test_every_sample_must_pass() -> None:
    assert judge_prometheus(samples(0.001, 0.002), LOW) == Answer(PASS, "", "0.001 to 0.002")
    answer = judge_prometheus(samples(0.001, 0.5), LOW)
    assert answer == Answer(FAIL, "0.5 of {pod=web-1}, but must be < 0.01", "0.5")


def test_nothing_and_nan_are_inconclusive() -> None:
    assert judge_prometheus((), LOW).message == "the result is empty"
    assert judge_prometheus(samples(0.0, math.nan), LOW) == Answer(
        INCONCLUSIVE, "the result of {pod=web-1} is NaN", "NaN"
    )
    # One bad sample fails the gate, even if another is NaN.
    assert judge_prometheus(samples(math.nan, 1.0), LOW).verdict is FAIL


def test_nan_is_inconclusive_even_if_the_condition_is_true_for_it() -> None:
    always = compile_condition("!(result > 1)", NAMES)
    assert judge_prometheus((Sample(math.nan),), always).verdict is INCONCLUSIVE


@pytest.mark.parametrize("count", [None, 0.0, 99.0, math.nan])
def test_too_little_traffic_is_inconclusive(count: float | None) -> None:
    for values in ((), (0.0,), (1.0,)):
        answer = judge_prometheus(samples(*values), LOW, count, 100)
        assert answer.verdict is INCONCLUSIVE
        assert answer.message.startswith("NotEnoughSamples")


def test_enough_traffic_counts() -> None:
    assert judge_prometheus(samples(0.0), LOW, 100, 100).verdict is PASS
    assert total((Sample(1), Sample(2), Sample(math.nan))) == 3
    assert total(()) == 0


def test_a_condition_without_a_value_is_inconclusive() -> None:
    whole = compile_condition("int(result) == 1", NAMES)
    assert judge_prometheus((Sample(1e300),), whole).verdict is INCONCLUSIVE


@settings(deadline=None)
@given(st.lists(st.floats(), max_size=5))
def test_any_vector_has_a_verdict(values: list[float]) -> None:
    verdict = judge_prometheus(samples(*values), LOW).verdict
    if any(value >= 0.01 for value in values):
        assert verdict is FAIL
    elif not values or any(math.isnan(value) for value in values):
        assert verdict is INCONCLUSIVE
    else:
        assert verdict is PASS


@pytest.mark.parametrize(
    ("updated", "baseline", "verdict"),
    [
        (0.0, 0.0, PASS),
        (0.02, 0.01, PASS),
        (0.5, 0.0, FAIL),
        (0.5, 0.005, FAIL),
        # Both are bad: the Update is not the cause.
        (0.9, 0.5, INCONCLUSIVE),
        (0.5, 0.2, INCONCLUSIVE),
        # A baseline that is slightly bad does not excuse very bad updated instances.
        (0.9, 0.02, FAIL),
        (math.nan, 0.0, INCONCLUSIVE),
        (0.0, math.nan, INCONCLUSIVE),
    ],
)
def test_a_control_group(updated: float, baseline: float, verdict: Verdict) -> None:
    answer = judge_control_group((Sample(updated),), (Sample(baseline),), GROUP)
    assert answer.verdict is verdict


@pytest.mark.parametrize(
    "text", ["updated < baseline", "updated < baseline * 1.5", "updated / baseline < 1.5"]
)
def test_a_baseline_of_0_excuses_nothing(text: str) -> None:
    relative = compile_condition(text, NAMES)
    assert judge_control_group((Sample(0.3),), (Sample(0.0),), relative).verdict is FAIL


def test_an_answer_about_a_control_group_names_both_values() -> None:
    answer = judge_control_group((Sample(0.9),), (Sample(0.5),), GROUP)
    assert answer.value == "0.9 vs 0.5"
    assert answer.message == (
        "the baseline is bad as well: updated 0.9, baseline 0.5, "
        "but must meet updated < baseline * 1.5 + 0.01"
    )


@pytest.mark.parametrize(
    ("condition", "baseline", "bad"),
    [
        ("updated < baseline * 1.5 + 0.01", 0.5, True),
        ("updated < baseline * 1.5 + 0.01", 0.005, False),
        # Purely relative: no baseline is bad by itself.
        ("updated <= baseline * 1.5", 0.5, False),
        ("updated < baseline + 0.1 && updated < 0.3", 0.5, True),
        ("updated < baseline + 0.1 && updated < 0.3", 0.05, False),
        # More is better.
        ("updated > baseline * 0.95", 0.99, False),
        ("updated > baseline - 0.05 && updated > 0.9", 0.5, True),
        ("updated > baseline - 0.05 && updated > 0.9", 0.99, False),
    ],
)
def test_when_a_baseline_is_bad_itself(condition: str, baseline: float, bad: bool) -> None:
    assert bad_itself(baseline, compile_condition(condition, NAMES)) is bad


def test_samples_are_compared_by_their_labels() -> None:
    updated_samples = (Sample(0.5, (("code", "500"),)), Sample(0.0, (("code", "404"),)))
    baseline_samples = (Sample(0.0, (("code", "404"),)), Sample(0.4, (("code", "500"),)))
    assert judge_control_group(updated_samples, baseline_samples, GROUP).verdict is PASS
    lone = judge_control_group(
        updated_samples, (baseline_samples[0], Sample(0.0, (("code", "503"),))), GROUP
    )
    assert lone.message == "the baseline has no sample of {code=500}"


@pytest.mark.parametrize(
    ("updated", "baseline", "verdict"),
    [
        # A sample without a counterpart of the same labels is not compared with another one.
        ({"200": 0.9, "500": 0.3}, {"200": 0.9}, INCONCLUSIVE),
        ({"slow": 0.03, "a": 0.0}, {"a": 0.0}, INCONCLUSIVE),
        # One bad sample fails the gate.
        ({"slow": 0.03, "a": 0.5}, {"a": 0.0}, FAIL),
        ({"slow": 0.03}, {"slow": 0.03, "a": 0.0}, PASS),
        # One sample on each side, or one baseline sample without labels for all.
        ({"new": 0.5}, {"old": 0.0}, FAIL),
        ({"new": 0.0}, {"old": 0.0}, PASS),
        ({"a": 0.0, "b": 0.5}, {"": 0.0}, FAIL),
        ({"a": 0.0, "b": 0.01}, {"": 0.01}, PASS),
    ],
)
def test_a_lone_sample_of_the_baseline(
    updated: dict[str, float], baseline: dict[str, float], verdict: Verdict
) -> None:
    updated_samples, baseline_samples = (
        tuple(Sample(value, (("l", label),) if label else ()) for label, value in group.items())
        for group in (updated, baseline)
    )
    assert judge_control_group(updated_samples, baseline_samples, GROUP).verdict is verdict


@pytest.mark.parametrize(
    ("updated", "baseline", "verdict"),
    [
        # The baseline is dead: updated instances that are better, but still bad, do not fail.
        (0.6, 0.0, INCONCLUSIVE),
        (0.6, 0.05, INCONCLUSIVE),
        (0.2, 0.5, INCONCLUSIVE),
        (0.0, 0.0, INCONCLUSIVE),
        (0.5, 0.99, FAIL),
        (0.97, 0.99, PASS),
    ],
)
def test_where_more_is_better(updated: float, baseline: float, verdict: Verdict) -> None:
    share = compile_condition("updated >= baseline - 0.05 && updated > 0.9", NAMES)
    answer = judge_control_group((Sample(updated),), (Sample(baseline),), share)
    assert answer.verdict is verdict


def test_a_control_group_needs_both_sides_and_traffic() -> None:
    one = (Sample(0.0),)
    assert "updated" in judge_control_group((), one, GROUP).message
    assert "baseline" in judge_control_group(one, (), GROUP).message
    assert "NotEnoughSamples" in judge_control_group(one, one, GROUP, 5, 6).message
