"""Conditions of gates: CEL expressions over numbers, compiled once, true when the gate passes.

All variables and all number literals are doubles: ``result < 1`` means ``result < 1.0`` (where
that does not compile, as in ``int(result) == 1``, the literals are taken as written). Errors name
line and column, both from 1, columns in characters. The library of CEL is seen only here.

Texts, lists, maps and calls but those of ``_CONVERSIONS`` are refused before CEL sees them: with
``map`` a text of 200 characters can ask for all the memory there is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from cel_expr_python import cel as _library

from controller.api.gate import PrometheusProvider
from controller.core.verdicts.answer import one_line

#: What a condition may speak of: one query's result, or those of a control group.
RESULT: Final = "result"
UPDATED: Final = "updated"
BASELINE: Final = "baseline"
NAMES: Final = frozenset({RESULT, UPDATED, BASELINE})

UPDATED_PODS: Final = "{{echelon.updated}}"
BASELINE_PODS: Final = "{{echelon.baseline}}"

# The package has no annotations that could be found.
_cel: Any = _library

_TOKEN: Final = re.compile(
    r"""(?P<skip>//[^\n]*|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')
      | (?P<name>(?:\.\s*)?[A-Za-z_]\w*)
      | (?P<number>0[xX][0-9a-fA-F]+|(?:\d+\.\d+|\.\d+|\d+)(?:[eE][+-]?\d+)?)(?P<unsigned>[uU]?)
      | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
#: Functions from number to number, which take no more room than what they are given.
_CONVERSIONS: Final = frozenset({"double", "int", "uint"})
_OPERATORS: Final = frozenset("+-*/%<>=!&|?:()")
_SPACE: Final = frozenset(" \t\r\n\f")
_ALLOWED: Final = (
    "a condition has only numbers, variables, true and false, + - * / %, comparisons, && || !, "
    "? :, parentheses, and double(), int() and uint()"
)
_ERROR: Final = re.compile(r"ERROR: <input>:(\d+):(\d+): ([^\n]*)")
_NOISE: Final = re.compile(r"^[A-Z_]+: | \(in container ''\)| \[[A-Z_]+\]$| expecting \{.*\}")


class ConditionError(ValueError):
    """A condition that does not compile, with the place."""

    def __init__(self, message: str, line: int = 1, column: int = 1) -> None:
        super().__init__(f"line {line}, column {column}: {message}")
        self.message = message
        self.line = line
        self.column = column


class EvaluationError(ArithmeticError):
    """A condition that has no value for these numbers."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A compiled condition. ``uses``: the variables it speaks of."""

    text: str
    uses: frozenset[str]
    _program: Any = field(repr=False, compare=False)

    @property
    def compares(self) -> bool:
        """Whether it compares updated instances with a control group."""
        return not self.uses.isdisjoint((UPDATED, BASELINE))

    def evaluate(self, **values: float) -> bool:
        """Whether it holds for a value of each variable it uses. Raises ``EvaluationError``."""
        data = {name: float(values[name]) for name in self.uses if name in values}
        try:
            outcome = self._program.eval(data=data).plain_value()
        except RuntimeError as error:
            raise EvaluationError(_clean(str(error))) from None
        if not isinstance(outcome, bool):
            raise EvaluationError(_clean(str(outcome)))
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
            raise _error(str(error), inserted) from None
    kind = program.return_type().name()
    if kind.lower() != "bool":
        raise ConditionError(f"it gives a {kind.lower()}, not true or false")
    uses = frozenset(name for name, _ in _mentions(text) if name in names)
    return Condition(text, uses, program)


def condition_of(gate: PrometheusProvider) -> Condition:
    """The condition of a prometheus gate, which must fit its query. Raises ``ConditionError``.

    Over ``result`` the query is asked once. Over ``updated`` and ``baseline`` it is a control
    group: the query, which names the pods as ``{{echelon.updated}}``, is asked once more with the
    baseline's pods in their place.
    """
    condition = compile_condition(gate.condition, NAMES)
    if not condition.compares:
        return condition
    places = dict(reversed(list(_mentions(gate.condition))))
    if RESULT in condition.uses:
        raise ConditionError(
            "it speaks of `result` as well as of `updated` or `baseline`; the first is for one "
            "query, the others for a control group",
            *_place(gate.condition, places[RESULT]),
        )
    at = _place(gate.condition, min(places[name] for name in condition.uses))
    if len(condition.uses) == 1:
        raise ConditionError(
            f"it speaks of `{next(iter(condition.uses))}` alone, which compares nothing: speak of "
            "`result`, or of both `updated` and `baseline`",
            *at,
        )
    if BASELINE_PODS in gate.query:
        raise ConditionError(
            f"a query with {BASELINE_PODS} in it is asked once: its condition speaks of `result`",
            *at,
        )
    if UPDATED_PODS not in gate.query:
        raise ConditionError(
            f"`updated` and `baseline` need {UPDATED_PODS} in the query, for the pods to ask about",
            *at,
        )
    return condition


def _only_numbers(text: str) -> None:
    """Raise ``ConditionError`` at what is no part of an expression over numbers."""
    name, at = "", 0
    for token in _TOKEN.finditer(text):
        part = token[0]
        if part.startswith("//") or part in _SPACE:
            continue
        if part == "(" and name and name not in _CONVERSIONS:
            raise ConditionError(f"`{name}(` is refused: {_ALLOWED}", *_place(text, at))
        name, at = token["name"] or "", token.start()
        field = name.startswith(".")
        if field or not (name or token["number"] or part in _OPERATORS):
            part = one_line(part, 20)
            raise ConditionError(f"`{part}` is refused: {_ALLOWED}", *_place(text, at))


def _mentions(text: str) -> Iterator[tuple[str, int]]:
    """The names in it, and where they start."""
    for token in _TOKEN.finditer(text):
        if token["name"]:
            yield token["name"], token.start()


def _with_doubles(text: str) -> tuple[str, list[tuple[int, int]]]:
    """``text`` with whole numbers made doubles, and where (line, column there) that was done."""
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


def _place(text: str, at: int) -> tuple[int, int]:
    return text.count("\n", 0, at) + 1, at - (text.rfind("\n", 0, at) + 1) + 1


def _error(text: str, inserted: list[tuple[int, int]]) -> ConditionError:
    """The first error that the library names, at its place in what was written."""
    found = _ERROR.search(text)
    if found is None:
        return ConditionError(_clean(text))
    line, column = int(found[1]), int(found[2])
    shift = sum(2 for where in inserted if where[0] == line and where[1] < column)
    return ConditionError(_clean(found[3]), line, column - shift)


def _clean(text: str) -> str:
    return _NOISE.sub("", text.split("\n", 1)[0])
