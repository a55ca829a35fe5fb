"""The pauses of a strategy in words."""

from __future__ import annotations

import pytest

from controller.api.strategy import Pause, ResolvedStrategy, StrategyType
from controller.view.pauses import MAX_WORDS, pauses


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, ""),
        ({"auto_pause": True}, "a pause before each new group"),
        ({"pauses": (Pause(after=1),)}, "a pause after group 1"),
        ({"pauses": (Pause(after=2, seconds=600),)}, "a pause of 10m after group 2"),
        (
            {"pauses": (Pause(after=2, seconds=600), Pause(after=1))},
            "a pause after group 1, 10m after group 2",
        ),
    ],
)
def test_in_words(fields: dict[str, object], words: str) -> None:
    strategy = ResolvedStrategy(type=StrategyType.BATCH, size=1).model_copy(update=fields)
    assert pauses(strategy) == words


def test_many_are_cut() -> None:
    many = tuple(Pause(after=n) for n in range(1, 101))
    strategy = ResolvedStrategy(type=StrategyType.BATCH, size=1, pauses=many)
    assert len(pauses(strategy)) == MAX_WORDS
