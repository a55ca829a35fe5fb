"""Keeps a Job's status small: above 150 KiB what is only told is shortened.

Range strings of alternating ids make a status large. Decisions need ``assigned`` and ``slots``, so
these stay. ``ended`` is cut first, oldest entries first, then ``revisions``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import accumulate, takewhile
from typing import Final

from controller.api.ended import Ended
from controller.api.job import JobStatus, RevisionRange
from controller.core.model.conditions import MAX_MESSAGE

#: Conditions that a Job can have.
_CONDITIONS: Final = 12
#: Bytes of a status that leave space for its conditions in 150 KiB.
ROOM: Final = 150 * 1024 - _CONDITIONS * (MAX_MESSAGE + 200)


def fitted(status: JobStatus) -> tuple[JobStatus, str]:
    """``status``, shortened if it would be too large, and which fields were shortened, in words;
    "" for none."""
    room = ROOM - sum(_kept(status))
    revisions = sum(map(_of_range, status.revisions))
    ended = sum(map(_of_ended, status.ended))
    if revisions + ended <= room:
        return status, ""
    room_for_ended = max(0, room - revisions)
    kept = _that_fit([_of_ended(each) for each in status.ended], room_for_ended)
    changes: dict[str, object] = {"ended": status.ended[:kept]}
    words = f"{kept} of {len(status.ended)} entries of ended"
    if revisions > room:
        shown = _that_fit([_of_range(each) for each in status.revisions], room)
        changes["revisions"] = status.revisions[:shown]
        words += f" and {shown} of {len(status.revisions)} of revisions"
    return status.model_copy(update=changes), words


def _that_fit(sizes: list[int], room: int) -> int:
    """How many of the first entries fit."""
    return sum(1 for _ in takewhile(lambda total: total <= room, accumulate(sizes)))


def _kept(status: JobStatus) -> Iterator[int]:
    yield from map(_of_range, status.assigned)
    yield status.slots.weight()
    yield from (30 + ids.weight() for ids in status.down_since.values())
    yield from (200 + sum(map(len, bad.images)) for bad in status.known_bad)
    if status.safety is not None:
        yield from (30 + ids.weight() for ids in status.safety.disrupted.values())
        yield 200 + len(status.safety.stop.message) if status.safety.stop else 0


def _of_range(part: RevisionRange) -> int:
    return 40 + len(part.revision) + part.instances.weight()


def _of_ended(each: Ended) -> int:
    return 180 + _in_json(each.message) + len(each.node) + len(each.revision) + len(each.update)


def _in_json(text: str) -> int:
    """Bytes of a text in JSON, where a letter can be four and a quotation mark two."""
    return len(json.dumps(text, ensure_ascii=False).encode())
