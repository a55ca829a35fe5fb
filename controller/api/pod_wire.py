"""What is read of a pod on the wire, and the slim Pod that is made of it.

A whole pod is 5 KB and 24 KiB as dicts; what the store keeps of it is below 1 KiB. Every event of
every pod comes through here: a field that is not needed costs nothing, one that is read costs 0.3
to 1 µs.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from controller.api import labels
from controller.api.in_effect import RESIZE, in_effect, is_infeasible, is_resized_by_us
from controller.api.job import KIND
from controller.api.meta import ObjectMeta, Time, parse_time
from controller.api.pod import Pod, slot_of
from controller.api.restart_base import RestartBase
from controller.api.trouble import trouble_of


class _Wire(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, extra="ignore", frozen=True)


class Terminated(_Wire):
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
    terminated: Terminated | None = None


class ContainerStatus(_Wire):
    """``resources``: requests and limits as they are in force, JSON as it came."""

    name: str
    image: str = ""
    image_id: str = Field(default="", alias="imageID")
    restart_count: int = 0
    ready: bool = False
    started: bool | None = None
    state: _State = _State()
    last_state: _State = _State()
    resources: Any = None


class PodCondition(_Wire):
    """``last_transition_time`` is RFC 3339: of the five that a pod has, one is looked at."""

    type: str
    status: str
    reason: str | None = None
    message: str | None = None
    last_transition_time: str | None = None


class _Probe(_Wire):
    """That there is one."""


class Container(_Wire):
    """A container of the spec."""

    name: str
    image: str = ""
    resources: Any = None
    readiness_probe: _Probe | None = None
    startup_probe: _Probe | None = None


class InitContainer(Container):
    """An init container; one that restarts is a sidecar."""

    restart_policy: str | None = None

    @property
    def is_sidecar(self) -> bool:
        return self.restart_policy == "Always"


class _Meta(ObjectMeta):
    deletion_grace_period_seconds: int | None = None


class _Spec(_Wire):
    node_name: str = ""
    containers: tuple[Container, ...] = ()
    init_containers: tuple[InitContainer, ...] = ()


class _Status(_Wire):
    phase: str = "Pending"
    reason: str | None = None
    message: str | None = None
    pod_ip: str = Field(default="", alias="podIP")
    #: 0: the kubelet does not tell.
    observed_generation: int = 0
    start_time: str | None = None
    conditions: tuple[PodCondition, ...] = ()
    container_statuses: tuple[ContainerStatus, ...] = ()
    init_container_statuses: tuple[ContainerStatus, ...] = ()


class PodWire(_Wire):
    """What is read of a pod on the wire."""

    metadata: _Meta
    spec: _Spec = _Spec()
    status: _Status = _Status()

    def slim(self) -> Pod | None:
        """The slim Pod; None when its name is not that of an instance of the Job it claims."""
        meta, status = self.metadata, self.status
        owner, stranger = meta.controller, self.stranger
        job = owner.name if owner and not stranger else meta.labels.get(labels.JOB, "")
        slot = slot_of(job, meta.name)
        if slot is None:
            return None
        notes = meta.annotations
        digest = meta.labels.get(labels.REVISION)
        revision = f"{job}-{digest}" if digest else notes.get(labels.REVISION, "")
        base = RestartBase.in_force(notes, self._images)
        containers = self.running_parts()
        conditions = {c.type: c for c in status.conditions}
        if RESIZE & conditions.keys() and not is_resized_by_us(notes, meta.generation):
            conditions = {kind: c for kind, c in conditions.items() if kind not in RESIZE}
        ready = conditions.get("Ready")
        is_ready = ready is not None and ready.status == "True"
        turned = parse_time(ready.last_transition_time or _EPOCH) if ready else 0.0
        starts = [c.state.running.started_at or 0.0 for c in containers if c.state.running]
        disruption, scheduled = conditions.get("DisruptionTarget"), conditions.get("PodScheduled")
        return Pod(
            namespace=meta.namespace,
            name=meta.name,
            uid=meta.uid,
            resource_version=int(meta.resource_version or 0),
            job=job,
            owner=owner.uid if owner else "",
            stranger=stranger,
            instance=slot[0],
            surge=slot[1],
            revision=revision,
            update=notes.get(labels.UPDATE, ""),
            failures=_count(notes.get(labels.FAILURES)),
            remade=_count(notes.get(labels.REMADE)),
            # A pod that says its revision nowhere lacks no label that we could restore.
            labelled=_labelled(meta, job, slot[0], bool(digest) or not revision),
            created=meta.creation_timestamp or 0.0,
            deleted=meta.deletion_timestamp,
            phase=status.phase,
            ready=is_ready,
            ready_since=max([turned, *starts]) if is_ready else turned,
            restarts=sum(max(0, c.restart_count - base.of(c.name)) for c in containers),
            restarted=max((_restarted(c, base) for c in containers), default=0.0),
            ran=any(_has_run(c) for c in containers),
            disrupted=disruption is not None and disruption.status == "True",
            node=self.spec.node_name,
            bound=_time(scheduled.last_transition_time if scheduled else None),
            taken_at=_time(status.start_time),
            ip=status.pod_ip,
            trouble=trouble_of(self, containers, conditions, base),
            grace=meta.deletion_grace_period_seconds,
            finalizers=() if meta.deletion_timestamp is None else meta.finalizers,
            changed=base.at,
            half=notes.get(labels.CHANGING_TO, ""),
            in_effect=not base.at or in_effect(self, containers, conditions, base),
            infeasible=is_infeasible(conditions),
        )

    def _images(self) -> dict[str, str]:
        return {c.name: c.image for c in self.spec.containers}

    @property
    def stranger(self) -> str:
        """Kind and name of the controller that owns it, "" for none or a Job of ours."""
        owner = self.metadata.controller
        if owner is None or (owner.kind, owner.api_version) == (KIND, labels.API_VERSION):
            return ""
        return f"{owner.kind} {owner.name}"

    def running_parts(self) -> tuple[ContainerStatus, ...]:
        """The statuses of what should run all the time: containers and sidecars, which restart;
        other init containers never count."""
        status = self.status
        sidecars = {c.name for c in self.spec.init_containers if c.is_sidecar}
        if not sidecars:
            return status.container_statuses
        return status.container_statuses + tuple(
            c for c in status.init_container_statuses if c.name in sidecars
        )


def _restarted(c: ContainerStatus, base: RestartBase) -> float:
    """When the container ended that runs anew."""
    ended = c.last_state.terminated
    return ended.finished_at or 0.0 if ended and c.restart_count > base.of(c.name) else 0.0


_EPOCH = "1970-01-01T00:00:00Z"


def _labelled(meta: ObjectMeta, job: str, instance: int, digest: bool) -> bool:
    return (
        digest
        and meta.labels.get(labels.JOB) == job
        and meta.labels.get(labels.INSTANCE) == str(instance)
        and meta.labels.get(labels.MANAGED_BY) == labels.MANAGER
    )


def _count(text: str | None) -> int:
    return int(text) if text and text.isdecimal() else 0


def _time(text: str | None) -> float:
    """Epoch seconds; 0 for none."""
    return parse_time(text) if text else 0.0


def _has_run(status: ContainerStatus) -> bool:
    return bool(status.state.running or status.state.terminated or status.restart_count)
