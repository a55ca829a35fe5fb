"""One cluster for all tests of this folder. Each test has its own namespace."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hack.devcluster.cluster import Cluster
from tests.devcluster.pods import Pods


# It ends with the tests of this folder: an idle one would slow down the tests of others.
@pytest.fixture(scope="package")
def cluster() -> Iterator[Cluster]:
    with Cluster(nodes=3, audit=True) as running:
        yield running


@pytest.fixture
def pods(cluster: Cluster, request: pytest.FixtureRequest) -> Iterator[Pods]:
    made = Pods(cluster, request.node.name)
    yield made
    made.remove()
