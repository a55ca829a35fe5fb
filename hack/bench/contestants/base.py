"""What every contestant can do. Each turn has an object of its own."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar

from hack.bench.limits import Limits
from hack.bench.observer import Observer
from hack.bench.rig import MANAGER, Rig, RigError
from hack.bench.work import Replacement, Strategy, Work
from hack.devcluster.api import ApiError
from hack.devcluster.process import Child

PATIENCE = 1_800.0
_SENDING = 8


class Contestant(ABC):
    """One controller with one piece of work, from version 1 to version 2.

    ``agents``: the clients whose requests are its own (see `audit.Write.by`). ``turns_back``: what
    is measured is the way back, from the middle of the update.
    """

    agents: tuple[str, ...] = ()
    #: Variables that must name files of this machine.
    needs: ClassVar[tuple[str, ...]] = ()
    #: How it can replace pods.
    replacements: ClassVar[frozenset[Replacement]]
    strategies: ClassVar[frozenset[Strategy]] = frozenset({Strategy.QUEUE})

    def __init__(
        self, rig: Rig, observer: Observer, work: Work, limits: Limits, turns_back: bool = False
    ) -> None:
        self.turns_back = turns_back
        self.child: Child | None = None
        self.rig = rig
        self.observer = observer
        self.work = work
        self.limits = limits

    @classmethod
    def missing(cls) -> str | None:
        """Why it cannot be measured here. None if it can."""
        absent = [name for name in cls.needs if not Path(os.environ.get(name) or "-").exists()]
        return f"{' and '.join(absent)} must be set to an existing path" if absent else None

    @classmethod
    def can(cls, work: Work) -> bool:
        """Whether it can replace pods in this way."""
        return work.replacement in cls.replacements and work.strategy in cls.strategies

    @property
    def pid(self) -> int:
        """The process whose CPU and memory are measured: its own, or kube-controller-manager."""
        found = self.child.pid if self.child is not None else self.rig.cluster.pid(MANAGER)
        assert found is not None
        return found

    def launch(self) -> Child | None:
        """Start its process. None if the control plane has it already."""
        return None

    def start(self) -> None:
        """Start its process, if it has one of its own. Returns when it acts."""
        self.child = self.launch()

    def stop(self) -> None:
        """End its process, so that it uses nothing during the turns of the others."""
        if self.child is not None:
            self.child.end()

    @abstractmethod
    def create(self) -> None:
        """Create the workloads at version 1. Returns at once."""

    @abstractmethod
    def roll(self) -> None:
        """Ask for version 2. Returns at once."""

    def advance(self) -> None:
        """Bring half of the instances to version 2, as the state from which `back` starts."""
        half, mark = self.work.total // 2, self.work.mark(2)
        self.roll()
        self.observer.until(lambda book: book.counts[mark] >= half, PATIENCE)

    @abstractmethod
    def back(self) -> None:
        """Ask for version 1 in the middle of the update. Returns at once."""

    def goal(self) -> tuple[str, int]:
        """What the end looks like: so many pods with this mark, and as many pods in all as there
        are instances."""
        return self.work.mark(1 if self.turns_back else 2), self.work.total

    def done(self) -> bool:
        """Whether its own status says that it has finished."""
        return True

    @abstractmethod
    def clean(self) -> None:
        """Delete the workloads. Returns when nothing creates their pods again."""


class Workloads(Contestant):
    """A contestant whose workloads are objects of the API server."""

    #: Path of the objects.
    path: ClassVar[str]
    #: Whether a label of the template says to which workload a pod belongs.
    labelled: ClassVar[bool] = True

    @abstractmethod
    def manifest(self, name: str) -> dict[str, Any]:
        """A workload at version 1."""

    @property
    def names(self) -> list[str]:
        return [f"web-{number}" for number in range(self.work.jobs)]

    def create(self) -> None:
        self.each(lambda name: self.rig.cluster.api.create(self.path, self.manifest(name)))

    def roll(self) -> None:
        self.change(2)

    def back(self) -> None:
        self.change(1)

    def template(self, name: str, version: int) -> dict[str, Any]:
        """The pod template of a workload."""
        found = self.work.template(version)
        if self.labelled:
            found["metadata"]["labels"]["workload"] = name
        return found

    def change(self, version: int) -> None:
        """Write the template of a version into every workload."""

        def one(name: str) -> None:
            change = {"spec": {"template": self.template(name, version)}}
            self.rig.cluster.api.patch(f"{self.path}/{name}", change)

        self.each(one)

    def clean(self) -> None:
        self.each(self._delete)

    def each(self, act: Callable[[str], object]) -> None:
        """``act`` for the name of every workload."""
        if len(self.names) == 1:
            act(self.names[0])
            return
        with ThreadPoolExecutor(_SENDING) as pool:
            for _ in pool.map(act, self.names):
                pass

    def objects(self) -> list[dict[str, Any]]:
        """All workloads as they are now."""
        if len(self.names) == 1:
            return [self.rig.cluster.api.get(f"{self.path}/{self.names[0]}")]
        found: list[dict[str, Any]] = self.rig.cluster.api.get(self.path)["items"]
        return found

    def _delete(self, name: str) -> None:
        with suppress(ApiError):
            self.rig.cluster.api.delete(f"{self.path}/{name}", {"propagationPolicy": "Background"})


def replicas_done(workload: dict[str, Any]) -> bool:
    """Whether the status of a workload of `apps` says that all replicas are updated and ready."""
    status, wanted = workload.get("status", {}), workload["spec"]["replicas"]
    seen = int(status.get("observedGeneration", 0)) >= workload["metadata"]["generation"]
    counts = [status.get(f"{kind}Replicas", 0) for kind in ("updated", "ready")]
    return seen and counts == [wanted, wanted] and status.get("replicas") == wanted


def await_replica_sets(rig: Rig) -> None:
    """Return when the garbage collector has deleted all ReplicaSets: nothing creates pods again."""
    path = "/apis/apps/v1/namespaces/default/replicasets?limit=1"
    rig.wait("the ReplicaSets to be gone", lambda: not rig.cluster.api.get(path)["items"], 300, 0.1)


def given_path(variable: str) -> str:
    """The path that a variable names. Raises RigError if it is not set."""
    if not (found := os.environ.get(variable)):
        raise RigError(f"{variable} is not set")
    return found
