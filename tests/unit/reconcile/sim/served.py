"""The simulated cluster, with each object as the API server has it: JSON, versions, watch events.

Users, kubelet and observer go on with the models of `tests.unit.core.sim`; whatever they or the
operator change is told to the watches.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Container
from typing import Any

from controller.api import labels
from controller.api.job import Job, JobStatus
from controller.api.meta import format_time, wire
from controller.api.pods.pod import Pod
from controller.api.pods.slim import slim
from controller.api.pods.wire import PodWire
from controller.api.update import Update, UpdateStatus
from controller.core.model.budget import Budget
from controller.core.model.observed import Revision
from controller.core.revisions import provenance
from tests.unit.core.sim.cluster import Cluster
from tests.unit.reconcile.sim import raw_pods
from tests.unit.reconcile.sim.raw_pods import Object
from tests.unit.reconcile.sim.watches import Watches
from tests.values import replace

#: Kinds of which the watch tells only those with the label of a Job.
SELECTED = ("pod", "revision")
#: What the JSON of a pod must say just as the kubelet meant it.
FACTS = ("phase", "ready", "ready_since", "restarts", "ran", "deleted", "owner", "in_effect")
KINDS = ("job", "update", "revision", "pod", "budget")


class Served(Cluster):
    """``before`` and ``after`` are called around each write of the operator that takes effect."""

    def __init__(
        self, job: Job, clock: Callable[[], float], late: Callable[[], Container[str]]
    ) -> None:
        self.raw: dict[str, dict[str, Object]] = {kind: {} for kind in KINDS}
        self.watches = Watches(clock, late)
        self.latest = 0
        self.before: Callable[[], object] = lambda: None
        self.after: Callable[[], object] = lambda: None
        #: uid -> status as it was read, and the JSON that it was read from.
        self._statuses: dict[str, tuple[JobStatus | UpdateStatus, Object]] = {}
        super().__init__(job)

    def version(self) -> str:
        version = super().version()
        self.latest = int(version)
        return version

    def wrote(self, verb: str, name: str, write: Callable[[], Object]) -> Object:
        """Have a write of the operator take effect."""
        self.before()
        answer = write()
        self.writes.append((verb, name))
        self.after()
        return answer

    # Statuses.

    def put_status(self, kind: str, name: str, status: Object) -> Object:
        """Store the status of the Job or of an Update."""
        if kind == "job":
            read: Any = JobStatus.model_validate(status)
            meta = self.job.metadata.model_copy(update={"resource_version": self.version()})
            self._statuses[meta.uid] = (read, status)
            self.job = self.job.model_copy(update={"metadata": meta, "status": read})
            self.tell("job", name, meta.uid, self.job)
        else:
            read = UpdateStatus.model_validate(status)
            self._statuses[self.updates[name].metadata.uid] = (read, status)
            self.put_update(name, status=read)
        return self.raw[kind][name]

    def _object(self, value: Job | Update) -> Object:
        meta, status = value.metadata, value.status
        read, raw = self._statuses.get(meta.uid, (None, {}))
        made: Object = {
            "apiVersion": labels.API_VERSION,
            "kind": "Update" if isinstance(value, Update) else "EchelonJob",
            "metadata": {**wire(meta), "namespace": "default"},
            "spec": wire(value.spec),
            "status": raw if read is status else wire(status),
        }
        return made

    # Pods.

    def set_pod(self, pod: Pod) -> Pod:
        known = self.raw["pod"].get(pod.name)
        mine = known is not None and known["metadata"]["uid"] == pod.uid
        raw = raw_pods.told(known if known and mine else raw_pods.made(pod), pod)
        stored = self.put_pod(raw, pod)
        facts = (
            "phase",
            "ready",
            "ready_since",
            "restarts",
            "ran",
            "deleted",
            "owner",
            "in_effect",
        )
        for fact in facts:
            is_, should = getattr(stored, fact), getattr(pod, fact)
            assert is_ == should, f"{fact} of {pod.name} is {is_} and should be {should}: {raw}"
        return stored

    def put_pod(self, raw: Object, otherwise: Pod | None = None) -> Pod:
        """Store a pod; ``otherwise``: what it is when its JSON says of no Job."""
        name = raw["metadata"]["name"]
        raw["metadata"]["resourceVersion"] = version = self.version()
        pod = slim(PodWire.of(raw)) or otherwise or self.pods[name]
        self.pods[name] = pod = replace(pod, resource_version=int(version))
        self._put("pod", raw)
        return pod

    # Revisions.

    def put_revision(self, raw: Object) -> Object:
        """Store a ControllerRevision."""
        meta = raw["metadata"]
        meta["resourceVersion"] = self.version()
        name = meta["name"]
        self.templates.setdefault(name, raw["data"])
        origin = provenance.read(meta.get("annotations", {}))
        kept = Revision(name, meta["uid"], raw["revision"], origin.source, origin.parent)
        mine = any(o["uid"] == self.job.metadata.uid for o in meta.get("ownerReferences", ()))
        (self.revisions if mine else self.orphans)[name] = kept
        (self.orphans if mine else self.revisions).pop(name, None)
        self._put("revision", raw)
        return raw

    # Disruption budgets.

    def tell_budget(self, budget: Budget, *, gone: bool = False) -> None:
        if gone:
            self._drop("budget", budget.name)
            return
        owner = {"uid": budget.owner, "controller": True}
        label = self.job.metadata.name if budget.selects else "another"
        self._put(
            "budget",
            {
                "metadata": {
                    "name": budget.name,
                    "namespace": "default",
                    "uid": budget.uid,
                    "resourceVersion": self.version(),
                    "ownerReferences": [owner] if budget.owner else [],
                },
                "spec": {
                    "minAvailable": budget.least,
                    "selector": {"matchLabels": {labels.JOB: label}},
                    "unhealthyPodEvictionPolicy": "AlwaysAllow",
                },
                "status": {
                    "disruptedPods": {n: format_time(at) for n, at in budget.disrupted.items()}
                },
            },
        )

    # Watches.

    def tell(self, kind: str, name: str, uid: str, value: Any) -> None:
        known = self.raw[kind].get(name)
        if kind == "revision" and known is not None and name in self.revisions:
            # Its Job is gone, and nobody owns it.
            orphan = {**known["metadata"], "ownerReferences": [], "resourceVersion": self.version()}
            self._put(kind, {**known, "metadata": orphan})
        elif value is None:
            if known is not None:
                self._drop(kind, name)
        elif isinstance(value, Job | Update):
            if known is not None and known["metadata"]["uid"] != uid:
                self._drop(kind, name)
                value = self._again(value)
            self._put(kind, self._object(value))

    def _again(self, value: Job | Update) -> Job | Update:
        """It is made once its namesake is gone."""
        meta = value.metadata.model_copy(update={"resource_version": self.version()})
        again = value.model_copy(update={"metadata": meta})
        if isinstance(again, Job):
            self.job = again
        else:
            self.updates[meta.name] = again
        return again

    def _put(self, kind: str, raw: Object) -> None:
        name = raw["metadata"]["name"]
        old = self.raw[kind].get(name)
        self.raw[kind][name] = raw
        had, has = old is not None and _shown(kind, old), _shown(kind, raw)
        if has:
            self._say(kind, raw, "MODIFIED" if had else "ADDED")
        else:
            self._say(kind, raw, "DELETED" if had else None)

    def _drop(self, kind: str, name: str) -> None:
        raw = self.raw[kind].pop(name)
        last = {**raw, "metadata": {**raw["metadata"], "resourceVersion": self.version()}}
        self._say(kind, last, "DELETED" if _shown(kind, raw) else None)

    def _say(self, kind: str, raw: Object, how: str | None) -> None:
        version = int(raw["metadata"]["resourceVersion"])
        line = json.dumps({"type": how, "object": raw}).encode() if how else None
        self.watches.add(kind, version, line)

    def shown(self, kind: str) -> list[Object]:
        """What a list shows."""
        return [raw for raw in self.raw[kind].values() if _shown(kind, raw)]


def _shown(kind: str, raw: Object) -> bool:
    return kind not in SELECTED or labels.JOB in raw["metadata"].get("labels", {})
