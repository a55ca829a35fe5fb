"""One control plane, one real node, the operator installed by its chart, and a namespace per test.

All of them except the namespaces are created once per session. Tests that need a second node run
after the others, and only they start it. Without root, or if the tools cannot be installed, every
test is skipped, and the end of the output says why.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from hack.devcluster.cluster import Cluster
from hack.e2e import operator_image, tools, webserver
from hack.e2e.node import NODE_ARGS, RealNode
from hack.e2e.release import Release
from tests.e2e.nodes import Nodes
from tests.e2e.place import Place

_NUMBERS = itertools.count(1)
_SKIPPED = pytest.StashKey[str]()
_NOTES = pytest.StashKey[list[str]]()
_PLACE = pytest.StashKey[Place]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_NOTES] = []


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the tests that need a second node late, and those that check the whole session last."""

    def place_in_session(item: pytest.Item) -> tuple[bool, bool]:
        fixtures = getattr(item, "fixturenames", ())
        return item.name.endswith("in_all_tests_so_far"), "second" in fixtures

    items.sort(key=place_in_session)


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
    """The node of all tests. At the end no part of it may be left on the machine."""
    with running(RealNode(cluster)) as made:
        yield made


@pytest.fixture(scope="session")
def second(cluster: Cluster, node: RealNode) -> Iterator[RealNode]:
    """Another node. It is cordoned while no test needs it."""
    with running(RealNode(cluster, "real-1", [node])) as made:
        cluster.kubectl("cordon", made.name)
        yield made


@contextmanager
def running(made: RealNode) -> Iterator[RealNode]:
    """Start a node and load all images."""
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


@pytest.fixture(scope="session")
def maintaining(operator: Release, second: RealNode) -> Release:
    """The operator, upgraded to one that serves Maintenances. Its pods stay on the first node."""
    assert second.address
    operator.upgrade("maintenance.enabled=true")
    return operator


@pytest.fixture
def nodes(cluster: Cluster, node: RealNode, second: RealNode, operator: Release) -> Iterator[Nodes]:
    """Both nodes. All pods begin on the first one."""
    made = Nodes(cluster, node.name, second.name)
    yield made
    second.check()
    made.restore(operator)


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
