"""Conditions of gates: which compile, what they give, and where their errors are."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.api.gate import PrometheusProvider
from controller.core.verdicts.condition import (
    NAMES,
    ConditionError,
    EvaluationError,
    compile_condition,
    condition_of,
)
from tests.unit.growth import growth

RESULT = frozenset({"result"})


@pytest.mark.parametrize(
    ("text", "demand"),
    [
        ("result < 0.01", "must be < 0.01"),
        (" result>=99.5 ", "must be >= 99.5"),
        ("result == 0", "must be 0"),
        ("result != -1", "must be other than -1"),
        ("result > 0 &&\n  result < 1e3", "must meet result > 0 && result < 1e3"),
        ("updated <= baseline * 1.5", "must meet updated <= baseline * 1.5"),
    ],
)
def test_what_a_condition_demands_is_the_end_of_a_sentence(text: str, demand: str) -> None:
    assert compile_condition(text, NAMES).demand == demand


@pytest.mark.parametrize(
    ("text", "value", "holds"),
    [
        ("result < 0.01", 0.009, True),
        ("result < 0.01", 0.01, False),
        ("result < 1", 0.5, True),
        ("result >= 99 && result <= 100 || result == -1", 99.5, True),
        ("!(result * 2 - 1 > 3 / 2)", 1, True),
        ("result <\n 1e3 // so many", 999, True),
        ("result > 0 ? result < 10 : true", 20, False),
        ("int(result) == 1", 1.7, True),
        ("int(double(uint(result))) == 2 && 1u < 2u", 2, True),
        ("result\t< .5 || int (result) == 0x10 // 'not', [not], a.map(b, c)", 16, True),
        ("true && (false || int(result) % 2 == 0)", 16, True),
        ("1 / 2 > 0 && result < 1", 0, True),
        ("result < 1", math.inf, False),
        ("result < 1", math.nan, False),
    ],
)
def test_a_condition_is_true_or_false(text: str, value: float, holds: bool) -> None:
    assert compile_condition(text, RESULT).evaluate(result=value) is holds


@settings(deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(0, 10**6))
def test_an_integer_literal_is_compared_as_a_double(value: float, bound: int) -> None:
    condition = compile_condition(f"result < {bound}", RESULT)
    assert condition.evaluate(result=value) is (value < bound)


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("result <", 1, 9, "Syntax error: mismatched input '<EOF>'"),
        ("result < foo", 1, 10, "undeclared reference to 'foo'"),
        ("1 < 2 && 30 < foo", 1, 15, "undeclared reference to 'foo'"),
        ("1 < 2 &&\n 3 < 4 && foo", 2, 11, "undeclared reference to 'foo'"),
        ("result < 1u", 1, 8, "found no matching overload for '_<_' applied to '(double, uint)'"),
        ("result + 1", 1, 1, "it gives a double, not true or false"),
        ("updated < 1", 1, 1, "undeclared reference to 'updated'"),
    ],
)
def test_an_error_has_its_place(text: str, line: int, column: int, words: str) -> None:
    with pytest.raises(ConditionError) as caught:
        compile_condition(text, RESULT)
    error = caught.value
    assert (error.line, error.column, error.message) == (line, column, words)
    assert str(error) == f"line {line}, column {column}: {words}"


GROWING = "['" + "a" * 31 + "']" + ".map(a,a+a+a+a+a+a+a+a+a+a)" * 7 + "[0].size() > 0"


@pytest.mark.parametrize(
    ("text", "column", "what"),
    [
        ("result < '1'", 10, "'1'"),
        ('result < 1 || "a" == "b"', 15, '"a"'),
        ('result < 1 || r"""a"""', 16, '""'),
        ("b'a' == b'a'", 2, "'a'"),
        ("result < 1 || '", 15, "'"),
        ("result in [1, 2]", 11, "["),
        ("{1: 2}[1] == 2", 1, "{"),
        ("result < 1 || Foo{} == Foo{}", 18, "{"),
        ("result.size() < 1", 7, ".size"),
        ("1.5 .size() < 1", 5, ".size"),
        ("result. // so\n map(a, a) < 1", 7, "."),
        ("result.?a < 1", 7, "."),
        (".result < 1", 1, ".result"),
        ("size(1) < 1", 1, "size("),
        ("all // so\n(result) < 1", 1, "all("),
        ("has(result)", 1, "has("),
        ("dyn(true)", 1, "dyn("),
        ("string(result) == string(1)", 1, "string("),
        ("result in (result)", 8, "in("),
        ("int(result, 1) < 1", 11, ","),
        ("`a` < 1", 1, "`"),
        ("result < 1;", 11, ";"),
        (GROWING, 1, "["),
    ],
)
def test_only_numbers_are_allowed(text: str, column: int, what: str) -> None:
    with pytest.raises(ConditionError) as caught:
        compile_condition(text, RESULT)
    error = caught.value
    assert (error.line, error.column) == (1, column)
    assert error.message.startswith(f"`{what}` is refused: a condition may use only numbers")


@settings(deadline=None)
@given(st.text(max_size=40) | st.text("result<1.0 '[]{}(),/\n&|?:", max_size=40))
def test_any_text_compiles_or_is_refused(text: str) -> None:
    place = (1, 1)
    try:
        held = compile_condition(text, RESULT).evaluate(result=1.0)
    except ConditionError as error:
        held, place = False, (error.line, error.column)
    assert isinstance(held, bool)
    assert min(place) >= 1


def test_deeply_nested_conditions_are_refused() -> None:
    with pytest.raises(ConditionError):
        compile_condition("(" * 400 + "true" + ")" * 400, RESULT)


@pytest.mark.parametrize(
    "of",
    [
        lambda n: "!" * (11 * n) + "true",
        lambda n: "-" * (11 * n) + "1 < result",
        lambda n: "result<1?" * n + "true" + ":false" * n,
        lambda n: "||".join(["true"] * (2 * n)),
        lambda n: "int(" * (2 * n) + "result" + ")" * (2 * n) + "<1",
        lambda n: "result" + "*9" * (6 * n) + "<1",
    ],
)
def test_the_time_of_a_condition_grows_with_its_length(of: Callable[[int], str]) -> None:
    """Some parsers need twice as long for each further bracket."""

    def judged(length: int) -> None:
        with contextlib.suppress(ConditionError, EvaluationError):
            compile_condition(of(length), RESULT).evaluate(result=1)

    assert growth(lambda: judged(9), lambda: judged(90)) < 100


def test_a_condition_without_a_value_raises() -> None:
    with pytest.raises(EvaluationError):
        compile_condition("int(result) == 1", RESULT).evaluate(result=1e300)
    with pytest.raises(EvaluationError):
        compile_condition("result < 1", RESULT).evaluate()


def test_a_condition_knows_its_variables() -> None:
    assert compile_condition("result < 1", NAMES).uses == {"result"}
    both = compile_condition("updated < baseline * 1.5 + 0.01", NAMES)
    assert both.uses == {"updated", "baseline"}
    assert both.compares
    assert both.evaluate(updated=0.02, baseline=0.01)
    assert not compile_condition("1 < 2 // result", NAMES).uses


def provider(condition: str, query: str) -> PrometheusProvider:
    return PrometheusProvider(address="http://p", query=query, condition=condition)


UPDATED, BASELINE = "{{echelon.updated}}", "{{echelon.baseline}}"


@pytest.mark.parametrize(
    ("condition", "query"),
    [
        ("result < 1", "up"),
        ("result < 1", f"a{UPDATED}"),
        ("result < 1", f"a{UPDATED}b{BASELINE}"),
        ("updated < baseline", f"a{UPDATED}"),
        ("true || baseline > updated", f"a{UPDATED}"),
    ],
)
def test_condition_and_query_fit(condition: str, query: str) -> None:
    assert condition_of(provider(condition, query)).text == condition


@pytest.mark.parametrize(
    ("condition", "query", "column", "words"),
    [
        ("updated < result", f"a{UPDATED}", 11, "uses `result` together with"),
        ("true && updated < baseline", "up", 9, "query must contain {{echelon.updated}}"),
        ("true && updated < 1", f"a{UPDATED}", 9, "`updated` alone: use `result`.* or both"),
        ("baseline > 0.1", f"a{UPDATED}", 1, "`baseline` alone"),
        ("updated < baseline", f"a{BASELINE}", 1, "run once: use `result` in the condition"),
        ("updated < baseline", f"a{UPDATED}b{BASELINE}", 1, "run once: use `result`"),
    ],
)
def test_a_condition_that_does_not_fit_its_query_is_refused(
    condition: str, query: str, column: int, words: str
) -> None:
    with pytest.raises(ConditionError, match=words) as caught:
        condition_of(provider(condition, query))
    assert (caught.value.line, caught.value.column) == (1, column)
