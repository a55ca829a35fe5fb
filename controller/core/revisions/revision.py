"""The canonical form of a pod template, and the names that are made from it (contract rule 2).

Two templates are the same revision if they differ only in the order of keys, in fields that are
null, in how an integer is written (``1`` and ``1.0`` are one JSON number; the API server stores
``1``), or in fields that pods do not get from their template: names and owner references, which the
Job decides, and fields that only the API server sets (``uid``, ``status`` …).

Everything else counts: ``{}`` differs from an absent field, lists keep their order, and a null item
of a list stays, because dropping it would move its neighbours.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any, Final

# Kubernetes' alphabet for generated names: without vowels (no accidental words) and 0, 1, 3.
_ALPHABET: Final = "bcdfghjklmnpqrstvwxz2456789"
_LENGTH: Final = 12


#: Fields of the template's metadata that pods do not get. With some of them a create would fail
#: although the dry run passes.
_IGNORED: Final = frozenset(
    {
        *("name", "generateName", "namespace", "ownerReferences"),
        *("uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "selfLink"),
        *("deletionTimestamp", "deletionGracePeriodSeconds"),
    }
)


def canonical(template: dict[str, Any]) -> bytes:
    """The template as canonical JSON: keys sorted, null and ignored fields dropped, no white space,
    UTF-8.

    The template itself is not changed. What is no object, in a revision that somebody made by hand,
    counts as an empty one, of which the API server makes no pod. Raises ``ValueError`` for NaN and
    infinities, which are not JSON.
    """
    return dumped(pruned(_relevant(template)))


def dumped(value: Any) -> bytes:
    """JSON with sorted keys, without white space, in UTF-8. Raises ``ValueError`` for NaN and
    infinities."""
    text = json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    return text.encode()


def digest(canonical: bytes) -> str:
    """The digest of a canonical template: 12 characters that are valid in labels and names, made of
    57 bits of its SHA-256."""
    number = int.from_bytes(hashlib.sha256(canonical).digest(), "big")
    letters = []
    for _ in range(_LENGTH):
        number, letter = divmod(number, len(_ALPHABET))
        letters.append(_ALPHABET[letter])
    return "".join(letters)


def revision_name(job: str, digest: str) -> str:
    """The name of the ControllerRevision: ``<job>-<digest>``."""
    return f"{job}-{digest}"


def digest_of(job: str, revision_name: str) -> str:
    """The digest in the name of a revision. Raises ``ValueError`` if the name is not one of this
    Job's."""
    tail = revision_name.removeprefix(f"{job}-")
    if not tail or tail == revision_name:
        raise ValueError(f"{revision_name!r} is not the name of a revision of Job {job!r}")
    return tail


def images(template: dict[str, Any]) -> tuple[str, ...]:
    """The images of the containers, then of the init containers, each once.

    People recognise a revision by them. The result is empty if the template has another shape.
    """
    spec = template.get("spec")
    images: dict[str, None] = {}
    for field in ("containers", "initContainers"):
        containers = spec.get(field) if isinstance(spec, dict) else None
        for container in containers if isinstance(containers, list) else ():
            image = container.get("image") if isinstance(container, dict) else None
            if isinstance(image, str) and image:
                images[image] = None
    return tuple(images)


def _relevant(template: dict[str, Any]) -> dict[str, Any]:
    """The template without the fields that pods do not get from it."""
    if not isinstance(template, dict):
        return {}
    relevant = {key: value for key, value in template.items() if key != "status"}
    if isinstance(metadata := relevant.get("metadata"), dict):
        relevant["metadata"] = {k: v for k, v in metadata.items() if k not in _IGNORED}
    return relevant


def pruned(node: Any, *, nulls: bool = False) -> Any:
    """A copy of ``node`` with each number in one form, and unless ``nulls`` is set without the null
    fields of its objects, at every level."""
    if isinstance(node, dict):
        return {k: pruned(v, nulls=nulls) for k, v in node.items() if nulls or v is not None}
    if isinstance(node, list | tuple):
        return [pruned(item, nulls=nulls) for item in node]
    # Above 2^53 a float does not identify one integer.
    if isinstance(node, float) and node.is_integer() and abs(node) <= 2**53:
        return int(node)
    return node
