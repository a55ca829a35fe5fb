"""A session that reads from memory what an API server would have."""

from __future__ import annotations

from typing import Any

from controller.api.kinds import JOBS, UPDATES
from controller.api.meta import format_time
from controller.cli.session import Object, Session
from controller.kube.errors import ApiError, NotFound
from controller.resource import Resource


class FakeClient:
    """Answers `get` and `list`. ``errors``: by kind, raised instead."""

    def __init__(self, *objects: Object, errors: dict[str, ApiError] | None = None) -> None:
        self.objects = list(objects)
        self.errors = errors or {}

    def _all(self, resource: Resource) -> list[Object]:
        if error := self.errors.get(resource.kind):
            raise error
        return [each for each in self.objects if each["kind"] == resource.kind]

    async def get(self, resource: Resource, _: str, name: str) -> Object:
        for each in self._all(resource):
            if each["metadata"]["name"] == name:
                return each
        raise NotFound(404, "NotFound", f"{name} not found", details={"name": name})

    async def list(self, resource: Resource, *_: Any, **__: Any) -> Any:
        for each in self._all(resource):
            yield each


def session(*objects: Object, errors: dict[str, ApiError] | None = None) -> Session:
    """A session in the namespace shop."""
    client: Any = FakeClient(*objects, errors=errors)
    return Session(client, "shop")


def a_job(name: str = "web", active: str = "", **status: Any) -> Object:
    """A Job. ``active``: the name of its active Update, whose uid is ``u-<name>``."""
    if active:
        status["activeUpdate"] = {"name": active, "uid": f"u-{active}"}
    return _object(JOBS, name, {"template": {}}, {"observedGeneration": 1, **status})


def an_update(
    name: str, job: str = "web", second: int = 0, phase: str = "RolledForward", **spec: Any
) -> Object:
    """An Update that was created in this second."""
    return _object(UPDATES, name, {"job": job, **spec}, {"phase": phase}, second)


def _object(resource: Resource, name: str, spec: Object, status: Object, second: int = 0) -> Object:
    metadata = {
        "name": name,
        "namespace": "shop",
        "uid": f"u-{name}",
        "generation": 1,
        "creationTimestamp": format_time(1_700_000_000 + second),
    }
    return {
        "apiVersion": resource.api_version,
        "kind": resource.kind,
        "metadata": metadata,
        "spec": spec,
        "status": status,
    }
