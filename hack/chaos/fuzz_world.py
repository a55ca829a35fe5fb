"""One Job, its Updates, revisions and pods in memory, the operator's own parts, and time."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from contextlib import suppress
from copy import deepcopy
from functools import partial
from typing import Any, Final

from controller.api import labels
from controller.api.gate import Gate
from controller.api.meta import format_time
from controller.core.verdicts.answer import Answer, Verdict
from controller.core.verdicts.condition import ConditionError, condition_of
from controller.gates import job as job_gate
from controller.gates.context import Context, expand
from controller.kube.errors import ApiError
from controller.kube.events import Recorder
from controller.kube.workqueue import WorkQueue
from controller.reconcile.decode import POD_CODEC, UPDATE_CODEC
from controller.reconcile.entry import Entry, Key
from controller.reconcile.revision_objects import REVISION_CODEC
from controller.reconcile.store import Store
from controller.reconcile.worker import Reconciler
from hack.chaos.fuzz_api import JOB, NAMESPACE, MemoryApi, Object

KEY: Final[Key] = (NAMESPACE, JOB)

log = logging.getLogger("controller")


class World:
    """``api`` has the objects. Each `live` is a few seconds in which the operator decides."""

    def __init__(self) -> None:
        self.api = MemoryApi()
        self.queue: WorkQueue[Key] = WorkQueue(clock=lambda: self.now)
        self.store = Store(self.queue.add, lambda: self.now)
        self.events: list[str] = []
        self.reconciler = Reconciler(
            self.api,
            self.api,
            self.store,
            self.queue,
            _Events(self.events),
            observe=lambda *_: None,
            ask=_ask,
            asked=lambda *_: None,
            clock=lambda: self.now,
        )

    @property
    def now(self) -> float:
        return self.api.now

    @property
    def entry(self) -> Entry | None:
        return self.store.entries.get(KEY)

    async def live(self, *steps: float) -> None:
        """Observe, decide and act, then let a step of seconds pass, several times."""
        for seconds in steps:
            self.see()
            entry = self.entry
            self.api.frozen = entry is not None and entry.unreadable is not None
            with suppress(ApiError):  # The key is tried again.
                await self.reconciler.reconcile(KEY)
            await self.reconciler.reports.drain(60.0)
            await self.reconciler.pods.drain(60.0)
            await asyncio.sleep(0)
            self.kubelet()
            self.api.now += seconds

    def see(self) -> None:
        """Tell the store of all changes, as the watches do."""
        changes, self.api.changes = self.api.changes, []
        for plural, name, uid, obj in changes:
            line = json.dumps({"type": "MODIFIED", "object": obj}).encode()
            key = f"{NAMESPACE}/{name}"
            match plural:
                case "echelonjobs" if obj is None:
                    self.store.drop_job((NAMESPACE, name), uid)
                case "echelonjobs":
                    self.store.put_job(json.loads(line)["object"])
                case "updates" if obj is None:
                    self.store.drop_update(key, uid)
                case "updates":
                    _try(partial(self._see_update, line))
                case "controllerrevisions" if obj is None:
                    self.store.drop_revision(key, uid)
                case "controllerrevisions":
                    _try(partial(self._see_revision, line))
                case "pods" if obj is None:
                    self.store.drop_pod(key, uid)
                case "pods" if labels.JOB in (obj or {})["metadata"].get("labels", {}):
                    self.store.put_pod(POD_CODEC.event(line)[1])

    def _see_update(self, line: bytes) -> None:
        self.store.put_update(UPDATE_CODEC.event(line)[1])

    def _see_revision(self, line: bytes) -> None:
        self.store.put_revision(REVISION_CODEC.event(line)[1])

    def kubelet(self) -> None:
        """New pods become Ready, or crash if their image says so."""
        for pod in self.api.all("pods").values():
            if not pod["status"].get("conditions"):
                self.api.put("pods", {**deepcopy(pod), "status": _running(pod, self.now)})

    def copy_of(self, api: MemoryApi) -> None:
        """Begin with the objects of another API server."""
        self.api.objects = deepcopy(api.objects)
        self.api.now, self.api._version = api.now, api._version
        self.api.changes = [
            (plural, name, obj["metadata"]["uid"], obj)
            for (plural, name), obj in self.api.objects.items()
        ]

    def edit(self, plural: str, name: str, change: Callable[[Object], object]) -> None:
        """Somebody changes an object."""
        obj = deepcopy(self.api.objects[plural, name])
        change(obj)
        obj["metadata"]["generation"] = obj["metadata"].get("generation", 1) + 1
        self.api.put(plural, obj)


def _try(step: Callable[[], object]) -> None:
    """What a watch cannot decode is logged and skipped, as an informer does."""
    try:
        step()
    except ValueError:
        log.warning("an event that cannot be read")


def _running(pod: Object, now: float) -> Object:
    at = format_time(now)
    containers = pod["spec"]["containers"]
    crash = any("crash" in str(c.get("image")) for c in containers)
    return {
        "phase": "Running",
        "podIP": "10.1.2.3",
        "startTime": at,
        "conditions": [
            {"type": "Ready", "status": "False" if crash else "True", "lastTransitionTime": at},
            {"type": "PodScheduled", "status": "True", "lastTransitionTime": at},
        ],
        "containerStatuses": [
            {
                "name": c["name"],
                "image": c.get("image", ""),
                "ready": not crash,
                "restartCount": 3 if crash else 0,
                "state": {"running": {"startedAt": at}},
            }
            for c in containers
        ],
    }


async def _ask(gate: Gate, context: Context) -> Answer:
    """Does what a provider does before it sends something."""
    if gate.job is not None:
        json.dumps(job_gate.manifest(gate, context))
    if gate.http is not None:
        expand(gate.http.url, context, "10.1.2.3")
    if gate.prometheus is not None:
        try:
            condition_of(gate.prometheus)
        except ConditionError as error:
            return Answer(Verdict.INCONCLUSIVE, str(error))
    return Answer(Verdict.PASS)


class _Events(Recorder):
    def __init__(self, said: list[str]) -> None:
        self._said = said

    def record(self, regarding: Any, type: str, reason: str, note: str, action: str) -> None:
        assert regarding["uid"], (type, action)
        self._said.append(f"{reason}: {note}")
