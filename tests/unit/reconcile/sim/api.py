"""Answers requests as an API server does: preconditions, subresources, merge patches, refusals."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from typing import Any, Final

from controller.api import labels
from controller.api.meta import OwnerReference, format_time
from controller.api.update import UpdateSpec
from tests.unit.reconcile.merged import merged
from tests.unit.reconcile.sim.budgets import Asked as Asked
from tests.unit.reconcile.sim.budgets import BudgetApi
from tests.unit.reconcile.sim.budgets import Refused as Refused
from tests.unit.reconcile.sim.raw_pods import Object

_PATH: Final = re.compile(
    r"/(?:api|apis/[\w.]+)/\w+(?:/namespaces/(?P<ns>\w+))?/(?P<plural>\w+)"
    r"(?:/(?P<name>[\w.-]+))?(?:/(?P<sub>\w+))?$"
)
_KINDS: Final = {
    "echelonjobs": "job",
    "updates": "update",
    "controllerrevisions": "revision",
    "pods": "pod",
    "nodes": "node",
    "poddisruptionbudgets": "budget",
}


#: The cluster has a node that is Ready; a pod's own node is not told.
_NODE: Final[Object] = {
    "metadata": {"name": "n"},
    "status": {"conditions": [{"type": "Ready", "status": "True"}]},
}


class Api(BudgetApi):
    """``answer`` gives an object, or raises ``Refused``."""

    def kind(self, asked: Asked) -> str:
        found = _PATH.match(asked.path)
        assert found is not None, f"no such path: {asked.path}"
        return _KINDS[found["plural"]]

    def answer(self, asked: Asked) -> Object:
        found = _PATH.match(asked.path)
        assert found is not None, f"no such path: {asked.path}"
        kind, name = _KINDS[found["plural"]], found["name"] or ""
        if asked.method == "GET":
            answer = self._get(kind, name) if name else self._list(kind)
        elif asked.method == "POST" and found["sub"] == "eviction":
            answer = self._evict(name, asked)
        elif asked.method == "POST":
            answer = getattr(self, f"_make_{kind}")(asked.body, "dryRun" in asked.query)
        elif asked.method == "DELETE":
            answer = self._delete(kind, name, asked.body)
        elif kind == "budget":
            answer = self._patch_budget(name, asked.body)
        else:
            answer = self._patch(kind, name, found["sub"] or "", asked)
        if "PartialObjectMetadata" in asked.accept and "items" not in answer:
            return {"kind": "PartialObjectMetadata", "metadata": answer["metadata"]}
        return answer

    # Reading.

    def _get(self, kind: str, name: str) -> Object:
        if kind == "node":
            raise Refused(404, "NotFound", name)
        if (raw := self.served.raw[kind].get(name)) is None:
            raise Refused(404, "NotFound", f"{kind} {name} not found")
        return raw

    def _list(self, kind: str) -> Object:
        version = str(self.served.latest)
        shown = [_NODE] if kind == "node" else self.served.shown(kind)
        return {"metadata": {"resourceVersion": version}, "items": shown}

    # Making.

    def _make_pod(self, body: Object, dry: bool) -> Object:
        served, meta = self.served, body["metadata"]
        name, revision = meta.get("name", ""), meta["annotations"][labels.REVISION]
        if (words := served.bad_images.get(served.image(revision))) is not None:
            raise Refused(422, "Invalid", words)
        if served.quota is not None and len(served.pods) >= served.quota:
            raise Refused(403, "Forbidden", "exceeded quota: pods")
        if dry:
            return body
        if name in served.pods:
            raise Refused(409, "AlreadyExists", name)

        def make() -> Object:
            raw = copy.deepcopy(body)
            raw["metadata"] |= {
                "uid": served.uid("pod"),
                "generation": 1,
                "creationTimestamp": format_time(served.now),
            }
            raw["status"] = {"phase": "Pending"}
            served.put_pod(raw)
            return raw

        return served.wrote("create pod", name, make)

    def _make_update(self, body: Object, dry: bool) -> Object:
        served, meta = self.served, body["metadata"]
        name = meta["name"]
        assert not dry
        if name in served.updates:
            raise Refused(409, "AlreadyExists", name)

        def make() -> Object:
            spec = UpdateSpec.model_validate(body["spec"])
            owner = OwnerReference.model_validate(meta["ownerReferences"][0])
            served.new_update(name, spec, owner, meta.get("annotations"))
            return served.raw["update"][name]

        return served.wrote("make update", name, make)

    def _make_revision(self, body: Object, dry: bool) -> Object:
        served, name = self.served, body["metadata"]["name"]
        assert not dry
        if name in served.raw["revision"]:
            raise Refused(409, "AlreadyExists", name)

        def make() -> Object:
            raw = copy.deepcopy(body)
            raw["metadata"]["uid"] = served.uid("revision")
            return served.put_revision(raw)

        return served.wrote("keep revision", name, make)

    # Changing.

    def _patch(self, kind: str, name: str, sub: str, asked: Asked) -> Object:
        old, body = self._get(kind, name), asked.body
        uid, version = (body.get("metadata", {}).get(f) for f in ("uid", "resourceVersion"))
        if uid not in (None, old["metadata"]["uid"]):
            raise Refused(422, "Invalid", "metadata.uid: field is immutable")
        if version not in (None, old["metadata"]["resourceVersion"]):
            raise Refused(409, "Conflict", "the object has been modified")
        if kind == "pod":
            return self._patch_pod(old, sub, asked)
        return getattr(self, f"_patch_{kind}")(old, sub, body)

    def _patch_job(self, old: Object, sub: str, body: Object) -> Object:
        assert sub == "status", "the spec is the user's"
        return self._patch_status("job", old, body)

    def _patch_update(self, old: Object, sub: str, body: Object) -> Object:
        served, name = self.served, old["metadata"]["name"]
        if sub == "status":
            return self._patch_status("update", old, body)
        assert body.keys() == {"metadata"}, "the spec is the user's"

        def mark() -> Object:
            notes = merged(old["metadata"].get("annotations", {}), body["metadata"]["annotations"])
            served.put_update(name, annotations=notes)
            return served.raw["update"][name]

        return served.wrote("mark", name, mark)

    def _patch_status(self, kind: str, old: Object, body: Object) -> Object:
        served, name = self.served, old["metadata"]["name"]
        assert body["metadata"].keys() == {"uid", "resourceVersion"}, "a compare-and-swap"
        new = merged(old["status"], body["status"])
        write = lambda: old if new == old["status"] else served.put_status(kind, name, new)  # noqa: E731
        return served.wrote(f"write {kind}", name, write)

    def _patch_revision(self, old: Object, sub: str, body: Object) -> Object:
        assert not sub
        new = merged(old, body)
        name = old["metadata"]["name"]
        write = lambda: old if new == old else self.served.put_revision(new)  # noqa: E731
        return self.served.wrote("keep revision", name, write)

    def _patch_pod(self, old: Object, sub: str, asked: Asked) -> Object:
        served, body = self.served, asked.body
        name, instance = old["metadata"]["name"], served.pods[old["metadata"]["name"]].instance
        new = copy.deepcopy(old)
        if sub != "resize":
            new["metadata"] = merged(old["metadata"], body.get("metadata", {}))
        for container in body.get("spec", {}).get("containers", ()):
            there = next(c for c in new["spec"]["containers"] if c["name"] == container["name"])
            there.update(container)
        if new["spec"] != old["spec"]:
            if instance in served.in_place_refused:
                raise Refused(422, "Invalid", "cannot be changed in place")
            new["metadata"]["generation"] += 1
        if not asked.is_write or new == old:
            return new

        def change() -> Object:
            served.put_pod(new)
            return new

        notes = body.get("metadata", {}).get("annotations", {})
        verb = "change" if labels.RESTART_BASE in notes else "mend"
        return served.wrote(f"{sub or verb} pod", name, change)

    # Deleting.

    def _delete(self, kind: str, name: str, options: Object) -> Object:
        old, served = self._get(kind, name), self.served
        uid = options.get("preconditions", {}).get("uid")
        assert uid, "every delete names a uid"
        if uid != old["metadata"]["uid"]:
            raise Refused(409, "Conflict", "the UID in the precondition is another one")

        def pod() -> Object:
            if options.get("gracePeriodSeconds") == 0:
                served.remove_pod(served.pods[name])
            else:
                served.let_go(served.pods[name])
            return served.raw["pod"].get(name, old)

        def update() -> Object:
            served.drop_update(name)
            return old

        def revision() -> Object:
            served.revisions.pop(name, None)
            served.orphans.pop(name, None)
            served.tell("revision", name, uid, None)
            return old

        def budget() -> Object:
            served.drop_budget(name)
            return old

        act: dict[str, Callable[[], Any]] = {
            "pod": pod,
            "update": update,
            "revision": revision,
            "budget": budget,
        }
        return served.wrote("delete pod" if kind == "pod" else "prune", name, act[kind])


def dump(answer: Object) -> bytes:
    return json.dumps(answer).encode()
