from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.unit.reconcile.sim import ShellWorld


@pytest.fixture
def make_world() -> Iterator[Callable[..., ShellWorld]]:
    """Makes worlds with the real shell in them."""
    made: list[ShellWorld] = []

    def make(**kwargs: Any) -> ShellWorld:
        made.append(ShellWorld(**kwargs))
        return made[-1]

    yield make
    for world in made:
        world.close()
