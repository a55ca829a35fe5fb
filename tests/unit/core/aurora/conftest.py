"""Aurora's tests on the simulated world; `tests/integration/aurora` plays some on an API server."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from controller.core.pods import index
from hack.harness.space import Space
from tests.unit.core.aurora.api import NAMESPACE, Api, Sightings, describe
from tests.unit.core.aurora.stage import Stage
from tests.unit.core.aurora.stamps import as_stamped


class Simulated(Space):
    """A `Space` in whose place of a cluster stands the simulated world."""

    def __init__(self, api: Api) -> None:
        self.api = api
        super().__init__(self, Sightings(api), NAMESPACE)  # type: ignore[arg-type]

    def describe(self) -> str:
        return describe(self.api)


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Api:
    monkeypatch.setattr(index, "as_observed", as_stamped)
    return Api()


@pytest.fixture
def stage(api: Api) -> Iterator[Stage]:
    """The simulated world in the words of Aurora's tests, judged at the end by the observer of the
    integration tests (that of the simulation judges each step)."""
    made = Stage(Simulated(api), api.now)
    yield made
    assert made.space.observer.replay().faults == []


@pytest.fixture
def fail_over(api: Api) -> Callable[[], None]:
    """Another operator takes the place of the present one."""
    return lambda: api.world.restart()
