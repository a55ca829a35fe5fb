"""Servers that gates ask."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hack.devcluster.cluster import Cluster
from hack.harness.web import Web
from tests.integration.gates.prometheus import Exporter, Prometheus, program


@pytest.fixture
def web() -> Iterator[Web]:
    with Web() as running:
        yield running


@pytest.fixture
def secure_web(cluster: Cluster) -> Iterator[Web]:
    """A server whose certificate the operator trusts (``--gate-ca-file``)."""
    certs = cluster.layout.certs
    with Web((certs / "apiserver.crt", certs / "apiserver.key")) as running:
        yield running


@pytest.fixture(scope="session")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """A Prometheus server that scrapes ``exporter`` twice a second."""
    path = program()
    if path is None:
        pytest.skip("no prometheus on the PATH, and apt-get cannot download it")
    with Prometheus(path, tmp_path_factory.mktemp("prometheus")) as running:
        yield running


@pytest.fixture
def exporter(prometheus: Prometheus) -> Iterator[Exporter]:
    """The metrics of a test's instances."""
    made = prometheus.exporter
    made.reset()
    yield made
    made.reset()
