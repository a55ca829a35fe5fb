"""An API server in memory, for the fuzzer: it keeps objects as JSON and judges each write.

A write that the operator must never make raises ``MisdeedError``: of a pod that does not belong to
the Job, of the spec of an object that users own, of another Job's objects, without a uid, or with a
status that the CRD's schema refuses where it did not refuse it before.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncGenerator
from copy import deepcopy
from datetime import datetime
from typing import Any, Final

from controller.api import labels
from controller.api.crds import job_crd, update_crd
from controller.api.job import KIND
from controller.api.meta import format_time
from controller.api.pods.pod import slot_of
from controller.api.schema import Schema
from controller.cli.lint.schema import problems
from controller.kube.client import Client
from controller.kube.errors import AlreadyExists, Conflict, Invalid, NotFound
from controller.resource import Resource

Object = dict[str, Any]

NAMESPACE: Final = "ns"
JOB: Final = "web"
NOW: Final = 1_750_000_000.0


def _schema(crd: Object) -> Schema:
    schema: Schema = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    return schema


SCHEMAS: Final = {"echelonjobs": _schema(job_crd()), "updates": _schema(update_crd())}


class MisdeedError(Exception):
    """The operator did what it must never do."""


class MemoryApi(Client):
    """``objects`` by plural and name; ``changes`` since they were last taken, None for an end.

    ``frozen``: whether no pod may be touched at all.
    """

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str], Object] = {}
        self.changes: list[tuple[str, str, str, Object | None]] = []
        self.writes: list[tuple[str, str, str]] = []
        self.now = NOW
        self.frozen = False
        self._version = 100

    def put(self, plural: str, obj: Object) -> Object:
        """Store an object as anybody would write it."""
        self._version += 1
        meta = obj["metadata"]
        meta |= {"namespace": NAMESPACE, "resourceVersion": str(self._version)}
        meta.setdefault("uid", f"{plural}-{meta['name']}-{self._version}")
        meta.setdefault("creationTimestamp", format_time(self.now))
        self.objects[plural, meta["name"]] = obj
        self.changes.append((plural, meta["name"], meta["uid"], obj))
        return deepcopy(obj)

    def drop(self, plural: str, name: str) -> None:
        """An object is gone."""
        gone = self.objects.pop((plural, name))
        self.changes.append((plural, name, gone["metadata"]["uid"], None))

    def all(self, plural: str) -> dict[str, Object]:
        return {name: obj for (kind, name), obj in self.objects.items() if kind == plural}

    # What the operator asks.

    async def get(
        self, resource: Resource, namespace: str | None, name: str, **_: Any
    ) -> dict[str, Any]:
        self._here(resource, namespace)
        return deepcopy(self._found(resource.plural, name))

    async def list(
        self, resource: Resource, namespace: str | None = None, **_: Any
    ) -> AsyncGenerator[dict[str, Any]]:
        self._here(resource, namespace)
        for obj in self.all(resource.plural).values():
            yield deepcopy(obj)

    async def create(
        self, resource: Resource, namespace: str | None, body: Any, **how: Any
    ) -> dict[str, Any]:
        self._here(resource, namespace)
        made: Object = json.loads(body) if isinstance(body, bytes) else deepcopy(body)
        plural, name = resource.plural, made["metadata"].get("name", "")
        if plural == "pods" and not _is_pod(made):
            raise Invalid(422, "Invalid", "spec.containers: Invalid value")
        if how.get("dry_run"):
            return made
        if (plural, name) in self.objects:
            raise AlreadyExists(409, "AlreadyExists", name)
        self._wrote("create", plural, name)
        if plural == "pods" and _controller(made).get("kind") != KIND:
            raise MisdeedError(f"a pod without its Job: {made}")
        made["metadata"].pop("uid", None)
        made.setdefault("status", {"phase": "Pending"} if plural == "pods" else {})
        return self.put(plural, made)

    async def patch(
        self, resource: Resource, namespace: str | None, name: str, body: Any, **how: Any
    ) -> dict[str, Any]:
        self._here(resource, namespace)
        old, sub = self._found(resource.plural, name), how.get("subresource")
        meta = body.get("metadata", {})
        if meta.get("uid", old["metadata"]["uid"]) != old["metadata"]["uid"]:
            raise Invalid(422, "Invalid", "metadata.uid: field is immutable")
        version = old["metadata"]["resourceVersion"]
        if meta.get("resourceVersion", version) != version:
            raise Conflict(409, "Conflict", "the object has been modified")
        new: Object = merged(old, body, strategic=how.get("content_type") == "strategic")
        if how.get("dry_run"):
            return new
        self._wrote("patch", resource.plural, name)
        self._judge(resource.plural, old, new, sub)
        return self.put(resource.plural, new)

    async def replace(
        self, resource: Resource, namespace: str | None, name: str, body: Any
    ) -> dict[str, Any]:
        self._here(resource, namespace)
        old, new = self._found(resource.plural, name), json.loads(body)
        self._wrote("update", resource.plural, name)
        self._judge(resource.plural, old, new, None)
        return self.put(resource.plural, new)

    async def delete(
        self, resource: Resource, namespace: str | None, name: str, **how: Any
    ) -> dict[str, Any]:
        self._here(resource, namespace)
        old = self._found(resource.plural, name)
        if not how.get("uid"):
            raise MisdeedError(f"a delete of {name} without a uid")
        if how["uid"] != old["metadata"]["uid"]:
            raise Conflict(409, "Conflict", "the UID in the precondition is another one")
        self._wrote("delete", resource.plural, name)
        if resource.plural == "pods":
            self._belongs(old)
        elif _controller(old).get("uid") != self._job_uid():
            raise MisdeedError(f"{resource.plural} {name} is deleted and not the Job's: {old}")
        self.drop(resource.plural, name)
        return old

    # What may be written.

    def _judge(self, plural: str, old: Object, new: Object, sub: str | None) -> None:
        match plural:
            case "pods":
                self._belongs(old)
            case "echelonjobs" | "updates":
                job = old["spec"].get("job") if plural == "updates" else old["metadata"]["name"]
                if new["spec"] != old["spec"]:
                    raise MisdeedError(f"the spec of {plural} {old['metadata']['name']} is changed")
                if job != JOB:
                    raise MisdeedError(f"{plural} of another Job is changed: {old}")
                if sub == "status":
                    _judge_status(plural, old.get("status"), new.get("status"))
            case "controllerrevisions":
                owner = _controller(old)
                if owner and owner.get("kind") != KIND:
                    raise MisdeedError(f"a revision of {owner} is changed")

    def _belongs(self, pod: Object) -> None:
        """The Job's own pods, and those with its label and name that nobody owns."""
        meta, owner = pod["metadata"], _controller(pod)
        adoptable = not owner and meta.get("labels", {}).get(labels.JOB) == JOB
        mine = owner.get("uid") == self._job_uid() or adoptable
        if not mine or slot_of(JOB, meta["name"]) is None:
            raise MisdeedError(f"pod {meta['name']} does not belong to the Job: {meta}")
        if self.frozen:
            raise MisdeedError(f"pod {meta['name']} of a Job that must be left alone is touched")

    def _job_uid(self) -> str:
        uid: str = self.objects["echelonjobs", JOB]["metadata"]["uid"]
        return uid

    def _wrote(self, verb: str, plural: str, name: str) -> None:
        self.writes.append((verb, plural, name))
        if self.frozen and plural == "pods":
            raise MisdeedError(f"{verb} of pod {name} of a Job that must be left alone")

    def _found(self, plural: str, name: str) -> Object:
        if (found := self.objects.get((plural, name))) is None:
            raise NotFound(404, "NotFound", f"{plural} {name} not found")
        return found

    @staticmethod
    def _here(resource: Resource, namespace: str | None) -> None:
        if namespace != (NAMESPACE if resource.namespaced else None):
            raise MisdeedError(f"{resource.plural} of the namespace {namespace}")


def _controller(obj: Object) -> Object:
    owners = obj["metadata"].get("ownerReferences") or ()
    return next((o for o in owners if o.get("controller")), {})


def _is_pod(body: Object) -> bool:
    """Whether the API server would take these containers, in a rough way."""
    spec = body.get("spec")
    containers = spec.get("containers") if isinstance(spec, dict) else None
    if not isinstance(containers, list) or not containers:
        return False
    named = [c.get("name") for c in containers if isinstance(c, dict)]
    texts = [name for name in named if isinstance(name, str) and name]
    return len(set(texts)) == len(containers)


def _judge_status(plural: str, old: Any, new: Any) -> None:
    schema = SCHEMAS[plural]["properties"]["status"]
    before = {(p.path, p.message) for p in problems(schema, old or {})}
    found = [
        f"{p.path}: {p.message}" for p in problems(schema, new) if (p.path, p.message) not in before
    ]
    found += [t for t in _bad_times(schema, new) if t not in set(_bad_times(schema, old or {}))]
    if found:
        raise MisdeedError(f"the API server refuses this status of {plural}: {found}")


def _bad_times(schema: Schema, value: Any) -> list[str]:
    """Texts that are no RFC 3339 times where the schema wants some."""
    if schema.get("format") == "date-time" and isinstance(value, str):
        return [] if _is_time(value) else [value]
    if isinstance(value, dict):
        rest = schema.get("additionalProperties", {})
        of = schema.get("properties", {})
        return [bad for k, v in value.items() for bad in _bad_times(of.get(k, rest), v)]
    if isinstance(value, list):
        return [bad for each in value for bad in _bad_times(schema.get("items", {}), each)]
    return []


def _is_time(text: str) -> bool:
    if not re.match(r"\d{4}-\d\d-\d\dT", text):
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def merged(old: Any, patch: Any, *, strategic: bool = False) -> Any:
    """``old`` with a merge patch. A strategic one merges lists of containers by their names."""
    if isinstance(patch, dict):
        made = dict(old) if isinstance(old, dict) else {}
        for key, value in patch.items():
            if value is None:
                made.pop(key, None)
            elif strategic and key == "containers":
                made[key] = _by_name(made.get(key) or [], value)
            else:
                made[key] = merged(made.get(key), value, strategic=strategic)
        return made
    return deepcopy(patch)


def _by_name(old: list[Object], patch: list[Object]) -> list[Object]:
    given = {c["name"]: c for c in patch}
    return [merged(c, given.get(c["name"], {})) for c in old]
