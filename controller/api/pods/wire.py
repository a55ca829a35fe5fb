"""The fields of a pod that are parsed from JSON; `slim` builds the slim Pod from them.

A whole pod is 5 KB of JSON and 24 KiB as dicts; the slim Pod in the store is below 1 KiB. Every
event of every pod is parsed here: a field that is not listed costs nothing, a listed one costs 0.3
to 1 µs per event.
"""

from __future__ import annotations

from typing import Any, Self

import msgspec

from controller.api import labels
from controller.api.job import KIND


class _Wire(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """Fields of an object of the API server. Times stay RFC 3339 text: few of them are used."""


class Terminated(_Wire, frozen=True):
    exit_code: int = 0
    reason: str | None = None
    message: str | None = None
    started_at: str | None = None
    finished_at: str | None = None


class _Waiting(_Wire, frozen=True):
    reason: str | None = None
    message: str | None = None


class _Running(_Wire, frozen=True):
    started_at: str | None = None


class _State(_Wire, frozen=True):
    running: _Running | None = None
    waiting: _Waiting | None = None
    terminated: Terminated | None = None


class ContainerStatus(_Wire, frozen=True):
    """``resources``: the requests and limits that are in force, as JSON data."""

    name: str
    image: str = ""
    image_id: str = msgspec.field(default="", name="imageID")
    restart_count: int = 0
    ready: bool = False
    started: bool | None = None
    state: _State = _State()
    last_state: _State = _State()
    resources: Any = None


class PodCondition(_Wire, frozen=True):
    type: str
    status: str
    reason: str | None = None
    message: str | None = None
    last_transition_time: str | None = None


class _Probe(_Wire, frozen=True):
    """A probe of a container; only its presence matters."""


class Container(_Wire, frozen=True):
    """A container in the spec of a pod."""

    name: str
    image: str = ""
    restart_policy: str | None = None
    resources: Any = None
    readiness_probe: _Probe | None = None
    startup_probe: _Probe | None = None


class InitContainer(Container, frozen=True):
    """An init container in the spec of a pod; with ``restartPolicy: Always`` it is a sidecar."""

    @property
    def is_sidecar(self) -> bool:
        return self.restart_policy == "Always"


class Owner(_Wire, frozen=True):
    """An owner reference."""

    api_version: str
    kind: str
    name: str
    uid: str
    controller: bool | None = None


class PodMeta(_Wire, frozen=True):
    """The metadata of a pod."""

    name: str = ""
    namespace: str = ""
    uid: str = ""
    generation: int = 0
    resource_version: str = ""
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    creation_timestamp: str | None = None
    deletion_timestamp: str | None = None
    deletion_grace_period_seconds: int | None = None
    owner_references: tuple[Owner, ...] = ()
    finalizers: tuple[str, ...] = ()

    @property
    def controller(self) -> Owner | None:
        """The owner reference of the pod's controller; None if it has no controller."""
        return next((o for o in self.owner_references if o.controller), None)


class _Spec(_Wire, frozen=True):
    node_name: str = ""
    containers: tuple[Container, ...] = ()
    init_containers: tuple[InitContainer, ...] = ()


class _Status(_Wire, frozen=True):
    phase: str = "Pending"
    reason: str | None = None
    message: str | None = None
    pod_ip: str = msgspec.field(default="", name="podIP")
    #: 0: the kubelet does not report it.
    observed_generation: int = 0
    start_time: str | None = None
    conditions: tuple[PodCondition, ...] = ()
    container_statuses: tuple[ContainerStatus, ...] = ()
    init_container_statuses: tuple[ContainerStatus, ...] = ()


class PodWire(_Wire, frozen=True):
    """A pod as read from the API server."""

    metadata: PodMeta
    spec: _Spec = _Spec()
    status: _Status = _Status()

    @classmethod
    def of(cls, raw: dict[str, Any]) -> Self:
        """The same from JSON data. Raises ``msgspec.ValidationError``."""
        return msgspec.convert(raw, cls)

    def images(self) -> dict[str, str]:
        """The images of the spec, by name of container."""
        return {c.name: c.image for c in self.spec.containers}

    def resources(self) -> dict[str, Any]:
        """The requests and limits of the spec, by name of container."""
        return {c.name: c.resources for c in self.spec.containers}

    @property
    def foreign_controller(self) -> str:
        """Kind and name of the controller that owns it; "" if that is an EchelonJob or there is
        none."""
        owner = self.metadata.controller
        if owner is None or (owner.kind, owner.api_version) == (KIND, labels.API_VERSION):
            return ""
        return f"{owner.kind} {owner.name}"

    def running_parts(self) -> tuple[ContainerStatus, ...]:
        """The statuses of the containers that should run all the time: containers and sidecars."""
        status = self.status
        sidecars = {c.name for c in self.spec.init_containers if c.is_sidecar}
        if not sidecars:
            return status.container_statuses
        return status.container_statuses + tuple(
            c for c in status.init_container_statuses if c.name in sidecars
        )
