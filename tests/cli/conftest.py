"""The tests of the command line use the control plane and the operator of tests/integration."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hack.harness.manifests import Object, job
from hack.harness.space import Space
from tests.cli.echelon import Echelon
from tests.cli.files import File

# Fixtures and hooks that are imported here hold for this folder, too. `cluster`, `sightings` and
# `shared_operator` are made once for both folders.
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


@pytest.fixture
def echelon(space: Space) -> Echelon:  # noqa: F811
    """Runs ``echelon …`` as the cluster's administrator, in the namespace of the test."""
    return Echelon(space.cluster.kubeconfig, space.name)


@pytest.fixture
def file(tmp_path: Path) -> Any:
    """Makes a file with a Job."""

    def made(instances: int = 3, update: Object | None = None, **spec: Any) -> File:
        return File(tmp_path / "job.yaml", job(instances=instances, update=update, **spec))

    return made
