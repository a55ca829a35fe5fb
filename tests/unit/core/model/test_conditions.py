"""A condition that says what it said is the old object; whatever differs makes another one."""

from __future__ import annotations

import pytest

from controller.api.meta import Condition
from controller.core.model.conditions import MAX_MESSAGE, Wanted, merged

OLD = Condition(
    type="Ready",
    status="True",
    reason="Ready",
    message="all of 3",
    observed_generation=4,
    last_transition_time=100.0,
)
SAME = Wanted(True, "Ready", "all of 3")


def now(wanted: Wanted, generation: int = 4, old: Condition = OLD) -> Condition:
    (found,) = merged([old], {"Ready": wanted}, generation, 200.5)
    return found


def test_what_says_the_same_is_kept() -> None:
    assert now(SAME) is OLD


@pytest.mark.parametrize(
    ("wanted", "generation", "since"),
    [
        (Wanted(True, "Other", "all of 3"), 4, 100.0),
        (Wanted(True, "Ready", "all of 4"), 4, 100.0),
        (SAME, 5, 100.0),
        (Wanted(False, "Ready", "all of 3"), 4, 200.0),
    ],
    ids=["reason", "message", "generation", "status"],
)
def test_what_says_something_else_is_written(wanted: Wanted, generation: int, since: float) -> None:
    found = now(wanted, generation)
    assert found == Condition(
        type="Ready",
        status="True" if wanted.status else "False",
        reason=wanted.reason,
        message=wanted.message,
        observed_generation=generation,
        last_transition_time=since,
    )


def test_a_message_that_was_cut_says_the_same() -> None:
    long = Wanted(True, "Ready", "x" * (MAX_MESSAGE + 1))
    cut = now(long)
    assert len(cut.message) == MAX_MESSAGE
    assert now(long, old=cut) is cut
