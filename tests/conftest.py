"""How the tests are spread over several workers (``-n``); alone, pytest runs them in order."""

from __future__ import annotations

import pytest
from xdist.remote import Producer

from tests.scheduling import Scheduling, rank


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduling:
    return Scheduling(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: rank(item.nodeid))
