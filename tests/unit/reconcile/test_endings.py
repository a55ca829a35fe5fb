"""What became of the pods of a Job: intended, by somebody else, or begun by an operator before."""

from __future__ import annotations

from controller.api.ended import EndCause, Ended
from controller.api.ids import Ids
from controller.api.job import JobStatus, RevisionRange
from controller.core.pods.ended import Intent
from controller.reconcile.endings import Endings
from tests.unit.core.pods.test_index import pod

STATUS = JobStatus(assigned=(RevisionRange(revision="web-a", instances=Ids([0, 1])),))
ROLLBACK = Intent(EndCause.ROLLBACK, "web-g2")


def note(endings: Endings, i: int = 0, now: float = 100.0) -> Ended:
    endings.note(pod(i), now, STATUS, None)
    return endings.fresh(STATUS)[0]


def test_what_was_intended_is_the_cause_once() -> None:
    endings = Endings()
    endings.intend("u0", ROLLBACK)
    assert (note(endings).cause, note(endings, now=200.0).cause) == (
        EndCause.ROLLBACK,
        EndCause.DELETED,
    )
    assert endings.count == {EndCause.ROLLBACK: 1, EndCause.DELETED: 1}


def test_a_delete_that_was_refused_is_no_cause() -> None:
    endings = Endings()
    endings.intend("u0", ROLLBACK)
    endings.withdraw("u0")
    assert note(endings).cause is EndCause.DELETED


def test_a_delete_by_force_keeps_the_first_cause() -> None:
    endings = Endings()
    endings.intend("u0", Intent(EndCause.SCALE))
    endings.intend("u0", ROLLBACK)
    assert note(endings).cause is EndCause.SCALE


def test_what_a_standby_has_seen_does_not_count() -> None:
    endings = Endings()
    note(endings)
    endings.begin(set())
    assert (endings.fresh(STATUS), endings.count) == ((), {})


def test_what_was_under_way_at_the_start_is_read_from_the_status() -> None:
    endings = Endings()
    endings.begin({"u7"})
    assert note(endings, 7).cause is EndCause.SCALE, "the Job has no instance 7"
    assert note(endings, 1, now=200.0).cause is EndCause.DELETED


def test_what_the_status_has_is_not_told_again() -> None:
    endings = Endings()
    first, second = note(endings, 0, 100.0), note(endings, 1, 200.0)
    assert endings.fresh(STATUS) == (second, first)
    stored = STATUS.model_copy(update={"ended": (first,)})
    assert endings.fresh(stored) == (second,)
    assert endings.fresh(stored) == (second,)
