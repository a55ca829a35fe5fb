"""A Job in the middle of an update, in memory, made of objects as an API server sends them."""

from __future__ import annotations

import itertools
import json
import time
from pathlib import Path
from typing import Any

from controller.api.labels import INSTANCE, JOB, REVISION
from controller.api.pods.pod import Pod
from controller.api.update import Update
from controller.core.decide import decide
from controller.core.model.observed import Verdict
from controller.core.model.plan import Plan
from controller.reconcile.decode import POD_CODEC, PodObject, update_of
from controller.reconcile.revision_objects import RevisionWire, revision_of
from controller.reconcile.store import Store
from hack.bench.manifests import job

_POD = json.loads((Path(__file__).parent / "pod.json").read_text())
_NAME, _UPDATE, _OLD = "web", "web-g2", "web-oldoldoldold"
_UID = "11111111-0000-4000-8000-000000000000"
_KEY = ("default", _NAME)


class Middle:
    """``size`` of ``count`` instances are in flight; those before are updated, those after wait."""

    def __init__(self, count: int, size: int) -> None:
        self.count = count
        self.store = Store(lambda _key: None)
        self._versions = itertools.count(1_000)
        self._first = (count - size) // 2
        self._past = self._first + size
        self._now = time.time()
        self._fill(count, size)

    def line(self, instance: int) -> bytes:
        """A watch event with the instance's unchanged pod."""
        new = instance < self._past
        ready = not self._first <= instance < self._past
        pod = json.loads(json.dumps(_POD))
        meta, status = pod["metadata"], pod["status"]
        meta["name"] = f"{_NAME}-{instance}"
        meta["uid"] = f"{instance:08}-{meta['uid'][9:]}"
        meta["resourceVersion"] = str(next(self._versions))
        revision = self.entry.revision if new else _OLD
        meta["labels"] |= {JOB: _NAME, INSTANCE: str(instance)}
        meta["labels"][REVISION] = revision.removeprefix(f"{_NAME}-")
        meta["annotations"][REVISION] = revision
        meta["creationTimestamp"] = _stamp(self._now - 5)
        meta["ownerReferences"][0] |= {"name": _NAME, "uid": _UID}
        if not ready:
            status["conditions"][-1] |= {"status": "False", "reason": "ContainersNotReady"}
        return json.dumps({"type": "MODIFIED", "object": pod}, separators=(",", ":")).encode()

    def news(self, instance: int) -> PodObject:
        """A decoded pod that differs from the last one: it is on another node each time."""
        version = next(self._versions)
        known: Pod = self.entry.instances.pods[(instance, False)]
        facts = {name: getattr(known, name) for name in Pod.__struct_fields__}
        facts |= {"resource_version": version, "node": f"node-{version}"}
        return PodObject(_KEY[0], known.name, known.uid, str(version), Pod(**facts))

    def reconcile(self) -> Plan:
        """One reconcile without its requests, as a worker does it."""
        now = self._now
        return decide(self.entry.observed(now, self.store.foreign_names(self.entry)), now)

    def _fill(self, count: int, size: int) -> None:
        raw = job(_NAME, count, size)
        raw["metadata"] |= {"uid": _UID, "generation": 2, "resourceVersion": "1"}
        self.store.put_job(raw)
        self.entry = self.store.entries[_KEY]
        new = self.entry.revision
        raw["metadata"]["resourceVersion"] = "2"
        raw["status"] = self._job_status(count, new)
        self.store.put_job(raw)
        self.store.put_update(update_of(Update.model_validate(self._update(count, size, new))))
        for number, name in enumerate((_OLD, new), 1):
            kept = {"metadata": _meta(name), "revision": number}
            self.store.put_revision(revision_of(RevisionWire.model_validate(kept)))
        self.entry.verdicts[""] = Verdict(True)
        for instance in range(count):
            self.store.put_pod(POD_CODEC.event(self.line(instance))[1])

    def _job_status(self, count: int, new: str) -> dict[str, Any]:
        ranges = [{"revision": new, "instances": f"0-{self._past - 1}"}]
        if self._past < count:
            ranges.append({"revision": _OLD, "instances": f"{self._past}-{count - 1}"})
        return {
            "assigned": ranges,
            "instancesInForce": count,
            "currentRevision": _OLD,
            "activeUpdate": {"name": _UPDATE, "uid": _UPDATE},
            "lastAttempt": {"revision": new, "update": _UPDATE},
        }

    def _update(self, count: int, size: int, new: str) -> dict[str, Any]:
        all_of_them, done = f"0-{count - 1}", f"0-{self._first - 1}" if self._first else ""
        strategy = {"type": "Queue", "size": size}
        return {
            "metadata": {**_meta(_UPDATE), "uid": _UPDATE},
            "spec": {"job": _NAME},
            "status": {
                "phase": "RollingForward",
                "startedAt": _stamp(self._now - 10),
                "jobUID": _UID,
                "policy": {"strategy": strategy, "readyTimeoutSeconds": 300},
                "minReadySeconds": 0,
                "from": [{"revision": _OLD, "instances": all_of_them}],
                "to": {"revision": new, "instances": all_of_them},
                "instances": {"updated": done},
                "batch": {
                    "index": 3,
                    "instances": f"{self._first}-{self._past - 1}",
                    "startedAt": _stamp(self._now - 5),
                },
            },
        }


def _meta(name: str) -> dict[str, Any]:
    owner = {
        "apiVersion": "echelon.dev/v1alpha1",
        "kind": "EchelonJob",
        "name": _NAME,
        "uid": _UID,
        "controller": True,
    }
    return {
        "name": name,
        "namespace": _KEY[0],
        "uid": name,
        "resourceVersion": "3",
        "generation": 1,
        "labels": {JOB: _NAME},
        "ownerReferences": [owner],
    }


def _stamp(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
