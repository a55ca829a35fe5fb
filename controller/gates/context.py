"""The context of a run of a gate, and the placeholders that it fills in the gate's texts.

``{{echelon.revision}}`` is the name of the ControllerRevision, ``{{echelon.digest}}`` the value of
the pods' label ``echelon.dev/revision``. ``{{echelon.job}}`` and ``{{echelon.namespace}}`` are
names. ``{{echelon.updated}}`` and ``{{echelon.baseline}}`` are regular expressions for pod names.
``{{echelon.podIP}}`` is replaced only in requests to one instance. Other ``{{…}}`` are left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

#: Id, name of the pod, IP of the pod ("" while it has none).
Instance = tuple[int, str, str]

#: A regular expression that matches no pod: no pod has this name.
NO_POD: Final = "-"
#: Up to this number of pods the expression lists all names. People can read such an expression, and
#: Prometheus evaluates it fastest.
_SPELLED_OUT: Final = 100

_PLACEHOLDER: Final = re.compile(
    r"\{\{\s*echelon\.(revision|digest|job|namespace|updated|baseline|podIP)\s*\}\}"
)


@dataclass(frozen=True, slots=True)
class Context:
    """The context of one run of a gate.

    ``revision`` is the name of a ControllerRevision, ``digest`` the value of its label. ``group``
    is the number of the Update's group. ``run`` distinguishes the runs of a gate for the same
    group, and within a run of a Continuous gate one verdict from the next. ``updated`` are the
    instances at the new revision, ``baseline`` the instances that are not updated yet.
    """

    namespace: str
    job: str
    update: str
    update_uid: str
    revision: str
    digest: str
    group: int
    run: str
    updated: tuple[Instance, ...] = ()
    baseline: tuple[Instance, ...] = ()


def is_per_pod(text: str) -> bool:
    """Whether a text is different for each pod."""
    return any(found[1] == "podIP" for found in _PLACEHOLDER.finditer(text))


def expand(text: str, context: Context, pod_ip: str | None = None) -> str:
    """``text`` with placeholders replaced; ``{{echelon.podIP}}`` only if ``pod_ip`` is given."""

    def value(found: re.Match[str]) -> str:
        match found[1]:
            case "updated":
                return pods(context.job, context.updated)
            case "baseline":
                return pods(context.job, context.baseline)
            case "podIP":
                return found[0] if pod_ip is None else _in_url(pod_ip)
            case name:
                return str(getattr(context, name))

    return _PLACEHOLDER.sub(value, text) if "{{" in text else text


def filled(node: Any, context: Context) -> Any:
    """A copy of JSON data with the placeholders in its strings, but not in its keys, replaced."""
    if isinstance(node, str):
        return expand(node, context)
    if isinstance(node, dict):
        return {key: filled(value, context) for key, value in node.items()}
    if isinstance(node, list):
        return [filled(item, context) for item in node]
    return node


def pods(job: str, instances: Sequence[Instance]) -> str:
    """A regular expression (for RE2 and Python) that matches exactly the pods of ``instances``.

    It is meant for PromQL's ``=~``, which anchors it; elsewhere anchor it as ``^(?:…)$``. No
    character in it needs an escape inside quotes of any kind. If ``instances`` is empty, the
    expression matches no pod.
    """
    if len(instances) <= _SPELLED_OUT:
        return "|".join(_escaped(name) for _, name, _ in instances) or NO_POD
    ids: dict[str, list[int]] = {"": [], "-s": []}
    parts = []
    for instance, name, _ in instances:
        plain = f"{job}-{instance}"
        if name == plain:
            ids[""].append(instance)
        elif name == plain + "-s":
            ids["-s"].append(instance)
        else:
            parts.append(_escaped(name))
    for suffix, found in ids.items():
        if found:
            numbers = "|".join(p for low, high in _runs(sorted(found)) for p in _between(low, high))
            parts.append(f"{_escaped(job)}-(?:{numbers}){suffix}")
    return "|".join(parts)


def _escaped(name: str) -> str:
    # The dot is the only character of DNS names with a meaning in regular expressions. A class is
    # used instead of a backslash, because a backslash must be doubled in a PromQL string in quotes
    # but not in one in backticks.
    return name.replace(".", "[.]")


def _in_url(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def _runs(ids: list[int]) -> Iterator[tuple[int, int]]:
    """The first and the last id of each run of consecutive ids."""
    low = high = ids[0]
    for number in ids[1:]:
        if number > high + 1:
            yield low, high
            low = number
        high = number
    yield low, high


def _between(low: int, high: int) -> list[str]:
    """Alternatives that together match the numbers from ``low`` to ``high``."""
    alternatives = []
    for digits in range(len(str(low)), len(str(high)) + 1):
        least = 10 ** (digits - 1) if digits > 1 else 0
        alternatives += _alike(str(max(low, least)), str(min(high, 10**digits - 1)))
    return alternatives


def _alike(low: str, high: str) -> list[str]:
    """The same as ``_between`` for two strings of the same number of digits."""
    if low == high:
        return [low]
    rest = len(low) - 1
    if low[0] == high[0]:
        return [low[0] + each for each in _alike(low[1:], high[1:])]
    first, last = int(low[0]), int(high[0])
    before: list[str] = []
    after: list[str] = []
    if low[1:] != "0" * rest:
        before = [low[0] + each for each in _alike(low[1:], "9" * rest)]
        first += 1
    if high[1:] != "9" * rest:
        after = [high[0] + each for each in _alike("0" * rest, high[1:])]
        last -= 1
    whole = [_class(first, last) + "[0-9]" * rest] if first <= last else []
    return [*before, *whole, *after]


def _class(first: int, last: int) -> str:
    return str(first) if first == last else f"[{first}-{last}]"
