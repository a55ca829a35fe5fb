"""A Job and its pods on some nodes, as values, for questions about its moves."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from controller.api.ids import NONE, Ids
from controller.api.job import Job, JobStatus
from controller.api.pods.move import Move
from controller.api.pods.pod import Pod
from controller.api.sla import MaintenanceSla
from controller.api.update import Update
from controller.core.model.context import Context
from controller.core.model.observed import Observed
from controller.core.pods.index import Instances
from controller.core.pods.marks import lasting, moves
from controller.core.replacement.foreseen import Foreseen, Foresight
from controller.core.replacement.moves import Moves
from controller.core.rollout.direction import Direction
from tests.unit.core.sim.world import job
from tests.values import replace

NOW = 1_800_000_000.0


@dataclass
class Shop:
    """A Job and its pods, which are available for an hour but for those that are ``down``."""

    job: Job
    pods: list[Pod]
    updates: dict[str, Update] = field(default_factory=dict)

    def pod(self, instance: int) -> Pod:
        return next(p for p in self.pods if p.instance == instance)

    def asked(self, sla: dict[str, Any] | None = None) -> Foresight:
        return Foresight(self.job, self.pods, self.updates, read(sla), NOW)

    def foreseen(self, *ids: int, sla: dict[str, Any] | None = None) -> Foreseen:
        return self.asked(sla).if_marked({self.pod(i).uid for i in ids})

    def marked(self, *ids: int, sla: dict[str, Any] | None = None) -> Shop:
        """With the marks of a Maintenance."""
        move = Move("rack-7/uid", sla=read(sla))
        pods = [replace(p, move=move) if p.instance in ids else p for p in self.pods]
        return Shop(self.job, pods, self.updates)

    @property
    def moves(self) -> Moves:
        """The moves as the operator decides them."""
        index = Instances(self.job.metadata.uid)
        for pod in self.pods:
            index.put(pod)
        index.set_times(3.0, lasting(self.job.spec.sla, moves(index)))
        index.advance(NOW)
        view = index.view(self.job.status.slots)
        context = Context(Observed(self.job, "", view, self.updates), NOW)
        active = context.active
        return Moves(context, Direction.of(context, active) if active else None)


def read(sla: dict[str, Any] | None) -> MaintenanceSla | None:
    return MaintenanceSla.model_validate(sla) if sla else None


def shop(*nodes: str, down: Ids = NONE, **spec: Any) -> Shop:
    """A Job with an instance on each of these nodes; ``spec`` in wire names."""
    count = len(nodes)
    given = job(count, **spec)
    meta = given.metadata.model_copy(update={"namespace": "shop"})
    assigned = [{"revision": "web-a", "instances": f"0-{count - 1}"}]
    status = JobStatus.model_validate({"assigned": assigned, "instancesInForce": count})
    pods = [
        Pod("shop", f"web-{i}", f"uid-{i}", "web", meta.uid, i, revision="web-a",
            phase="Running", ready=i not in down, ready_since=NOW - 3600, node=node,
            created=NOW - 4000)
        for i, node in enumerate(nodes)
    ]  # fmt: skip
    return Shop(given.model_copy(update={"metadata": meta, "status": status}), pods)
