"""What is read of a pod on the wire; `slim` makes the slim Pod of it.

A whole pod is 5 KB and 24 KiB as dicts; what the store keeps of it is below 1 KiB. Every event of
every pod comes through here: a field that is not needed costs nothing, one that is read costs 0.3
to 1 µs.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from controller.api import labels
from controller.api.job import KIND
from controller.api.meta import ObjectMeta, Time


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

    def images(self) -> dict[str, str]:
        """The image of each container of its spec, by the container's name."""
        return {c.name: c.image for c in self.spec.containers}

    @property
    def foreign_controller(self) -> str:
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
