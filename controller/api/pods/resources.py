"""Requests and limits of containers: those that can be changed while the container runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from controller.api.pods.quantity import same

Amounts = dict[str, Any]
#: ``requests`` and ``limits`` of the resources that can be resized.
Resources = dict[str, Amounts]
KINDS: Final = ("requests", "limits")
#: The resources that can be changed while a container runs.
RESIZABLE: Final = ("cpu", "memory")


def resources_of(container: Mapping[str, Any]) -> Resources:
    """Requests and limits of cpu and memory as the pod will have them: an absent request equals the
    limit."""
    given = container.get("resources") or {}
    limits = given.get("limits") or {}
    requests = limits | (given.get("requests") or {})
    kinds = {"requests": requests, "limits": limits}
    return {
        kind: {name: amounts[name] for name in RESIZABLE if amounts.get(name) is not None}
        for kind, amounts in kinds.items()
    }


def same_amounts(one: Resources, other: Resources, names: Iterable[str] = RESIZABLE) -> bool:
    """Whether requests and limits of the resources ``names`` are the same; absent is an amount of
    its own."""
    return all(same(one[kind].get(n), other[kind].get(n)) for kind in KINDS for n in names)


def agree(one: Any, other: Any) -> bool:
    """Whether no request or limit of cpu or memory that is in both has different amounts."""
    if not (isinstance(one, dict) and isinstance(other, dict)):
        return True
    for kind in KINDS:
        ours, theirs = one.get(kind) or {}, other.get(kind) or {}
        for name in RESIZABLE:
            if name in ours and name in theirs and not same(ours[name], theirs[name]):
                return False
    return True
