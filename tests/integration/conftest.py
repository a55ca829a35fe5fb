"""One real control plane, one operator, and a namespace for each test.

A test with the fixture `space` gets a new namespace and a running operator. At the end of the test
four checks run: the observer (pods and statuses), the audit log (the operator's requests), the
operator's log (no unhandled error), and what Argo CD and kstatus said of every version of every Job
and Update.

tests/cli imports these fixtures. To pytest an imported fixture is another one, so what the session
has one of is `made_once`.
"""

from __future__ import annotations

import functools
import itertools
import json
import re
from collections.abc import Callable, Iterator
from typing import Any, Final, ParamSpec, TypeVar

import pytest

from hack.devcluster.cluster import Cluster
from hack.harness.audit import Audit
from hack.harness.judge import judge
from hack.harness.operator import USER, Operator
from hack.harness.plane import install
from hack.harness.role import grant
from hack.harness.sightings import Sightings
from hack.harness.space import Space
from hack.integrations.recording import objects
from hack.integrations.told import Told
from tests.integration.maintenance import Nodes, maintained, serving

#: The requests of the control plane itself and of the tests are most of all, and no test asks for
#: them: to log them would slow down the API server.
_AUDIT_POLICY: Final = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "rules": [
        {
            "level": "None",
            "users": [
                "admin",
                "nodesim",
                "system:apiserver",
                "system:kube-controller-manager",
                "system:kube-scheduler",
            ],
        },
        {"level": "Metadata"},
    ],
}
_NUMBERS = itertools.count(1)
_REPORTS = pytest.StashKey[list[pytest.TestReport]]()
P = ParamSpec("P")
T = TypeVar("T")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: takes minutes; runs only if selected with -m")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if "slow" in config.getoption("markexpr"):
        return
    slow = [item for item in items if item.get_closest_marker("slow")]
    config.hook.pytest_deselected(items=slow)
    items[:] = [item for item in items if item not in slow]


def made_once(fixture: Callable[P, Iterator[T]]) -> Callable[P, Iterator[T]]:
    """A fixture of the session whose value all folders share. The folder that asked first ends it,
    as the last one: pytest ends fixtures in reverse order."""
    made: list[T] = []

    @functools.wraps(fixture)
    def shared(*args: P.args, **kwargs: P.kwargs) -> Iterator[T]:
        if made:
            yield made[0]
            return
        for each in fixture(*args, **kwargs):
            made.append(each)
            yield each
            made.clear()

    return shared


@pytest.fixture(scope="session")
@made_once
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A control plane with simulated nodes, an audit log of clients and the CRDs."""
    policy = tmp_path_factory.mktemp("audit") / "policy.json"
    policy.write_text(json.dumps(_AUDIT_POLICY))
    # Its limits are too high to matter here, and it takes a twentieth of the API server's time.
    args = [f"--audit-policy-file={policy}", "--enable-priority-and-fairness=false"]
    with Cluster(nodes=10, audit=True, api_args=args, users=[USER]) as running:
        install(running)
        grant(running, USER)
        yield running


@pytest.fixture(scope="session")
@made_once
def sightings(cluster: Cluster) -> Iterator[Sightings]:
    """All events of pods, Jobs and Updates."""
    seen = Sightings(cluster)
    seen.start()
    yield seen
    seen.stop()


@pytest.fixture(scope="session")
@made_once
def shared_operator(cluster: Cluster, sightings: Sightings) -> Iterator[Operator]:
    """The operator of the session; tests use `operator`."""
    assert sightings is not None
    made = Operator(cluster, "tests")
    yield made
    made.close()


@pytest.fixture(scope="session")
@made_once
def told() -> Iterator[Told]:
    """What other tools say of Jobs and Updates."""
    made = Told()
    yield made
    made.close()


@pytest.fixture
def operator(shared_operator: Operator) -> Operator:
    """The running operator. A test may stop, kill and start it; it runs again for the next test."""
    if not shared_operator.running:
        shared_operator.start()
    return shared_operator


@pytest.fixture
def audit(cluster: Cluster) -> Audit:
    """The requests to the API server since the start of the test."""
    return Audit(cluster.audit_log)


@pytest.fixture
def space(
    request: pytest.FixtureRequest,
    cluster: Cluster,
    sightings: Sightings,
    operator: Operator,
    audit: Audit,
    told: Told,
) -> Iterator[Space]:
    """A namespace for the test. What it made is deleted at its end."""
    stem = re.sub(r"[^a-z0-9]+", "-", request.node.name.lower()).strip("-")[:40].strip("-")
    made = Space(cluster, sightings, f"{stem}-{next(_NUMBERS)}")
    since = {each: each.log_size() for each in Operator.made}
    request.node.stash[_SPACE] = made, since
    assert operator is not None
    made.begin()
    yield made
    try:
        if not _failed(request.node):
            faults = judge(made, audit, since)
            faults += told.faults(objects(sightings.events(made.name)))
            assert not faults, "\n".join(["faults that must never happen:", *faults])
    finally:
        made.end()


@pytest.fixture(scope="module")
def maintainer(cluster: Cluster) -> Iterator[Operator]:
    """The operator that serves Maintenances; that of the session serves the Jobs."""
    with serving(cluster, "maintainer") as made:
        yield made


@pytest.fixture
def nodes(space: Space, maintainer: Operator) -> Iterator[Nodes]:
    """The nodes, with the operator at work. A test may stop and kill it."""
    if not maintainer.running:
        maintainer.start()
    with maintained(space, maintainer) as found:
        yield found


_SPACE = pytest.StashKey[tuple[Space, dict[Operator, int]]]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Any:  # a generator that returns the report
    """Add the namespace and the end of the operator's log to the report of each failure."""
    report: pytest.TestReport = yield
    assert call is not None
    item.stash.setdefault(_REPORTS, []).append(report)
    if report.failed and (found := item.stash.get(_SPACE, None)):
        space, since = found
        report.sections.append(("namespace", _shown(space)))
        for operator in Operator.made:
            if said := operator.said(since.get(operator, 0)):
                lines = said.splitlines()[-60:]
                report.sections.append((operator.log.name, "\n".join(lines)))
    return report


def _failed(item: pytest.Item) -> bool:
    return any(report.failed for report in item.stash.get(_REPORTS, []))


def _shown(space: Space) -> str:
    try:
        return space.describe()
    except Exception as error:  # a failed report must not hide the failure of the test
        return f"cannot be shown: {error}"
