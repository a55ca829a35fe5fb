"""The variants of a revision: the template that each instance gets, from overlays and constraints.

Instances with the same combination of overlays share a variant, so a revision has few of them
however many instances a Job has. A variant is a canonical template, like that of a revision without
overlays: pods, dry runs and comparisons are made from it in the same way. Placeholders are replaced
when a pod is made, after merging.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Self, TypeVar

from pydantic import ValidationError

from controller.api.ids import MAX_ID, Ids
from controller.api.lenient import unreadable
from controller.api.meta import Model
from controller.api.overlay import Constraint, Overlay
from controller.core.overlays.combinations import ALL, combinations
from controller.core.overlays.constraints import constrained
from controller.core.overlays.duplicates import doubled
from controller.core.overlays.problem import INVALID, PatchError, RefusedError, of_overlay
from controller.core.overlays.strategic_merge import merge
from controller.core.revisions import data as revision_data
from controller.core.revisions.revision import canonical

Object = dict[str, Any]
M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True)
class Variant:
    """What some instances get of a revision. ``overlays``: the names of their overlays in order;
    ``ids``: all ids of 0..9999 that have just these; ``template``: canonical."""

    overlays: tuple[str, ...]
    ids: Ids
    template: bytes

    @property
    def lowest(self) -> int:
        """The lowest id: its pod stands for all in a dry run, whether there is that instance or
        not."""
        return next(iter(self.ids))


@dataclass(frozen=True, slots=True)
class Variants:
    """The variants of one revision of one Job; each id of 0..9999 has one of them. ``constraints``:
    of the revision, which each variant has."""

    job: str
    namespace: str
    all: tuple[Variant, ...]
    constraints: tuple[Constraint, ...]
    _places: bytes = field(repr=False, compare=False)

    @classmethod
    def of(
        cls,
        job: str,
        namespace: str,
        variants: Iterable[Variant],
        constraints: tuple[Constraint, ...] = (),
    ) -> Self:
        """``variants`` must have each id of 0..9999 once."""
        variants, places = tuple(variants), bytearray(MAX_ID + 1)
        for place, variant in enumerate(variants[1:], start=1):
            for i in variant.ids:
                places[i] = place
        return cls(job, namespace, variants, constraints, bytes(places))

    def of_instance(self, instance: int) -> Variant:
        """The variant of an instance."""
        return self.all[self._places[instance]]

    def distinct(self) -> tuple[Variant, ...]:
        """The variants without those whose template another has, too: each is checked once."""
        return tuple({each.template: each for each in reversed(self.all)}.values())[::-1]


def variants(data: bytes, job: str, namespace: str) -> Variants:
    """The variants of a revision. ``data``: canonical, see `controller.core.revisions.data`. Raises
    ``RefusedError`` for overlays or constraints that `refusals` would have refused."""
    found = _known(data, job, namespace)
    if isinstance(found, RefusedError):
        raise found
    return found


def usable(data: bytes, job: str, namespace: str) -> Variants | None:
    """The variants of a revision; None if its overlays or constraints are refused."""
    found = _known(data, job, namespace)
    return None if isinstance(found, RefusedError) else found


# What is refused is asked about as often as what is not. Each decision about each Job asks about a
# few revisions, so there is room for those of many Jobs.
@lru_cache(maxsize=256)
def _known(data: bytes, job: str, namespace: str) -> Variants | RefusedError:
    try:
        return _resolved(data, job, namespace)
    except RefusedError as error:
        return error


def _resolved(data: bytes, job: str, namespace: str) -> Variants:
    template, parts = revision_data.split(data)
    if not parts:
        return Variants.of(job, namespace, [Variant((), ALL, template)])
    overlays, constraints = read(parts)
    plain: Object = json.loads(template)
    merged: dict[tuple[str, ...], Object] = {(): plain}
    found = []
    for those, ids in combinations(overlays, job, namespace):
        names: tuple[str, ...] = ()
        for overlay in those:
            before, names = merged[names], (*names, overlay.name)
            if names not in merged:
                merged[names] = applied(before, overlay)
        whole = constrained(merged[names], constraints, job)
        found.append(Variant(names, ids, canonical(whole)))
    return Variants.of(job, namespace, found, constraints)


def read(parts: Object) -> tuple[tuple[Overlay, ...], tuple[Constraint, ...]]:
    """Overlays and constraints below ``echelon``. Raises ``RefusedError``."""
    return (
        tuple(_read(Overlay, parts, revision_data.OVERLAYS, "name")),
        tuple(_read(Constraint, parts, revision_data.CONSTRAINTS, "key")),
    )


def _read(model: type[M], parts: Object, field: str, key: str) -> Iterator[M]:
    items = parts.get(field, [])
    for place, item in enumerate(items if isinstance(items, list) else [items]):
        try:
            yield model.model_validate(item)
        except ValidationError as error:
            name = item.get(key, place) if isinstance(item, dict) else place
            raise RefusedError(INVALID, f"spec.{field}[{name}].{unreadable(error)}") from None


def applied(template: Object, overlay: Overlay) -> Object:
    """The template with the patch of an overlay. Raises ``RefusedError``."""
    try:
        merged = merge(template, overlay.patch)
    except PatchError as error:
        where = f"patch.{error.path}" if error.path else "patch"
        raise of_overlay(overlay.name, where, error.message) from None
    if (twice := doubled(template, merged)) is not None:
        path, item = twice
        message = f"the patch makes two items with {item}"
        raise of_overlay(overlay.name, f"patch.{path}", message)
    return merged
