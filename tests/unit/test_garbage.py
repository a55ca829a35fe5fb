"""When Python looks for cyclic garbage."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from controller import garbage


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """What is frozen stays so: for the other tests it makes no difference but of time."""
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)


def test_it_is_looked_for_rarely_while_the_store_is_filled() -> None:
    garbage.look_rarely()
    assert gc.isenabled(), "what fails again and again meanwhile leaves garbage"
    assert gc.get_threshold()[0] > 10_000


def test_then_what_is_there_is_not_looked_at_again() -> None:
    gc.unfreeze()
    garbage.look_rarely()
    garbage.look_as_usual()
    assert gc.get_threshold() == (700, 10, 10)
    assert gc.get_freeze_count() > 1_000
