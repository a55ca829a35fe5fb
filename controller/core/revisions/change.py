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

from controller.api.pods.in_effect import RESIZABLE
from controller.api.pods.quantity import quantity
from controller.api.pods.restart_base import AT

Amounts = dict[str, Any]
#: Requests and limits of what can be resized.
Resources = dict[str, Amounts]
KINDS: Final = ("requests", "limits")


class Change(StrEnum):
    """What it takes to bring a pod from one revision to another."""

    IMAGES = "Images"
    RESOURCES = "Resources"
    REPLACE = "Replace"


def classify(old: bytes, new: bytes) -> Change:
    """How a pod made of the canonical template ``old`` becomes one of ``new``.

    REPLACE also when nothing differs: whoever asks then wants a new pod.
    """
    return _compared(old, new)[0]


def why_not_in_place(old: bytes, new: bytes) -> str:
    """Why a pod of ``old`` has to be replaced by one of ``new``, in words; "" when it has not, or
    when nothing differs."""
    return _compared(old, new)[1]


@lru_cache(maxsize=256)
def _compared(old: bytes, new: bytes) -> tuple[Change, str]:
    try:
        before, after = json.loads(old), json.loads(new)
        mine, theirs = _containers(before), _containers(after)
        if (one := _frame(before)) != (other := _frame(after)):
            return Change.REPLACE, f"{_where(one, other)} differs"
        images = [c.get("image") for c in mine] != [c.get("image") for c in theirs]
        resources = [c.get("resources") for c in mine] != [c.get("resources") for c in theirs]
        if images and resources:
            return Change.REPLACE, "images and resources change at once"
        if images:
            return _by_images(zip(mine, theirs, strict=True))
        if resources:
            why = _not_resizable(before, after)
            return (Change.REPLACE, why) if why else (Change.RESOURCES, "")
    except (ValueError, TypeError, KeyError, AttributeError):
        # Not shaped as a pod: it is for the API server to say so.
        return Change.REPLACE, "the templates cannot be compared"
    return Change.REPLACE, ""


def _by_images(pairs: Iterable[tuple[Any, Any]]) -> tuple[Change, str]:
    for old, new in pairs:
        if not (old.get("image") and new.get("image")):
            return Change.REPLACE, f"container {new['name']} has no image"
        if not _same_pull(old, new):
            why = (
                f"container {new['name']}: {old['image']} and {new['image']} do not have the same "
            )
            why += "default imagePullPolicy (a latest or missing tag means Always); set one"
            return Change.REPLACE, why
    return Change.IMAGES, ""


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


def _frame(template: dict[str, Any]) -> dict[str, Any]:
    """All that cannot be changed, with the containers by name. Raises ``ValueError`` when a
    container is called as the key of the restart base that is none."""
    spec = template["spec"]
    if any(c["name"] == AT for c in (*spec["containers"], *(spec.get("initContainers") or ()))):
        raise ValueError(f"a container is called {AT}")
    rest = {key: value for key, value in spec.items() if key != "containers"}
    containers = {
        c["name"]: {key: value for key, value in c.items() if key not in ("image", "resources")}
        | {"resources": _fixed(c.get("resources") or {}), "place": place}
        for place, c in enumerate(spec["containers"])
    }
    return {**template, "spec": {**rest, "containers": containers}}


def _where(one: Any, other: Any, path: str = "") -> str:
    """The path of the first thing that differs."""
    if not (isinstance(one, dict) and isinstance(other, dict)):
        return path
    key = next(k for k in sorted({*one, *other}) if one.get(k) != other.get(k))
    plain = key.isidentifier() and not path.endswith((".labels", ".annotations", ".containers"))
    step = f".{key}" if path and plain else key if plain else f"[{key}]"
    return _where(one.get(key), other.get(key), path + step)


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
    stated = bool(old.get("imagePullPolicy"))
    return stated or _is_latest(old["image"]) == _is_latest(new["image"])


def _is_latest(image: str) -> bool:
    name, _, digest = image.partition("@")
    tag = name.rpartition("/")[2].partition(":")[2]
    return tag == "latest" or not (tag or digest)


def _not_resizable(before: dict[str, Any], after: dict[str, Any]) -> str:
    """Why the API server does not resize one into the other ("": it does): nothing is taken away,
    the QoS class stays. Resources of the pod as a whole are derived from those of its containers
    when it is made: then a new pod is another one."""
    if before["spec"].get("resources"):
        return "the pod has resources as a whole"
    for old, new in zip(_containers(before), _containers(after), strict=True):
        had, has = resources_of(old), resources_of(new)
        for kind in KINDS:
            if gone := sorted(set(had[kind]) - set(has[kind])):
                return f"container {new['name']} no longer has {kind} of {gone[0]}"
    classes = _qos(before["spec"]), _qos(after["spec"])
    if classes[0] != classes[1]:
        return f"the QoS class of the pod changes from {classes[0]} to {classes[1]}"
    return ""


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
