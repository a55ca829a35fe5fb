"""In which order instances are updated, and undone (contract rule 4; Aurora: UpdateFactory).

Forward what is new comes first, so that capacity is there before any is taken away; a rollback goes
the same way in reverse. Instances that are down anyway come first among the *changed*: replacing
them costs nothing.

The iterators are lazy: the first ids of 10,000 cost no more than the first of ten.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from controller.api.ids import NONE, Ids


def forward(
    created: Ids, changed: Ids, removed: Ids, unavailable: Ids, scaled: Ids = NONE
) -> Iterator[int]:
    """Created, then changed (those in ``unavailable`` first, those in ``scaled``, that a scale gave
    to the update, last: rule 9), then removed; each ascending."""
    first, last = changed - scaled, changed & scaled
    return chain(created, first & unavailable, first - unavailable, last, removed)


def backward(created: Ids, changed: Ids, removed: Ids, unavailable: Ids) -> Iterator[int]:
    """Removed, then changed (those in ``unavailable`` first), then created; each descending.

    The sets are named as the way forward names them: ``removed`` are ids that the update took away
    and the rollback makes again, ``created`` those it made and the rollback kills.
    """
    return chain(
        reversed(removed),
        reversed(changed & unavailable),
        reversed(changed - unavailable),
        reversed(created),
    )
