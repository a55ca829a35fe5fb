"""For what a gate is asked, and how that gets into its texts.

``{{echelon.revision}}`` is the ControllerRevision's name, ``{{echelon.digest}}`` the value of the
pods' label; ``{{echelon.job}}`` and ``{{echelon.namespace}}`` are names; ``{{echelon.updated}}``
and ``{{echelon.baseline}}`` regular expressions of pod names; ``{{echelon.podIP}}`` is known only
where one instance is asked. Other ``{{…}}`` are left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

#: Id, pod name, pod IP ("" while it has none).
Instance = tuple[int, str, str]

POD_IP: Final = "{{echelon.podIP}}"
#: No pod has this name.
NOBODY: Final = "-"
#: Up to here each name is spelled out, which people can read and Prometheus looks up fastest.
_SPELLED_OUT: Final = 100

_PLACEHOLDER: Final = re.compile(
    r"\{\{echelon\.(revision|digest|job|namespace|updated|baseline|podIP)\}\}"
)


@dataclass(frozen=True, slots=True)
class Context:
    """One run of a gate: for which group of which Update, over which instances.

    ``revision`` is a ControllerRevision's name, ``digest`` its label; ``group`` counts from where
    the Update does; ``run`` tells apart the times a gate is begun for the same group,
    and within them one verdict from the next.
    ``updated``: the instances at the new revision; ``baseline``: those not updated yet.
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


def expand(text: str, context: Context, pod_ip: str | None = None) -> str:
    """``text`` with the placeholders replaced; without ``pod_ip`` that one is left alone."""

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
    """A copy of JSON data with the placeholders in its strings replaced, keys excepted."""
    if isinstance(node, str):
        return expand(node, context)
    if isinstance(node, dict):
        return {key: filled(value, context) for key, value in node.items()}
    if isinstance(node, list):
        return [filled(item, context) for item in node]
    return node


def pods(job: str, instances: Sequence[Instance]) -> str:
    """A regular expression (RE2 as well as Python's) that matches just the pods of these.

    It is meant for PromQL's ``=~``, which anchors it; elsewhere anchor ``^(?:…)$``. No character
    in it needs an escape inside quotes of any kind. Of no instances: a name that no pod has.
    """
    if len(instances) <= _SPELLED_OUT:
        return "|".join(_escaped(name) for _, name, _ in instances) or NOBODY
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
    # The one character of DNS names that means something in a regular expression. A backslash
    # would need another in a PromQL string in quotes, and not in one in backticks.
    return name.replace(".", "[.]")


def _in_url(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def _runs(ids: list[int]) -> Iterator[tuple[int, int]]:
    """The first and the last of each stretch without a gap."""
    low = high = ids[0]
    for number in ids[1:]:
        if number > high + 1:
            yield low, high
            low = number
        high = number
    yield low, high


def _between(low: int, high: int) -> list[str]:
    """Alternatives that match the numbers from ``low`` to ``high``."""
    found = []
    for digits in range(len(str(low)), len(str(high)) + 1):
        least = 10 ** (digits - 1) if digits > 1 else 0
        found += _alike(str(max(low, least)), str(min(high, 10**digits - 1)))
    return found


def _alike(low: str, high: str) -> list[str]:
    """The same for digits of one length."""
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
