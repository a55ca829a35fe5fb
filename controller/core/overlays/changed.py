"""Which instances a change of revision changes: those whose pods would differ.

The pods of two variants are compared as the operator makes them, without what tells the revision
and the instance. So each pair of variants is compared once, not each instance. Only where the two
differ in nothing but strings with placeholders, these strings are compared for each id that has
both variants. Decisions ask again and again, so the answer about all ids is kept.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from controller.api.ids import NONE, Ids
from controller.core.overlays.variants import Variant, Variants
from controller.core.revisions.placeholders import PLACEHOLDER, filled
from controller.core.revisions.template import Prepared

_Pair = tuple[Any, Any]
_Each = tuple[Variant, ...]


def changed(ids: Ids, old: Variants, new: Variants) -> Ids:
    """Those of ``ids`` whose pod at ``new`` differs from that at ``old``; both are revisions of the
    same Job. The others need other labels only."""
    return ids & _changed(old.all, new.all, new.job, new.namespace)


@lru_cache(maxsize=64)
def _changed(old: _Each, new: _Each, job: str, namespace: str) -> Ids:
    """The ids of 0..9999 that are changed."""
    found = NONE
    for before in old:
        for after in new:
            both = before.ids & after.ids
            if both and before.template != after.template:
                found |= both - _same(both, before.template, after.template, job, namespace)
    return found


def _same(ids: Ids, old: bytes, new: bytes, job: str, namespace: str) -> Ids:
    """Those of ``ids`` for which two templates make the same pod."""
    manifests = (_manifest(each, job, namespace) for each in (old, new))
    pairs = list(_differences(*manifests))
    if not pairs:
        return ids
    if not all(_may_be_same(*pair) for pair in pairs):
        return NONE
    # How many instances there were when a pod was made is not known.
    values = {"job": job, "namespace": namespace, "instances": "{{echelon.instances}}"}
    return Ids(i for i in ids if _are_same(pairs, {**values, "instance": str(i)}))


def _manifest(template: bytes, job: str, namespace: str) -> dict[str, Any]:
    prepared = Prepared.of(
        job_name=job,
        namespace=namespace,
        job_uid="",
        revision=f"{job}-0",
        template=json.loads(template),
    )
    return prepared.manifest()


def _differences(old: Any, new: Any) -> Iterator[_Pair]:
    """The pairs of values that differ."""
    if isinstance(old, dict) and isinstance(new, dict) and old.keys() == new.keys():
        for key in old:
            yield from _differences(old[key], new[key])
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for one, other in zip(old, new, strict=True):
            yield from _differences(one, other)
    elif type(old) is not type(new) or old != new:
        yield old, new


def _may_be_same(old: Any, new: Any) -> bool:
    strings = isinstance(old, str) and isinstance(new, str)
    return strings and any(PLACEHOLDER.search(text) for text in (old, new))


def _are_same(pairs: list[_Pair], values: dict[str, str]) -> bool:
    return all(filled(old, values) == filled(new, values) for old, new in pairs)
