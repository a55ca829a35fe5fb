"""A fake API server with one pod, for changes in place. The real behaviour is tested against a real
API server."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from controller.kube.client import Client
from controller.kube.errors import ApiError, Conflict, Invalid, NotFound
from controller.resource import Resource

Object = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """``what``: the verb, followed by the subresource or the content type of a patch, if any."""

    what: str
    name: str
    body: Object | None = None


class FakePods(Client):
    """``pod`` is the only pod; ``fail`` makes the server refuse the next requests of a kind;
    ``admit`` acts as an admission plugin on a pod that is being changed."""

    def __init__(self) -> None:
        self.pod: Object | None = None
        self.asked: list[Asked] = []
        self.faults: dict[str, list[ApiError]] = {}
        self.admit: Callable[[Object], None] = lambda _: None
        self._version = 100

    @property
    def kinds(self) -> list[str]:
        return [asked.what for asked in self.asked]

    def fail(self, what: str, *errors: ApiError) -> None:
        self.faults.setdefault(what, []).extend(errors)

    async def get(
        self, resource: Resource, namespace: str | None, name: str, *, metadata_only: bool = False
    ) -> Object:
        assert (namespace, resource.plural, metadata_only) == ("ns", "pods", False)
        self._ask("get", name)
        return copy.deepcopy(self._found())

    async def patch(
        self, resource: Resource, namespace: Any, name: str, body: Any, **how: Any
    ) -> Any:
        assert (namespace, resource.plural) == ("ns", "pods")
        kind = how["subresource"] or how["content_type"]
        tried = how.get("dry_run", False)
        self._ask(f"{'try' if tried else 'patch'} {kind}", name, copy.deepcopy(body))
        pod = copy.deepcopy(self._found()) if tried else self._found()
        meta = {**body["metadata"]}
        if (
            meta.pop("resourceVersion", pod["metadata"]["resourceVersion"])
            != (pod["metadata"]["resourceVersion"])
        ):
            raise Conflict(409, "Conflict", "the object has been modified")
        if meta.pop("uid", pod["metadata"]["uid"]) != pod["metadata"]["uid"]:
            raise Invalid(422, "Invalid", "metadata.uid: field is immutable")
        if kind != "resize":
            for field in ("labels", "annotations"):
                _merge(pod["metadata"].setdefault(field, {}), meta.get(field, {}))
        self._change(pod, body.get("spec", {}))
        return copy.deepcopy(pod)

    async def delete(self, resource: Resource, namespace: Any, name: str, **how: Any) -> Any:
        assert (namespace, resource.plural) == ("ns", "pods")
        self._ask("delete", name, {k: v for k, v in how.items() if k != "metadata_only"})
        return {}

    def _ask(self, what: str, name: str, body: Object | None = None) -> None:
        self.asked.append(Asked(what, name, body))
        if self.faults.get(what):
            raise self.faults[what].pop(0)

    def _found(self) -> Object:
        if self.pod is None:
            raise NotFound(404, "NotFound", "not there")
        return self.pod

    def _change(self, pod: Object, spec: Object) -> None:
        there = {c["name"]: c for c in pod["spec"]["containers"]}
        before = copy.deepcopy(pod["spec"])
        for container in spec.get("containers", ()):
            there[container["name"]].update(container)
        self.admit(pod)
        pod["metadata"]["generation"] += pod["spec"] != before
        self._version = max(self._version, int(pod["metadata"]["resourceVersion"])) + 1
        pod["metadata"]["resourceVersion"] = str(self._version)


def _merge(old: Object, new: Object) -> None:
    for key, value in new.items():
        if value is None:
            old.pop(key, None)
        else:
            old[key] = value
