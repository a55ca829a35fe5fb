"""Echelon: one EchelonJob for each workload, the operator as a process of its own."""

from __future__ import annotations

from typing import Any, ClassVar

from controller.api.update import TERMINAL, Phase
from hack.bench import manifests
from hack.bench.audit import AGENT
from hack.bench.contestants.base import Workloads
from hack.bench.rig import JOBS, UPDATES, RigError
from hack.bench.work import Replacement, Strategy, Work

_GOOD = frozenset({Phase.ROLLED_FORWARD, Phase.ROLLED_BACK})


class Echelon(Workloads):
    agents = (AGENT,)
    replacements: ClassVar = frozenset(Replacement)
    strategies: ClassVar = frozenset(Strategy)
    path: ClassVar = JOBS
    labelled: ClassVar = False

    @property
    def pid(self) -> int:
        return self.rig.operator

    def start(self) -> None:
        self.rig.start_operator()
        self.rig.await_operator()

    def stop(self) -> None:
        self.rig.stop_operator()

    def manifest(self, name: str) -> dict[str, Any]:
        return job(name, self.work)

    def back(self) -> None:
        def one(name: str) -> None:
            active = self.rig.cluster.api.get(f"{JOBS}/{name}")["status"].get("activeUpdate")
            if active is None:
                raise RigError(f"the Update of {name} ended before its half")
            change = {"spec": {"action": "Rollback"}}
            self.rig.cluster.api.patch(f"{UPDATES}/{active['name']}", change)

        self.each(one)

    def done(self) -> bool:
        """Whether every Job has an Update that has ended well. Raises RigError if one ended
        otherwise."""
        ended = 0
        for update in self.rig.cluster.api.get(UPDATES)["items"]:
            status = update.get("status", {})
            phase = Phase(status.get("phase", Phase.PENDING))
            if phase in TERMINAL and phase not in _GOOD:
                name = update["metadata"]["name"]
                raise RigError(f"{name} ended as {phase}: {status.get('message')}")
            ended += phase in TERMINAL
        return ended >= self.work.jobs


def job(name: str, work: Work) -> dict[str, Any]:
    """The EchelonJob of a piece of work, at version 1."""
    made = manifests.job(name, work.instances, min(work.window, work.instances))
    made["spec"]["template"] = work.template(1)
    update = made["spec"]["update"]
    update["strategy"]["type"] = work.strategy.value
    in_place = work.replacement in (Replacement.IN_PLACE, Replacement.RESIZE)
    update["replacement"] = "InPlace" if in_place else work.replacement.value
    return made
