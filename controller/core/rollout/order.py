"""The order in which instances are updated and rolled back (contract rule 4; Aurora:
UpdateFactory).

Forward, created instances come first: capacity is added before any is taken away. A rollback uses
the reverse order. Unavailable instances come first among the *changed*: replacing them costs no
capacity. Those whose pod is to leave its node come next: it would be moved in any case.

The iterators are lazy: the first ids of 10,000 cost no more than the first of ten.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from controller.api.ids import NONE, Ids


def forward(
    created: Ids,
    changed: Ids,
    removed: Ids,
    unavailable: Ids,
    marked: Ids = NONE,
    scaled: Ids = NONE,
) -> Iterator[int]:
    """Created, then changed, then removed ids, each ascending. Among the changed, ids in
    ``unavailable`` come first, then those in ``marked`` (their pod is to leave its node), and ids
    in ``scaled`` (added to the Update by a scale, contract rule 9) come last."""
    first, last = changed - scaled, changed & scaled
    return chain(created, *_tiers(first, unavailable, marked), last, removed)


def backward(
    created: Ids, changed: Ids, removed: Ids, unavailable: Ids, marked: Ids = NONE
) -> Iterator[int]:
    """Removed, then changed (those in ``unavailable`` first, then those in ``marked``), then
    created ids, each descending.

    The sets have the names of the forward direction: the rollback creates the ids in ``removed``
    again and deletes the ids in ``created``.
    """
    tiers = map(reversed, _tiers(changed, unavailable, marked))
    return chain(reversed(removed), *tiers, reversed(created))


def _tiers(changed: Ids, unavailable: Ids, marked: Ids) -> tuple[Ids, Ids, Ids]:
    late = changed - unavailable
    return changed & unavailable, late & marked, late - marked
