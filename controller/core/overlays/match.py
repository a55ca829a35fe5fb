"""``match`` of an overlay: a CEL expression that is true for the instances that it applies to.

Variables are ``instance`` (int), ``job`` and ``namespace`` (strings). A match must have a value for
each id that an instance can have, so it is evaluated for all of them at once: in the library, by a
filter over a part of the ids, because a call of the library for each id takes a hundred times as
long.

Functions but those of ``_FUNCTIONS``, maps, fields and strings of other forms than ``"a"`` and
``'a'`` are refused before the library reads the expression. With ``map``, an expression of 200
characters can use up all memory; with ``matches``, whose pattern the library reads anew for each
id, a minute. What is left takes time and memory in proportion to its length.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import chain
from typing import Any, Final

from controller.api.ids import MAX_ID, Ids
from controller.core.cel import CelError, cleaned, first_error, place

_TOKEN: Final = re.compile(
    r"""(?P<skip>\s+|//[^\n]*)
      | (?P<refused>[A-Za-z_]\w*["']|\"{3}|'{3})
      | (?P<string>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')
      | (?P<name>\.?\s*[A-Za-z_]\w*)
      | (?P<number>(?:\d+(?:\.\d+)?|\.\d+)\w*)
      | (?P<operator>[-+*/%<>=!&|?:(),\[\]])
      | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_FUNCTIONS: Final = frozenset(
    {"contains", "double", "endsWith", "in", "int", "size", "startsWith", "string", "uint"}
)
_ALLOWED: Final = (
    "a match may use only instance, job, namespace, numbers, strings, lists, operators, and "
    f"{', '.join(sorted(_FUNCTIONS - {'in'}))}"
)
#: So many ids are filtered at once; the time that the library takes grows with the square of it.
_PART: Final = 200
#: CEL reserves the word ``namespace``. The library gets another one, of the same length, so that
#: columns in its messages stay right.
_NAMESPACE: Final = "namespace"
_INNER: Final = "Namespace"
#: An error of the expression as a whole has no line and column.
_WHOLE: Final = (0, 0)


class MatchError(CelError):
    """A match does not compile, or has no value for some instance."""


@lru_cache(maxsize=256)
def matched(text: str, job: str, namespace: str) -> Ids:
    """The ids 0..9999 for which a match is true. Raises ``MatchError``."""
    text = _allowed(text)
    cel = _library()
    names = {"job": cel.Type.STRING, _INNER: cel.Type.STRING}
    alone = _compiled(cel, text, {"instance": cel.Type.INT, **names})
    kind = alone.return_type().name().lower()
    if kind != "bool":
        raise MatchError(f"it gives a {kind}, not true or false", *_WHOLE)
    # The line break ends a comment.
    whole = _compiled(
        cel, f"ids.filter(instance, ({text}\n))", {"ids": cel.Type.List(cel.Type.INT), **names}
    )
    values = {"job": job, _INNER: namespace}
    parts = []
    for start in range(0, MAX_ID + 1, _PART):
        ids = list(range(start, min(start + _PART, MAX_ID + 1)))
        found = _value(whole, {"ids": ids, **values})
        if not isinstance(found, list):
            raise _failure(alone, ids, values)
        parts.append(found)
    return Ids(chain.from_iterable(parts))


def _library() -> Any:
    # Most Jobs have no match, and some programs that import this module never evaluate one.
    from cel_expr_python import cel

    return cel


def _compiled(cel: Any, text: str, variables: dict[str, Any]) -> Any:
    try:
        return cel.NewEnv(variables=variables).compile(text)
    except RuntimeError as error:
        raise MatchError(*first_error(str(error))) from None


def _value(program: Any, data: dict[str, Any]) -> Any:
    """The value of an expression; a string if there is none: why."""
    try:
        return program.eval(data=data).plain_value()
    except RuntimeError as error:
        return str(error)


def _failure(program: Any, ids: list[int], values: dict[str, str]) -> MatchError:
    for instance in ids:
        found = _value(program, {"instance": instance, **values})
        if not isinstance(found, bool):
            why = cleaned(str(found))
            return MatchError(f"it has no value for instance {instance}: {why}", *_WHOLE)
    return MatchError(f"it has no value for some of {ids[0]} to {ids[-1]}", *_WHOLE)


def _allowed(text: str) -> str:
    """The expression for the library. Raises ``MatchError`` at the first token that a match must
    not have."""
    tokens = list(_TOKEN.finditer(text))
    real = [token for token in tokens if not token["skip"]]
    for token, after in zip(real, [*real[1:], None], strict=True):
        name = (token["name"] or "").removeprefix(".").strip()
        called = after is not None and after[0] == "("
        wrong = name not in _FUNCTIONS if called else token[0].startswith(".") or name == _INNER
        if token["refused"] or token["other"] or (name and wrong):
            part = f"{token[0]}(" if name and called else token[0]
            raise MatchError(f"`{part[:20]}` is refused: {_ALLOWED}", *place(text, token.start()))
    return "".join(_INNER if token["name"] == _NAMESPACE else token[0] for token in tokens)
