"""How the tests are spread over several workers (``-n``); alone, pytest runs them in order."""

from __future__ import annotations

import pytest

from tests import scheduling


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config) -> scheduling.Scheduling:
    return scheduling.Scheduling(config)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: scheduling.rank(item.nodeid))
