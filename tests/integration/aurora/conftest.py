"""A separate control plane on which the test acts as the kubelet: it has no node simulator, no
scheduler, and no controller that reacts to missing heartbeats of a kubelet."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from hack.devcluster.cluster import Cluster
from hack.harness.operator import USER, Operator
from hack.harness.plane import install
from hack.harness.role import grant
from hack.harness.sightings import Sightings
from hack.harness.space import Space
from tests.unit.core.aurora.kubelet import NODE
from tests.unit.core.aurora.stage import Stage

#: Controllers that create ServiceAccounts, and delete pods with their Job.
CONTROLLERS = "serviceaccount-controller,garbage-collector-controller"


# These three fixtures replace those of the other tests, so that `space` and `operator`, which use
# them, use this control plane.


@pytest.fixture(scope="package")
def cluster() -> Iterator[Cluster]:
    """A control plane with one node that has no kubelet."""
    args = [f"--controllers={CONTROLLERS}"]
    with Cluster(nodes=0, scheduler=False, controller_args=args, audit=True) as running:
        install(running)
        grant(running, USER)
        running.api.create("/api/v1/nodes", {"metadata": {"name": NODE}})
        # While no node is Ready, an Update waits.
        ready = {"conditions": [{"type": "Ready", "status": "True"}]}
        running.api.patch(f"/api/v1/nodes/{NODE}/status", {"status": ready})
        yield running


@pytest.fixture(scope="package")
def sightings(cluster: Cluster) -> Iterator[Sightings]:
    seen = Sightings(cluster)
    seen.start()
    yield seen
    seen.stop()


@pytest.fixture(scope="package")
def shared_operator(cluster: Cluster, sightings: Sightings) -> Iterator[Operator]:
    assert sightings is not None
    made = Operator(cluster, "aurora", module="tests.integration.aurora.played")
    yield made
    made.close()


@pytest.fixture
def stage(space: Space) -> Stage:
    """The test's namespace, with the operations of Aurora's tests."""
    return Stage(space)


@pytest.fixture
def fail_over(operator: Operator) -> Callable[[], None]:
    """Kill the operator and start it again."""

    def kill() -> None:
        operator.kill9()
        operator.start()

    return kill
