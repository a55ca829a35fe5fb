"""A fake API server with a few objects, and a reconciler that uses it."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

from controller.api.labels import JOB
from controller.core.verdicts.answer import Answer, Verdict
from controller.kube.client import Client
from controller.kube.errors import AlreadyExists, Conflict, Invalid, NotFound
from controller.kube.events import Recorder
from controller.kube.workqueue import WorkQueue
from controller.reconcile.decode import POD_CODEC, UPDATE_CODEC
from controller.reconcile.entry import Entry, Key
from controller.reconcile.revision_objects import REVISION_CODEC
from controller.reconcile.store import Store
from controller.reconcile.worker import Reconciler
from controller.resource import Resource
from tests.unit.reconcile.merged import merged

Object = dict[str, Any]
KEY: Key = ("ns", "web")
NOW = 1_767_225_700.0


class FakeApi(Client):
    """``objects`` by plural and name; ``asked``: verb, plural and name of each request.
    ``before`` is called with these just before a request is answered."""

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str], Object] = {}
        self.asked: list[tuple[str, str, str]] = []
        self.bodies: list[Object] = []
        self.before: Callable[[str, str, str], object] = lambda *_: None
        self._version = 100

    def put(self, plural: str, obj: Object) -> Object:
        """Store an object as a user would write it."""
        self._version += 1
        obj["metadata"] |= {"namespace": "ns", "resourceVersion": str(self._version)}
        self.objects[plural, obj["metadata"]["name"]] = obj
        return copy.deepcopy(obj)

    async def get(
        self, resource: Resource, namespace: str | None, name: str, *, metadata_only: bool = False
    ) -> Object:
        assert namespace == "ns"
        self._ask("get", resource, name)
        found = copy.deepcopy(self._found(resource, name))
        return {"metadata": found["metadata"]} if metadata_only else found

    async def create(self, resource: Resource, namespace: Any, body: Any, **how: Any) -> Any:
        assert namespace == "ns"
        body = json.loads(body) if isinstance(body, bytes) else body
        name = body["metadata"].get("name", "")
        self._ask("dry run" if how.get("dry_run") else "create", resource, name, body)
        if how.get("dry_run"):
            return {}
        if (resource.plural, name) in self.objects:
            raise AlreadyExists(409, "AlreadyExists", name)
        made = copy.deepcopy(body)
        made["metadata"]["uid"] = f"{resource.plural}-{name}-{self._version}"
        return self.put(resource.plural, made)

    async def patch(
        self, resource: Resource, namespace: Any, name: str, body: Any, **how: Any
    ) -> Any:
        assert namespace == "ns"
        assert how.get("content_type", "merge") == "merge"
        self._ask("patch", resource, name, body)
        found = self._found(resource, name)
        meta = body.get("metadata", {})
        version = found["metadata"]["resourceVersion"]
        if meta.get("resourceVersion", version) != version:
            raise Conflict(409, "Conflict", "the object has been modified")
        if meta.get("uid", found["metadata"]["uid"]) != found["metadata"]["uid"]:
            raise Invalid(422, "Invalid", "metadata.uid: field is immutable")
        return self.put(resource.plural, merged(found, body))

    async def delete(self, resource: Resource, namespace: Any, name: str, **how: Any) -> Any:
        assert namespace == "ns"
        self._ask("delete", resource, name)
        uid = self._found(resource, name)["metadata"]["uid"]
        if how.get("uid") not in (None, uid):
            raise Conflict(409, "Conflict", "another uid")
        del self.objects[resource.plural, name]
        return {}

    async def replace(self, resource: Resource, namespace: Any, name: str, body: bytes) -> Any:
        assert namespace == "ns"
        whole = json.loads(body)
        self._ask("update", resource, name, whole)
        version = self._found(resource, name)["metadata"]["resourceVersion"]
        if whole["metadata"]["resourceVersion"] != version:
            raise Conflict(409, "Conflict", "the object has been modified")
        return self.put(resource.plural, whole)

    async def list(self, resource: Resource, namespace: Any = None, **_: Any) -> Any:
        assert namespace == "ns"
        self._ask("list", resource, "")
        for (plural, _name), obj in list(self.objects.items()):
            if plural == resource.plural:
                yield copy.deepcopy(obj)

    def writes(self) -> list[tuple[str, str, str]]:
        return [asked for asked in self.asked if asked[0] != "get"]

    def _ask(self, verb: str, resource: Resource, name: str, body: Object | None = None) -> None:
        self.before(verb, resource.plural, name)
        self.asked.append((verb, resource.plural, name))
        self.bodies.append(copy.deepcopy(body or {}))

    def _found(self, resource: Resource, name: str) -> Object:
        if (found := self.objects.get((resource.plural, name))) is None:
            raise NotFound(404, "NotFound", name)
        return found


class Shop:
    """A reconciler, its store and its API server; the clock shows ``now`` and does not move."""

    def __init__(self) -> None:
        self.api = FakeApi()
        self.now = NOW
        self.queue: WorkQueue[Key] = WorkQueue(clock=lambda: self.now)
        self.store = Store(self.queue.add, lambda: self.now)
        self.events: list[tuple[str, str]] = []
        self.worker = Reconciler(
            self.api,
            self.api,
            self.store,
            self.queue,
            Recorded(self.events),
            observe=lambda *_: None,
            ask=_pass,
            asked=lambda *_: None,
            clock=lambda: self.now,
        )

    @property
    def entry(self) -> Entry:
        return self.store.entries[KEY]

    def job(self, **changes: Any) -> Object:
        """Give a Job to the API server and the store; ``changes`` are merged into it."""
        obj: Object = {
            "metadata": {"name": "web", "uid": "j1", "generation": 1},
            "spec": {"instances": 2, "template": template("web:1")},
            "status": {"observedGeneration": -1},
        }
        made = self.api.put("echelonjobs", merged(obj, changes))
        self.store.put_job(made)
        return made

    def update(self, name: str = "web-g2", **changes: Any) -> Object:
        """Give an operator-made Update to the API server and the store."""
        owner = {"apiVersion": "v", "kind": "EchelonJob", "name": "web", "uid": "j1"}
        meta = {"name": name, "uid": f"u-{name}", "generation": 1}
        obj: Object = {
            "metadata": {**meta, "ownerReferences": [{**owner, "controller": True}]},
            "spec": {"job": "web"},
            "status": {"observedGeneration": -1},
        }
        made = self.api.put("updates", merged(obj, changes))
        self.see("updates", made)
        return made

    def revision(self, name: str, data: Object, owner: str = "j1") -> Object:
        """Give a ControllerRevision of the Job to the API server and the store."""
        owners = [{"apiVersion": "v", "kind": "EchelonJob", "name": "web", "uid": owner}]
        meta: Object = {"name": name, "uid": f"u-{name}", "labels": {JOB: "web"}}
        if owner:
            meta["ownerReferences"] = [{**owners[0], "controller": True}]
        made = self.api.put("controllerrevisions", {"metadata": meta, "revision": 1, "data": data})
        self.see("controllerrevisions", made)
        return made

    def see(self, plural: str, obj: Object) -> None:
        """Report an Update, a revision or a pod to the store, as the watch does."""
        line = {"type": "MODIFIED", "object": obj}
        if plural == "controllerrevisions":
            self.store.put_revision(REVISION_CODEC.event(_bytes(line))[1])
        elif plural == "updates":
            self.store.put_update(UPDATE_CODEC.event(_bytes(line))[1])
        else:
            self.store.put_pod(POD_CODEC.event(_bytes(line))[1])

    async def reconcile(self) -> None:
        """Run one reconcile and the tasks that it starts."""
        await self.worker.reconcile(KEY)
        await self.worker.reports.drain(5.0)
        await self.worker.pods.drain(5.0)

    def status(self, plural: str = "echelonjobs", name: str = "web") -> Object:
        found: Object = self.api.objects[plural, name].get("status", {})
        return found

    def condition(self, name: str) -> Object:
        """A condition of the Job."""
        found = self.status().get("conditions", [])
        return next((c for c in found if c["type"] == name), {"status": "False"})


class Recorded(Recorder):
    def __init__(self, said: list[tuple[str, str]]) -> None:
        self.said = said

    def record(self, regarding: Any, type: str, reason: str, note: str, action: str) -> None:
        assert regarding["uid"], (type, action)
        self.said.append((reason, note))


def template(image: str) -> Object:
    return {"spec": {"containers": [{"name": "web", "image": image}]}}


async def _pass(*_: Any) -> Answer:
    return Answer(Verdict.PASS)


def _bytes(obj: Object) -> bytes:
    return json.dumps(obj).encode()
