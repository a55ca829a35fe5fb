"""Whether a pod can be changed in place from one revision to another (contract rule 16).

Kubernetes can change two things of a running container: its image, and its requests and limits of
cpu and memory. Labels and annotations of a pod can be changed at any time, along with either or
alone. A pod is replaced instead if the API server would refuse the change (validation of Kubernetes
1.36), or if the changed pod would differ from a new one. The templates do not show everything
(defaults of a LimitRange, room on the node): the API server refuses such changes when they are
made.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final

from controller.api.labels import REVISION
from controller.api.pods.quantity import quantity
from controller.api.pods.resources import KINDS, RESIZABLE, Amounts, resources_of
from controller.api.pods.restart_base import AT

#: The parts of a pod's metadata that can be changed at any time.
METADATA: Final = ("labels", "annotations")


class Change(StrEnum):
    """How a pod gets from one revision to another. ``IMAGES`` and ``RESOURCES``: and its labels and
    annotations along with them, if these differ; ``METADATA``: these alone."""

    METADATA = "Metadata"
    IMAGES = "Images"
    RESOURCES = "Resources"
    REPLACE = "Replace"


def classify(old: bytes, new: bytes) -> Change:
    """How a pod of the canonical template ``old`` becomes a pod of ``new``.

    ``REPLACE`` also if the templates are equal: then the caller wants a new pod.
    """
    return _compared(old, new)[0]


def why_not_in_place(old: bytes, new: bytes) -> str:
    """Why a pod of ``old`` has to be replaced by a pod of ``new``, for a message; "" if it can be
    changed in place or the templates are equal."""
    return _compared(old, new)[1]


@lru_cache(maxsize=256)
def _compared(old: bytes, new: bytes) -> tuple[Change, str]:
    try:
        before, after = json.loads(old), json.loads(new)
        had, has = _containers(before), _containers(after)
        if (one := _frame(before)) != (other := _frame(after)):
            return Change.REPLACE, f"{_where(one, other)} differs"
        images = [c.get("image") for c in had] != [c.get("image") for c in has]
        resources = [c.get("resources") for c in had] != [c.get("resources") for c in has]
        if images and resources:
            return Change.REPLACE, "images and resources change at once"
        keys = {kind: _changed(before, after, kind) for kind in METADATA}
        if any(keys.values()) and (why := _read_at_start(after, keys)):
            return Change.REPLACE, why
        if images:
            return _by_images(zip(had, has, strict=True))
        if resources:
            why = _not_resizable(before, after)
            return (Change.REPLACE, why) if why else (Change.RESOURCES, "")
        if any(keys.values()):
            # Nothing restarts, so nothing would read the new name of the revision either.
            why = _read_at_start(after, dict.fromkeys(METADATA, frozenset({REVISION})))
            return (Change.REPLACE, why) if why else (Change.METADATA, "")
    except (ValueError, TypeError, KeyError, AttributeError):
        # A template is not shaped as a pod; the API server refuses it with its own message.
        return Change.REPLACE, "the templates cannot be compared"
    return Change.REPLACE, ""


def _changed(before: dict[str, Any], after: dict[str, Any], kind: str) -> frozenset[str]:
    """The keys of the labels or annotations (``kind``) that differ."""
    had, has = (dict((each.get("metadata") or {}).get(kind) or {}) for each in (before, after))
    return frozenset(key for key in {*had, *has} if had.get(key) != has.get(key))


def _read_at_start(template: dict[str, Any], keys: Mapping[str, frozenset[str]]) -> str:
    """What reads one of the labels or annotations ``keys`` when a pod is created or a container
    starts, and never again, for a message; "" if nothing does."""
    spec = template["spec"]
    paths = {f"metadata.{kind}['{key}']" for kind, changed in keys.items() for key in changed}
    for container in (*spec["containers"], *(spec.get("initContainers") or ())):
        for entry in container.get("env") or ():
            source = (entry.get("valueFrom") or {}).get("fieldRef") or {}
            if (path := source.get("fieldPath")) in paths:
                name = container["name"]
                return f"environment variable {entry['name']} of container {name} reads {path}"
    if selected := sorted(keys["labels"] & set(_own_label_keys(spec))):
        return f"the scheduler has placed the pod by its label {selected[0]} (matchLabelKeys)"
    return ""


def _own_label_keys(spec: dict[str, Any]) -> Iterator[str]:
    """The keys of labels whose values the API server copies into the selectors of a new pod."""
    affinity = spec.get("affinity") or {}
    terms = list(spec.get("topologySpreadConstraints") or ())
    for kind in ("podAffinity", "podAntiAffinity"):
        given = affinity.get(kind) or {}
        terms += given.get("requiredDuringSchedulingIgnoredDuringExecution") or ()
        weighted = given.get("preferredDuringSchedulingIgnoredDuringExecution") or ()
        terms += [each.get("podAffinityTerm") or {} for each in weighted]
    for term in terms:
        yield from term.get("matchLabelKeys") or ()
        yield from term.get("mismatchLabelKeys") or ()


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


def _containers(template: dict[str, Any]) -> list[dict[str, Any]]:
    containers: list[dict[str, Any]] = template["spec"]["containers"]
    return containers


def _frame(template: dict[str, Any]) -> dict[str, Any]:
    """The fields of the template that cannot be changed in place, with the containers by name.

    Raises ``ValueError`` if a container is named ``at``: the annotation of the restart base has a
    key of that name.
    """
    spec = template["spec"]
    if any(c["name"] == AT for c in (*spec["containers"], *(spec.get("initContainers") or ()))):
        raise ValueError(f"a container is named {AT}")
    rest = {key: value for key, value in spec.items() if key != "containers"}
    containers = {
        c["name"]: {key: value for key, value in c.items() if key not in ("image", "resources")}
        | {"resources": _fixed(c.get("resources") or {}), "place": place}
        for place, c in enumerate(spec["containers"])
    }
    metadata = template.get("metadata") or {}
    fixed = {key: value for key, value in metadata.items() if key not in METADATA}
    return {**template, "metadata": fixed, "spec": {**rest, "containers": containers}}


def _where(one: Any, other: Any, path: str = "") -> str:
    """The path of the first difference."""
    if not (isinstance(one, dict) and isinstance(other, dict)):
        return path
    key = next(k for k in sorted({*one, *other}) if one.get(k) != other.get(k))
    plain = key.isidentifier() and not path.endswith((".labels", ".annotations", ".containers"))
    step = f".{key}" if path and plain else key if plain else f"[{key}]"
    return _where(one.get(key), other.get(key), path + step)


def _fixed(resources: Mapping[str, Any]) -> dict[str, Any]:
    """The resources that cannot be resized: claims, devices, storage."""
    fixed = {key: value for key, value in resources.items() if key not in KINDS}
    for kind in KINDS:
        amounts = resources.get(kind) or {}
        fixed[kind] = {name: amounts[name] for name in amounts if name not in RESIZABLE}
    return fixed


def _same_pull(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Whether a new pod of either container would have the same ``imagePullPolicy``. If it is
    absent, the API server derives it from the tag, but only when the pod is created."""
    stated = bool(old.get("imagePullPolicy"))
    return stated or _is_latest(old["image"]) == _is_latest(new["image"])


def _is_latest(image: str) -> bool:
    name, _, digest = image.partition("@")
    tag = name.rpartition("/")[2].partition(":")[2]
    return tag == "latest" or not (tag or digest)


def _not_resizable(before: dict[str, Any], after: dict[str, Any]) -> str:
    """Why a pod cannot be resized from one template to the other; "" if it can.

    The API server removes no request or limit and keeps the QoS class. Pod-level resources are
    completed from those of the containers when the pod is created, so a resized pod would differ
    from a new one.
    """
    if before["spec"].get("resources"):
        return "the pod has pod-level resources"
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
    """The QoS class, computed as by ``ComputePodQOS`` of Kubernetes."""
    every = [resources_of(c) for c in (*spec["containers"], *(spec.get("initContainers") or ()))]
    requests = _sum(each["requests"] for each in every)
    limits = _sum(each["limits"] for each in every)
    if not requests and not limits:
        return "BestEffort"
    bounded = all(len(_sum([each["limits"]])) == len(RESIZABLE) for each in every)
    return "Guaranteed" if bounded and requests == limits else "Burstable"


def _sum(amounts: Iterable[Amounts]) -> dict[str, Decimal]:
    """The sum for each resource, without resources whose sum is 0."""
    total: dict[str, Decimal] = {}
    for each in amounts:
        for name, value in each.items():
            total[name] = total.get(name, Decimal(0)) + quantity(value)
    return {name: value for name, value in total.items() if value > 0}
