"""The slim Pod: the few facts of a pod that decide anything, parsed straight from JSON bytes.

A whole pod is 5 KB and 24 KiB as dicts; what the store keeps of it is below 1 KiB.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from controller.api import labels
from controller.api.meta import ObjectMeta, Time


class _Wire(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, extra="ignore", frozen=True)


class _Terminated(_Wire):
    exit_code: int = 0
    reason: str | None = None
    message: str | None = None
    finished_at: Time | None = None


class _Waiting(_Wire):
    reason: str | None = None
    message: str | None = None


class _Running(_Wire):
    started_at: Time | None = None


class _State(_Wire):
    running: _Running | None = None
    waiting: _Waiting | None = None
    terminated: _Terminated | None = None


class _ContainerStatus(_Wire):
    name: str
    restart_count: int = 0
    state: _State = _State()
    last_state: _State = _State()


class _PodCondition(_Wire):
    type: str
    status: str
    reason: str | None = None
    message: str | None = None
    last_transition_time: Time | None = None


class _InitContainer(_Wire):
    name: str
    restart_policy: str | None = None


class _Spec(_Wire):
    node_name: str = ""
    init_containers: tuple[_InitContainer, ...] = ()


class _Status(_Wire):
    phase: str = "Pending"
    reason: str | None = None
    message: str | None = None
    conditions: tuple[_PodCondition, ...] = ()
    container_statuses: tuple[_ContainerStatus, ...] = ()
    init_container_statuses: tuple[_ContainerStatus, ...] = ()


class PodWire(_Wire):
    """What is read of a pod on the wire."""

    metadata: ObjectMeta
    spec: _Spec = _Spec()
    status: _Status = _Status()

    def slim(self) -> Pod | None:
        """The slim Pod; None when its name is not that of an instance of the Job it claims."""
        meta, status = self.metadata, self.status
        owner = next((o for o in meta.owner_references if o.controller), None)
        ours = owner is not None and owner.kind == "Job" and owner.api_version == labels.API_VERSION
        job = owner.name if owner and ours else meta.labels.get(labels.JOB, "")
        slot = slot_of(job, meta.name)
        if slot is None:
            return None
        digest = meta.labels.get(labels.REVISION)
        revision = f"{job}-{digest}" if digest else meta.annotations.get(labels.REVISION, "")
        # Sidecars (init containers that restart) count as containers, plain init containers never.
        sidecars = {c.name for c in self.spec.init_containers if c.restart_policy == "Always"}
        containers = status.container_statuses + tuple(
            c for c in status.init_container_statuses if c.name in sidecars
        )
        conditions = {c.type: c for c in status.conditions}
        ready = conditions.get("Ready")
        is_ready = ready is not None and ready.status == "True"
        starts = [c.state.running.started_at or 0.0 for c in containers if c.state.running]
        changed = (ready.last_transition_time or 0.0) if ready else 0.0
        disruption = conditions.get("DisruptionTarget")
        return Pod(
            namespace=meta.namespace,
            name=meta.name,
            uid=meta.uid,
            resource_version=int(meta.resource_version or 0),
            job=job,
            owner=owner.uid if owner else "",
            instance=slot[0],
            surge=slot[1],
            revision=revision,
            update=meta.annotations.get(labels.UPDATE, ""),
            failures=_count(meta.annotations.get(labels.FAILURES)),
            remade=_count(meta.annotations.get(labels.REMADE)),
            # A pod that says its revision nowhere lacks no label that we could restore.
            labelled=_labelled(meta, job, slot[0], bool(digest) or not revision),
            created=meta.creation_timestamp or 0.0,
            deleted=meta.deletion_timestamp,
            phase=status.phase,
            ready=is_ready,
            ready_since=max([changed, *starts]) if is_ready else changed,
            restarts=sum(c.restart_count for c in containers),
            ran=bool(containers) and any(_has_run(c) for c in containers),
            disrupted=disruption is not None and disruption.status == "True",
            node=self.spec.node_name,
            trouble=_trouble(self, containers, conditions),
        )


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a pod is not what it should be: a reason in CamelCase, the words of who said so."""

    reason: str
    message: str = ""
    exit_code: int | None = None
    at: float | None = None


@dataclass(frozen=True, slots=True)
class Pod:
    """One pod of one instance. Times are epoch seconds; ``uid`` is empty while it is being made."""

    namespace: str
    name: str
    uid: str
    job: str
    owner: str
    instance: int
    surge: bool = False
    revision: str = ""
    update: str = ""
    failures: int = 0
    remade: int = 0
    labelled: bool = True
    created: float = 0.0
    deleted: float | None = None
    phase: str = "Pending"
    ready: bool = False
    ready_since: float = 0.0
    restarts: int = 0
    ran: bool = False
    disrupted: bool = False
    node: str = ""
    trouble: Trouble | None = None
    # Not a fact: two versions of a pod that differ in nothing else are the same to us.
    resource_version: int = field(default=0, compare=False)

    @property
    def ended(self) -> bool:
        return self.phase in ("Failed", "Succeeded")

    @property
    def slot(self) -> tuple[int, bool]:
        return (self.instance, self.surge)


def slot_of(job: str, name: str) -> tuple[int, bool] | None:
    """``(instance, surge)`` of a pod called ``<job>-<id>`` or ``<job>-<id>-s``, else None."""
    if not job or not name.startswith(f"{job}-"):
        return None
    tail = name[len(job) + 1 :]
    surge = tail.endswith("-s")
    number = tail[:-2] if surge else tail
    if not number.isdecimal() or len(number) > 4 or str(int(number)) != number:
        return None
    return int(number), surge


def _labelled(meta: ObjectMeta, job: str, instance: int, digest: bool) -> bool:
    return (
        digest
        and meta.labels.get(labels.JOB) == job
        and meta.labels.get(labels.INSTANCE) == str(instance)
        and meta.labels.get(labels.MANAGED_BY) == labels.MANAGER
    )


def _count(text: str | None) -> int:
    return int(text) if text and text.isdecimal() else 0


def _has_run(status: _ContainerStatus) -> bool:
    return bool(status.state.running or status.state.terminated or status.restart_count)


def _trouble(pod: PodWire, containers: Any, conditions: dict[str, _PodCondition]) -> Trouble | None:
    """The one thing a person would name first."""
    status = pod.status
    for c in containers:
        ended = c.state.terminated or c.last_state.terminated
        code = ended.exit_code if ended else None
        if c.state.waiting and c.state.waiting.reason not in (
            None,
            "ContainerCreating",
            "PodInitializing",
        ):
            message = c.state.waiting.message or ""
            if ended:
                words = (ended.message or ended.reason or "").strip()
                message = f"last exit code {code}" + (f", {words}" if words else "")
            return Trouble(c.state.waiting.reason, message, code)
        if ended and (c.state.terminated or c.restart_count):
            words = (ended.message or "").strip()
            said = f"container {c.name} exited with code {code}" + (f": {words}" if words else "")
            return Trouble(ended.reason or "Error", said, code, ended.finished_at)
    if status.phase in ("Failed", "Succeeded"):
        return Trouble(status.reason or status.phase, status.message or "")
    for c in status.init_container_statuses:
        waiting = c.state.waiting
        if waiting and waiting.reason not in (None, "PodInitializing", "ContainerCreating"):
            return Trouble(waiting.reason, f"init container {c.name}: {waiting.message or ''}")
    scheduled = conditions.get("PodScheduled")
    if scheduled and scheduled.status == "False":
        return Trouble(scheduled.reason or "Unschedulable", scheduled.message or "")
    ready = conditions.get("Ready")
    if ready and ready.status != "True" and ready.reason:
        return Trouble(ready.reason, ready.message or "")
    return None
