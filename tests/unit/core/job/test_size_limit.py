"""The status of a Job stays below 150 KiB; what decisions need is never cut."""

from __future__ import annotations

import json

from controller.api.ended import KEPT, MAX_MESSAGE, EndCause, Ended
from controller.api.ids import Ids
from controller.api.job import JobStatus, RevisionRange
from controller.api.meta import wire
from controller.core.job.size_limit import ROOM, fitted

#: Ids of which no two are neighbours: the longest range strings.
ODD = [Ids(range(start, 10_000, 4)) for start in range(4)]


def ranges(parts: list[Ids]) -> tuple[RevisionRange, ...]:
    return tuple(RevisionRange(revision=f"web-{n}", instances=ids) for n, ids in enumerate(parts))


def pods(length: int) -> tuple[Ended, ...]:
    one = {"revision": "web-0123456789ab", "node": "node-1", "message": "x" * length}
    return tuple(
        Ended(instance=n, ended_at=1e9 - n, cause=EndCause.FAILED, update="web-g2", **one)
        for n in range(KEPT)
    )


def size(status: JobStatus) -> int:
    return len(json.dumps(wire(status), separators=(",", ":")))


def test_a_usual_status_is_not_touched() -> None:
    status = JobStatus(assigned=ranges(ODD[:2]), revisions=ranges(ODD[:2]), ended=pods(MAX_MESSAGE))
    assert fitted(status) == (status, "")


def test_the_oldest_ends_go_first() -> None:
    whole = ranges([*ODD, ODD[0]])
    status = JobStatus(assigned=whole, revisions=whole, ended=pods(MAX_MESSAGE))
    assert size(status) > ROOM
    after, words = fitted(status)
    kept = len(after.ended)
    assert 0 < kept < KEPT
    assert after.ended == status.ended[:kept]
    assert words == f"{kept} of {KEPT} entries of ended"
    assert after.revisions == status.revisions
    assert size(after) <= ROOM
    assert fitted(after) == (after, "")


def test_messages_are_measured_in_bytes() -> None:
    whole = ranges([*ODD, ODD[0]])
    told = tuple(each.model_copy(update={"message": "\U0001f4a5" * 200}) for each in pods(0))
    after, _ = fitted(JobStatus(assigned=whole, revisions=whole, ended=told))
    text = json.dumps(wire(after), separators=(",", ":"), ensure_ascii=False)
    assert 0 < len(after.ended) < KEPT
    assert len(text.encode()) <= ROOM


def test_then_revisions_are_cut() -> None:
    assigned = ranges([ids for ids in ODD for _ in (0, 1)])
    status = JobStatus(assigned=assigned, revisions=assigned, ended=pods(10))
    after, words = fitted(status)
    assert (after.ended, after.assigned) == ((), status.assigned)
    assert 0 < len(after.revisions) < len(status.revisions)
    assert after.revisions == status.revisions[: len(after.revisions)]
    assert words == f"0 of {KEPT} entries of ended and {len(after.revisions)} of 8 of revisions"
