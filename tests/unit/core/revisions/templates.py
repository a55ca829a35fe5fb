"""Templates, and how a pod gets from one to another."""

from __future__ import annotations

from typing import Any

from controller.core.revisions.changeable_in_place import Change, classify
from controller.core.revisions.revision import canonical

Object = dict[str, Any]


def template(*containers: Object, **spec: Any) -> Object:
    return {"spec": {"containers": list(containers) or [container()], **spec}}


def container(name: str = "web", image: str = "web:1", **fields: Any) -> Object:
    return {"name": name, "image": image, **fields}


def amounts(requests: Object | None = None, limits: Object | None = None) -> Object:
    given = {"requests": requests, "limits": limits}
    return {"resources": {kind: value for kind, value in given.items() if value}}


def change(old: Object, new: Object) -> Change:
    return classify(canonical(old), canonical(new))


def resized(old: Object, new: Object) -> Change:
    """How a pod changes whose container gets other resources."""
    return change(template(container(**old)), template(container(**new)))
