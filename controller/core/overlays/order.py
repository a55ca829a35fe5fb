"""The order of a list that was merged with the list of a patch, as the API server makes it.

Items that the patch names (*patched*) have the order of the patch, the others (*kept*) that of the
list before. Each kept item stands before the first remaining patched item that came after it in the
list before; where that does not tell, the patched item comes first.

Rules: the design proposal "preserve order in strategic merge patch" and its implementation,
k8s.io/apimachinery/pkg/util/strategicpatch.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any

Identity = Callable[[Any], Hashable]
_Places = dict[Hashable, int]


def ordered(
    items: Iterable[Any], of_patch: Iterable[Any], before: Iterable[Any], identity: Identity
) -> list[Any]:
    """``items`` in their order. ``of_patch``: the items in the order of the patch; ``before``: the
    items in the order of the list before; ``identity``: by what an item is matched."""
    patch_places, old_places = _places(of_patch, identity), _places(before, identity)
    patched: list[Any] = []
    kept: list[Any] = []
    for item in items:
        (patched if identity(item) in patch_places else kept).append(item)
    patched = _by_place(patched, patch_places, identity)
    kept = _by_place(kept, old_places, identity)
    return _interleaved(kept, patched, old_places, identity)


def _places(items: Iterable[Any], identity: Identity) -> _Places:
    places: _Places = {}
    for place, item in enumerate(items):
        places.setdefault(identity(item), place)
    return places


def _by_place(items: list[Any], places: _Places, identity: Identity) -> list[Any]:
    if all(identity(item) in places for item in items):
        return sorted(items, key=lambda item: places[identity(item)])
    # An item without a place goes before the item ahead of it, and so on: what the API server does.
    made: list[Any] = []
    for item in items:
        at = len(made)
        while at and _goes_before(places.get(identity(item)), places.get(identity(made[at - 1]))):
            at -= 1
        made.insert(at, item)
    return made


def _goes_before(one: int | None, other: int | None) -> bool:
    return one is None or other is None or one < other


def _interleaved(
    kept: Sequence[Any], patched: Sequence[Any], places: _Places, identity: Identity
) -> list[Any]:
    made: list[Any] = []
    waiting = 0
    for item in patched:
        place = places.get(identity(item))
        while waiting < len(kept):
            other = places.get(identity(kept[waiting]))
            if place is None or other is None or other >= place:
                break
            made.append(kept[waiting])
            waiting += 1
        made.append(item)
    return [*made, *kept[waiting:]]
