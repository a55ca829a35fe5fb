"""One cluster with the operator for the tests of all examples."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hack.demo.stage import Stage
from hack.devcluster.cluster import Cluster
from hack.harness.volumes import Volumes


class QuickStage(Stage):
    """A stage whose autoscalers sync every second instead of every 15 seconds."""

    def start_cluster(self, *admission_plugins: str) -> None:
        assert not admission_plugins
        flags = ["--horizontal-pod-autoscaler-sync-period=1s"]
        self._cluster = self._stack.enter_context(Cluster(self.nodes, controller_args=flags))


# It ends with the tests of this folder: an idle one would slow down the tests of others.
@pytest.fixture(scope="package")
def stage() -> Iterator[Stage]:
    with QuickStage() as made:
        made.start_cluster()
        made.apply_crds()
        made.start_operator()
        # A control plane without a cloud has no provisioner.
        with Volumes(made.cluster.api, "standard", default=True):
            yield made
