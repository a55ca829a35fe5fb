"""One control plane, one real node, the operator installed by its chart, and a namespace per test.

All of them except the namespaces are created once per session. Without root, or if the tools cannot
be installed, every test is skipped, and the end of the output says why.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import Any

import pytest

from hack.devcluster.cluster import Cluster
from hack.e2e import operator_image, tools, webserver
from hack.e2e.node import NODE_ARGS, RealNode
from hack.e2e.release import Release
from tests.e2e.place import Place

_NUMBERS = itertools.count(1)
_SKIPPED = pytest.StashKey[str]()
_NOTES = pytest.StashKey[list[str]]()
_PLACE = pytest.StashKey[Place]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_NOTES] = []


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the tests that check the whole session last."""
    items.sort(key=lambda item: item.name.endswith("in_all_tests_so_far"))


@pytest.fixture(scope="session")
def machine(request: pytest.FixtureRequest) -> None:
    """Skip all tests if no real node can run here. (`python -m hack.e2e --prepare` runs before, so
    that builds and installations do not count towards the time limit of a test.)"""
    try:
        tools.ensure()
    except tools.UnavailableError as error:
        request.config.stash[_SKIPPED] = str(error)
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def cluster(machine: None) -> Iterator[Cluster]:
    """A control plane without simulated nodes."""
    assert machine is None
    with Cluster(nodes=0, audit=True, controller_args=NODE_ARGS) as running:
        yield running


@pytest.fixture(scope="session")
def node(cluster: Cluster) -> Iterator[RealNode]:
    """The node, with all images. At the end no part of it may be left on the machine."""
    made = RealNode(cluster)
    with made:
        made.load(webserver.archive(made.dir))
        made.load(operator_image.archive(made.dir))
        yield made
    assert made.leftovers() == []


@pytest.fixture(scope="session")
def operator(cluster: Cluster, node: RealNode) -> Release:
    """The operator, installed with `helm install`."""
    assert node.address
    made = Release(cluster)
    made.install()
    return made


@pytest.fixture
def notes(request: pytest.FixtureRequest) -> list[str]:
    """Lines to show at the end of the session."""
    return request.config.stash[_NOTES]


@pytest.fixture
def place(
    request: pytest.FixtureRequest, cluster: Cluster, node: RealNode, operator: Release
) -> Iterator[Place]:
    """The namespace of the test."""
    assert operator is not None
    stem = re.sub(r"[^a-z0-9]+", "-", request.node.name.lower())[:40].strip("-")
    made = Place(cluster, f"{stem}-{next(_NUMBERS)}")
    request.node.stash[_PLACE] = made
    made.begin()
    yield made
    request.config.stash[_NOTES] += [f"{request.node.name}: {note}" for note in made.notes]
    node.check()
    made.end()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """Add the namespace and the operator's log to the report of each failure."""
    report: pytest.TestReport = yield
    assert call is not None
    if report.failed and (place := item.stash.get(_PLACE, None)):
        report.sections.append(("namespace", place.describe()))
        report.sections.append(("operator", Release(place.cluster).said()))
    return report


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    if found := config.stash[_NOTES]:
        terminalreporter.section("requests")
        for line in found:
            terminalreporter.line(line)
    if reason := config.stash.get(_SKIPPED, None):
        terminalreporter.section("THE END-TO-END TESTS DID NOT RUN", red=True)
        terminalreporter.line(reason, red=True)
