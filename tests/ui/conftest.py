"""A real browser (Debian's Chromium, headless) for the page, without and with a cluster."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from hack.browser import MISSING, browser, program
from tests.integration.conftest import (  # noqa: F401
    audit,
    cluster,
    operator,
    pytest_collection_modifyitems,
    pytest_configure,
    pytest_runtest_makereport,
    shared_operator,
    sightings,
    space,
    told,
)
from tests.ui.inside import Inside
from tests.ui.window import Window


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """The browser. Tests that need it are skipped where it or Playwright is not installed; `make
    test-ui` installs the one and asks for the other."""
    pytest.importorskip("playwright.sync_api")
    if program() is None:
        pytest.skip(MISSING)
    with browser() as made:
        yield made


@pytest.fixture
def inside() -> Iterator[Inside]:
    """The page without a cluster."""
    with Inside() as made:
        yield made


@pytest.fixture
def window(chromium: Any) -> Iterator[Window]:
    """A window of the browser. At the end of the test there must have been no error in it."""
    made = Window(chromium)
    yield made
    made.close()
    assert made.errors == []
