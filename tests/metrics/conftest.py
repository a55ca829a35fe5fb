"""One control plane, one Prometheus per test module, and operators with every trouble there is."""

from __future__ import annotations

from tests.integration.conftest import (  # noqa: F401
    cluster,
    pytest_collection_modifyitems,
    pytest_configure,
    sightings,
)
