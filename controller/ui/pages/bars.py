"""How far an Update is, as a bar and as a grid."""

from __future__ import annotations

from dataclasses import replace

from controller.api.ids import NONE, Ids
from controller.api.update import Update
from controller.ui import figures, marks
from controller.ui.figures import Part
from controller.ui.marks import Badge
from controller.view.updates import Mark, covered, is_backward, rest_word


def sets_of(update: Update) -> list[tuple[Mark, Ids]]:
    """The ids of an Update by what became of them, in the order of a bar: what has got where the
    Update goes comes first, what was not touched last. Empty sets are included."""
    sets = update.status.instances
    forward = [
        (Mark.UPDATED, sets.updated),
        (Mark.UPDATING, sets.updating),
        (Mark.FAILED, sets.failed),
    ]
    backward = [
        (Mark.ROLLED_BACK, sets.rolled_back),
        (Mark.ROLLING_BACK, sets.rolling_back),
        (Mark.ROLLBACK_FAILED, sets.rollback_failed),
    ]
    found = [*backward, *forward] if is_backward(update) else [*forward, *backward]
    known = NONE
    for _, ids in found:
        known |= ids
    return [*found, (Mark.PENDING, covered(update) - known)]


def badges_of(update: Update) -> list[tuple[Badge, Ids]]:
    """The same, with how they look."""
    found = [(marks.of_mark(mark), ids) for mark, ids in sets_of(update)]
    rest, ids = found.pop()
    return [*found, (replace(rest, word=rest_word(update)), ids)]


def progress_bar(update: Update) -> list[Part]:
    """The bar; what is pending is its empty end. It is full when all that is to be replaced is, or
    in a rollback all that was touched is restored."""
    *sets, _ = sets_of(update)
    parts = [(len(ids), marks.of_mark(mark).tone, str(mark)) for mark, ids in sets]
    if not is_backward(update):
        parts.append((update.status.counts.pending, "none", str(Mark.PENDING)))
    return figures.bar(parts)
