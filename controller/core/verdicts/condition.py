"""Conditions of gates: CEL expressions over numbers. The gate passes if its condition is true.

All variables and number literals are doubles: ``result < 1`` means ``result < 1.0``. If that does
not compile, as in ``int(result) == 1``, the literals stay as they were written. Errors have line
and column, both counted from 1, columns in characters.

Strings, lists, maps and all functions except ``_CONVERSIONS`` are refused before the CEL library
reads the condition: with ``map``, a condition of 200 characters can use up all memory.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from cel_expr_python import cel as _library

from controller.api.gate import PrometheusProvider
from controller.core.cel import CelError, cleaned, first_error, place
from controller.core.verdicts.answer import one_line

#: The variables of a condition: the result of one query, or the two results of a control group.
RESULT: Final = "result"
UPDATED: Final = "updated"
BASELINE: Final = "baseline"
NAMES: Final = frozenset({RESULT, UPDATED, BASELINE})

UPDATED_PODS: Final = "{{echelon.updated}}"
BASELINE_PODS: Final = "{{echelon.baseline}}"

# The package has no type annotations.
_cel: Any = _library

_TOKEN: Final = re.compile(
    r"""(?P<skip>//[^\n]*|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')
      | (?P<name>(?:\.\s*)?[A-Za-z_]\w*)
      | (?P<number>0[xX][0-9a-fA-F]+|(?:\d+\.\d+|\.\d+|\d+)(?:[eE][+-]?\d+)?)(?P<unsigned>[uU]?)
      | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
#: Functions from number to number; they need no memory beyond their argument.
_CONVERSIONS: Final = frozenset({"double", "int", "uint"})
_OPERATORS: Final = frozenset("+-*/%<>=!&|?:()")
_SPACE: Final = frozenset(" \t\r\n\f")
_ALLOWED: Final = (
    "a condition may use only numbers, variables, true, false, + - * / %, comparisons, && || !, "
    "? :, parentheses, and double(), int() and uint()"
)
#: A condition that compares the result with one number.
_LIMIT: Final = re.compile(r"\s*result\s*(<=|>=|<|>|==|!=)\s*(-?[\d.]+(?:[eE][+-]?\d+)?)\s*")


class ConditionError(CelError):
    """A condition does not compile; the error has line and column."""


class EvaluationError(ArithmeticError):
    """A condition has no value for the given numbers."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A compiled condition. ``uses``: the variables in it."""

    text: str
    uses: frozenset[str]
    _program: Any = field(repr=False, compare=False)

    @property
    def compares(self) -> bool:
        """Whether the condition compares updated instances with a control group."""
        return not self.uses.isdisjoint((UPDATED, BASELINE))

    @property
    def demand(self) -> str:
        """What a value has to be, as the end of a sentence: ``must be < 0.01``."""
        if found := _LIMIT.fullmatch(self.text):
            sign = {"==": "", "!=": "other than "}.get(found[1], f"{found[1]} ")
            return f"must be {sign}{found[2]}"
        return f"must meet {' '.join(self.text.split())}"

    def evaluate(self, **values: float) -> bool:
        """Whether the condition is true. ``values``: a value for each variable in ``uses``. Raises
        ``EvaluationError``."""
        data = {name: float(values[name]) for name in self.uses if name in values}
        try:
            outcome = self._program.eval(data=data).plain_value()
        except RuntimeError as error:
            raise EvaluationError(cleaned(str(error))) from None
        if not isinstance(outcome, bool):
            raise EvaluationError(cleaned(str(outcome)))
        return outcome


@lru_cache(maxsize=256)
def compile_condition(text: str, names: frozenset[str]) -> Condition:
    """``text`` as a condition over ``names``. Raises ``ConditionError``."""
    _only_numbers(text)
    environment = _cel.NewEnv(variables=dict.fromkeys(sorted(names), _cel.Type.DOUBLE))
    doubles, inserted = _with_doubles(text)
    try:
        program = environment.compile(doubles)
    except RuntimeError as error:
        try:
            program = environment.compile(text)
        except RuntimeError:
            raise ConditionError(*first_error(str(error), inserted)) from None
    kind = program.return_type().name()
    if kind.lower() != "bool":
        raise ConditionError(f"it gives a {kind.lower()}, not true or false")
    uses = frozenset(name for name, _ in _mentions(text) if name in names)
    return Condition(text, uses, program)


def condition_of(gate: PrometheusProvider) -> Condition:
    """The condition of a prometheus gate, checked against the gate's query.

    With ``result`` the query is run once. With ``updated`` and ``baseline`` the gate has a control
    group: the query must contain ``{{echelon.updated}}`` and is run twice, with the updated pods
    and with the baseline's pods. Raises ``ConditionError``.
    """
    condition = compile_condition(gate.condition, NAMES)
    if not condition.compares:
        return condition
    places = dict(reversed(list(_mentions(gate.condition))))
    if RESULT in condition.uses:
        raise ConditionError(
            "it uses `result` together with `updated` or `baseline`: use `result` for one query, "
            "or both `updated` and `baseline` for a control group",
            *place(gate.condition, places[RESULT]),
        )
    at = place(gate.condition, min(places[name] for name in condition.uses))
    if len(condition.uses) == 1:
        raise ConditionError(
            f"it uses `{next(iter(condition.uses))}` alone: use `result` for one query, or both "
            "`updated` and `baseline` for a control group",
            *at,
        )
    if BASELINE_PODS in gate.query:
        raise ConditionError(
            f"the query contains {BASELINE_PODS}, so it is run once: use `result` in the condition",
            *at,
        )
    if UPDATED_PODS not in gate.query:
        raise ConditionError(
            f"it uses `updated` and `baseline`, so the query must contain {UPDATED_PODS}, which "
            "stands for the pods",
            *at,
        )
    return condition


def _only_numbers(text: str) -> None:
    """Raise ``ConditionError`` at the first token that an expression over numbers cannot have."""
    name, at = "", 0
    for token in _TOKEN.finditer(text):
        part = token[0]
        if part.startswith("//") or part in _SPACE:
            continue
        if part == "(" and name and name not in _CONVERSIONS:
            raise ConditionError(f"`{name}(` is refused: {_ALLOWED}", *place(text, at))
        name, at = token["name"] or "", token.start()
        field = name.startswith(".")
        if field or not (name or token["number"] or part in _OPERATORS):
            part = one_line(part, 20)
            raise ConditionError(f"`{part}` is refused: {_ALLOWED}", *place(text, at))


def _mentions(text: str) -> Iterator[tuple[str, int]]:
    """The names in the text, each with the index of its first character."""
    for token in _TOKEN.finditer(text):
        if token["name"]:
            yield token["name"], token.start()


def _with_doubles(text: str) -> tuple[str, list[tuple[int, int]]]:
    """``text`` with integer literals turned into doubles, and the places (line, column in the new
    text) of what was inserted."""
    parts: list[str] = []
    inserted = []
    line, column = 1, 1
    for token in _TOKEN.finditer(text):
        part = token[0]
        if part.isascii() and part.isdigit():
            inserted.append((line, column + len(part)))
            part += ".0"
        parts.append(part)
        if breaks := part.count("\n"):
            line, column = line + breaks, 1
            part = part[part.rindex("\n") + 1 :]
        column += len(part)
    return "".join(parts), inserted
