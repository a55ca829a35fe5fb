"""What the operator refuses in gates although the schema allows it, all placeholders, and URLs that
nobody can answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, Final
from urllib.parse import urlsplit

from pydantic import ValidationError

from controller.api.gate import Gate, PrometheusProvider
from controller.cli.lint.findings import Problem, warning
from controller.cli.yaml_nodes import Path
from controller.core.revisions.placeholders import NAMES
from controller.core.verdicts import validation
from controller.core.verdicts.condition import ConditionError, condition_of

_PLACEHOLDER: Final = re.compile(r"\{\{\s*echelon\.[^{}]*\}\}")
#: The placeholders of a pod template, and those of a gate's texts.
OF_PODS: Final = NAMES
OF_GATES: Final = ("job", "namespace", "revision", "digest", "updated", "baseline")
_POD_IP: Final = "podIP"
#: Where a gate has a URL.
_URLS: Final = (("prometheus", "address"), ("http", "url"), ("webhook", "url"))


def problems(gates: Any, path: Path) -> Iterator[Problem]:
    """The problems of a list of gates; parts of a wrong shape are the schema's business."""
    found = list(enumerate(gates)) if isinstance(gates, list) else []
    for index, gate in found:
        if isinstance(gate, dict):
            yield from _condition(gate, (*path, index))
            yield from _texts(gate, (*path, index))
            yield from _urls(gate, (*path, index))
    yield from _room([gate for _, gate in found], path)


def placeholders(
    value: Any, known: tuple[str, ...], path: Path, say: Callable[[Path, str], Problem] = warning
) -> Iterator[Problem]:
    """Placeholders in the strings of ``value`` that are not replaced. ``say`` makes the problem of
    one that does not exist."""
    if isinstance(value, str):
        for found in sorted(set(_PLACEHOLDER.findall(value))):
            if (words := _wrong(found, known)) is not None:
                yield say(path, words)
    elif isinstance(value, dict):
        for key, each in value.items():
            if _PLACEHOLDER.search(key):
                yield warning((*path, key), "placeholders in keys are not replaced, only in values")
            yield from placeholders(each, known, (*path, key), say)
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from placeholders(each, known, (*path, index), say)


def _wrong(found: str, known: tuple[str, ...]) -> str | None:
    """Why this placeholder is not replaced; None if it is."""
    name = found.strip("{} ").removeprefix("echelon.")
    if name in known:
        return None
    names = ", ".join(f"{{{{echelon.{each}}}}}" for each in known)
    return f"{found} is not replaced here; there are {names}"


def _condition(gate: dict[str, Any], path: Path) -> Iterator[Problem]:
    try:
        condition_of(PrometheusProvider.model_validate(gate.get("prometheus")))
    except ValidationError:
        return
    except ConditionError as error:
        yield Problem((*path, "prometheus", "condition"), str(error))


def _texts(gate: dict[str, Any], path: Path) -> Iterator[Problem]:
    for provider in ("prometheus", "webhook", "job", "http"):
        known = (*OF_GATES, _POD_IP) if provider == "http" else OF_GATES
        yield from placeholders(gate.get(provider), known, (*path, provider))


def _urls(gate: dict[str, Any], path: Path) -> Iterator[Problem]:
    """The operator asks such a URL again and again, until the gate is inconclusive."""
    for provider, field in _URLS:
        part = gate.get(provider)
        text = part.get(field) if isinstance(part, dict) else None
        if isinstance(text, str) and text and not _can_be_asked(_PLACEHOLDER.sub("0", text)):
            words = "not of the form http[s]://host[:port]/path: the gate would get no answer"
            yield warning((*path, provider, field), words)


def _can_be_asked(text: str) -> bool:
    try:
        url = urlsplit(text)
        # Reading the port checks it.
        return url.scheme in ("http", "https") and bool(url.hostname) and url.port != 0
    except ValueError:
        return False


def _room(gates: list[Any], path: Path) -> Iterator[Problem]:
    """All gates together are too large."""
    try:
        total = sum(validation.size(Gate.model_validate(gate)) for gate in gates)
    except ValidationError:
        return
    if total > validation.ROOM:
        words = f"all gates together have {total} bytes; at most {validation.ROOM} are allowed"
        yield Problem(path, words)
