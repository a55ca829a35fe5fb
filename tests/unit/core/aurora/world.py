"""The simulated world without a kubelet: nothing becomes of a pod but what a test says."""

from __future__ import annotations

from controller.api.job import Job
from controller.api.pods.pod import Pod
from tests.unit.core.sim.cluster import Cluster
from tests.unit.core.sim.kubelet import Kubelet
from tests.unit.core.sim.observer import Observer
from tests.unit.core.sim.operator import Operator
from tests.unit.core.sim.world import World


class PlayedCluster(Cluster):
    """Its nodes are there: a pod that is on none has nobody to end it, and goes at once."""

    def let_go(self, pod: Pod) -> None:
        if pod.node:
            super().let_go(pod)
        else:
            self.remove_pod(pod)


class NoKubelet(Kubelet):
    """The test is the kubelet."""

    def look(self) -> None:
        """Take up nothing."""


class PlayedWorld(World):
    """One Job, the operator and the observer."""

    def __init__(self, given: Job) -> None:
        super().__init__(given)
        self.cluster = PlayedCluster(given)
        self.kubelet = NoKubelet(self.cluster)
        self.operator = Operator(self.cluster)
        self.observer = Observer(self.cluster)
