"""What is remembered of answers that do not allow."""

from __future__ import annotations

from controller.core.model.coordination import (
    Coordination,
    Denial,
    Question,
    denied,
    still_said,
)
from controller.core.verdicts.answer import failed, inconclusive

QUESTION = Question("u1/p1/r1", "Update", "web-g2", 0, "web-0", "p1", "n1", "r1")


def test_it_is_asked_again_from_5_to_60_seconds_later() -> None:
    waits, before = list[float](), None
    for _ in range(6):
        before = denied(QUESTION, failed("no", "Deny"), before, 100.0)
        waits.append(before.until - 100.0)
    assert waits == [5, 10, 20, 40, 60, 60]
    assert before is not None
    assert (before.tries, before.message, before.answered) == (6, "no", True)


def test_without_an_answer_nothing_was_said_about_this_pod() -> None:
    assert not denied(QUESTION, inconclusive("no answer in 10 s"), None, 100.0).answered


def test_what_is_over_or_about_pods_that_are_gone_is_forgotten() -> None:
    denial = Denial(QUESTION, "no", 100.0)
    known = Coordination(denials={QUESTION.request_id: denial})
    assert still_said(known, {"p1"}, 159.0) == known, "the next pause is longer"
    assert still_said(known, {"p1"}, 160.0).denials == {}
    assert still_said(known, {"p2"}, 99.0).denials == {}
