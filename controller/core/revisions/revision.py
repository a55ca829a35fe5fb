"""What makes a revision: the pod template alone, in one canonical form (contract rule 2).

Two templates are the same revision when they differ only in the order of keys, in fields that are
null, or in how a whole number is written (``1`` and ``1.0`` are one JSON number; the API server
keeps the first). Neither do the fields count that pods do not get from their template: names and
owner references, which the Job decides, and what only the API server sets (``uid``, ``status`` …).

Everything else counts: ``{}`` is not the same as absent, lists keep their order, and a null that is
an item of a list stays, for dropping it would move its neighbours.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any, Final

# Kubernetes' own alphabet for generated names: no vowels, so no words by chance, and no 0, 1, 3.
_ALPHABET: Final = "bcdfghjklmnpqrstvwxz2456789"
_LENGTH: Final = 12


#: Fields of the template's metadata that pods do not get. A create with some of them would fail,
#: and a dry run does not tell.
_IGNORED: Final = frozenset(
    {
        *("name", "generateName", "namespace", "ownerReferences"),
        *("uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "selfLink"),
        *("deletionTimestamp", "deletionGracePeriodSeconds"),
    }
)


def canonical(template: dict[str, Any]) -> bytes:
    """The template as canonical JSON: keys sorted, nulls and ignored fields dropped, no white
    space, UTF-8.

    The template itself is not changed. ``ValueError`` for NaN and infinities, which are not JSON.
    """
    text = json.dumps(
        _pruned(_relevant(template)),
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
        allow_nan=False,
    )
    return text.encode()


def digest(canonical: bytes) -> str:
    """12 characters, safe in labels and names, from the SHA-256 (57 bits of it)."""
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
    """The digest in a revision's name; ``ValueError`` when it is not one of this Job."""
    tail = revision_name.removeprefix(f"{job}-")
    if not tail or tail == revision_name:
        raise ValueError(f"{revision_name!r} is not the name of a revision of Job {job!r}")
    return tail


def images(template: dict[str, Any]) -> tuple[str, ...]:
    """The images of the containers, then of the init containers, each named once.

    For people to recognise a revision by; what is not shaped like a template yields none.
    """
    spec = template.get("spec")
    found: dict[str, None] = {}
    for field in ("containers", "initContainers"):
        containers = spec.get(field) if isinstance(spec, dict) else None
        for container in containers if isinstance(containers, list) else ():
            image = container.get("image") if isinstance(container, dict) else None
            if isinstance(image, str) and image:
                found[image] = None
    return tuple(found)


def _relevant(template: dict[str, Any]) -> dict[str, Any]:
    """The template without the fields that pods do not get from it."""
    found = {key: value for key, value in template.items() if key != "status"}
    if isinstance(metadata := found.get("metadata"), dict):
        found["metadata"] = {k: v for k, v in metadata.items() if k not in _IGNORED}
    return found


def _pruned(node: Any) -> Any:
    """A copy of ``node`` without the null fields of its objects, at every level."""
    if isinstance(node, dict):
        return {key: _pruned(value) for key, value in node.items() if value is not None}
    if isinstance(node, list | tuple):
        return [_pruned(item) for item in node]
    # Above 2^53 a float no longer says which integer it was.
    if isinstance(node, float) and node.is_integer() and abs(node) <= 2**53:
        return int(node)
    return node
