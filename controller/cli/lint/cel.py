"""The CEL rules of the CRDs, evaluated offline.

They are our own rules over a user's object, so unlike conditions of gates they need no guard.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import lru_cache
from typing import Any, Final

from cel_expr_python import cel as _library

from controller.api.schema import Schema
from controller.cli.lint.findings import Problem, dotted, unprefixed
from controller.cli.yaml_nodes import Path, steps

# The package has no type annotations.
_cel: Any = _library

_RULES: Final = "x-kubernetes-validations"
#: Rules with this name compare with the object that is stored; a new object has none.
_BEFORE: Final = "oldSelf"


def problems(
    schema: Schema, value: Any, wrong: Collection[Path], path: Path = ()
) -> Iterator[Problem]:
    """The rules that do not hold. ``value`` has its defaults. ``wrong``: paths at which the schema
    does not hold; a rule about such a field is not evaluated."""
    for rule in schema.get(_RULES, ()):
        field = (*path, *steps(rule.get("fieldPath", "").lstrip(".")))
        if _BEFORE in rule["rule"] or path in wrong or field in wrong:
            continue
        if not _holds(rule["rule"], value):
            yield Problem(field, unprefixed(rule["message"], dotted(field)))
    if isinstance(value, dict):
        for name, node in schema.get("properties", {}).items():
            if name in value:
                yield from problems(node, value[name], wrong, (*path, name))
    elif isinstance(value, list) and "items" in schema:
        for index, item in enumerate(value):
            yield from problems(schema["items"], item, wrong, (*path, index))


def _holds(rule: str, value: Any) -> bool:
    try:
        return _program(rule).eval(data={"self": value}).plain_value() is not False
    except RuntimeError:
        # A field that it needs is absent or has another type, which the schema says, too.
        return True


@lru_cache(maxsize=256)
def _program(rule: str) -> Any:
    return _cel.NewEnv(variables={"self": _cel.Type.DYN}).compile(rule)
