"""What differs between two revisions, as far as it says how an instance can change (rule 16).

Kubernetes changes two things of a container that runs: its image, and its requests and limits of
cpu and memory. The rest of this module is what the API server refuses besides (validation of 1.36),
and where a changed pod would not be what a new one is: then it is replaced. What cannot be told
from templates (defaults of a LimitRange, the room on a node) the API server says when it is asked.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final

from controller.api.in_effect import RESIZABLE
from controller.api.quantity import quantity
from controller.api.restart_base import AT

Amounts = dict[str, Any]
#: Requests and limits of what can be resized.
Resources = dict[str, Amounts]
KINDS: Final = ("requests", "limits")


class Change(StrEnum):
    """What it takes to bring a pod from one revision to another."""

    IMAGES = "Images"
    RESOURCES = "Resources"
    REPLACE = "Replace"


@lru_cache(maxsize=256)
def classify(old: bytes, new: bytes) -> Change:
    """How a pod made of the canonical template ``old`` becomes one of ``new``.

    REPLACE also when nothing differs: whoever asks then wants a new pod.
    """
    try:
        before, after = json.loads(old), json.loads(new)
        mine, theirs = _containers(before), _containers(after)
        if _frame(before) != _frame(after):
            return Change.REPLACE
        images = [c.get("image") for c in mine] != [c.get("image") for c in theirs]
        resources = [c.get("resources") for c in mine] != [c.get("resources") for c in theirs]
        pairs = list(zip(mine, theirs, strict=True))
        if images and not resources and all(_same_pull(a, b) for a, b in pairs):
            return Change.IMAGES
        if resources and not images and _resizable(before, after):
            return Change.RESOURCES
    except (ValueError, TypeError, KeyError, AttributeError):
        pass  # Not shaped as a pod: it is for the API server to say so.
    return Change.REPLACE


def resources_of(container: Mapping[str, Any]) -> Resources:
    """Requests and limits of cpu and memory as a pod has them: an absent request is the limit."""
    given = container.get("resources") or {}
    limits = given.get("limits") or {}
    requests = limits | (given.get("requests") or {})
    found = {"requests": requests, "limits": limits}
    return {
        kind: {name: amounts[name] for name in RESIZABLE if amounts.get(name) is not None}
        for kind, amounts in found.items()
    }


def _containers(template: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = template["spec"]["containers"]
    return found


def _frame(template: dict[str, Any]) -> tuple[Any, ...]:
    """All that cannot be changed. Raises ``ValueError`` when a container is called as the key of
    the restart base that is none."""
    spec = template["spec"]
    if any(c["name"] == AT for c in (*spec["containers"], *(spec.get("initContainers") or ()))):
        raise ValueError(f"a container is called {AT}")
    rest = {key: value for key, value in spec.items() if key != "containers"}
    containers = [
        {key: value for key, value in c.items() if key not in ("image", "resources")}
        | {"resources": _fixed(c.get("resources") or {})}
        for c in spec["containers"]
    ]
    return {k: v for k, v in template.items() if k != "spec"}, rest, containers


def _fixed(resources: Mapping[str, Any]) -> dict[str, Any]:
    """Resources without what can be resized: claims, devices, storage."""
    found = {key: value for key, value in resources.items() if key not in KINDS}
    for kind in KINDS:
        amounts = resources.get(kind) or {}
        found[kind] = {name: amounts[name] for name in amounts if name not in RESIZABLE}
    return found


def _same_pull(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Whether a pod would pull both images by the same policy: absent, the API server derives it
    from the tag when the pod is made, and never again."""
    images = old["image"], new["image"]
    stated = bool(old.get("imagePullPolicy"))
    return all(images) and (stated or _is_latest(images[0]) == _is_latest(images[1]))


def _is_latest(image: str) -> bool:
    name, _, digest = image.partition("@")
    tag = name.rpartition("/")[2].partition(":")[2]
    return tag == "latest" or not (tag or digest)


def _resizable(before: dict[str, Any], after: dict[str, Any]) -> bool:
    """Whether the API server resizes one into the other: nothing is taken away, the QoS class
    stays. Resources of the pod as a whole are derived from those of its containers when it is
    made: then a new pod is another one."""
    if before["spec"].get("resources"):
        return False
    for old, new in zip(_containers(before), _containers(after), strict=True):
        had, has = resources_of(old), resources_of(new)
        if any(set(had[kind]) - set(has[kind]) for kind in KINDS):
            return False
    return _qos(before["spec"]) == _qos(after["spec"])


def _qos(spec: dict[str, Any]) -> str:
    """The QoS class, as ``ComputePodQOS`` of Kubernetes has it."""
    every = [resources_of(c) for c in (*spec["containers"], *(spec.get("initContainers") or ()))]
    requests = _sum(each["requests"] for each in every)
    limits = _sum(each["limits"] for each in every)
    if not requests and not limits:
        return "BestEffort"
    bounded = all(len(_sum([each["limits"]])) == len(RESIZABLE) for each in every)
    return "Guaranteed" if bounded and requests == limits else "Burstable"


def _sum(amounts: Iterable[Amounts]) -> dict[str, Decimal]:
    """What is asked for in all, without what nothing is asked of."""
    found: dict[str, Decimal] = {}
    for each in amounts:
        for name, value in each.items():
            found[name] = found.get(name, Decimal(0)) + quantity(value)
    return {name: value for name, value in found.items() if value > 0}
