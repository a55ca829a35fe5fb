"""The instances of a Job as people see them: one row per pod, and one per missing instance."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from controller.api.ids import Ids
from controller.api.job import Job
from controller.api.meta import parse_time
from controller.api.pods.pod import Pod
from controller.api.pods.slim import slim
from controller.api.pods.wire import PodWire
from controller.core.model import assigned

Object = dict[str, Any]


class State(StrEnum):
    """How far an instance has come. Good: Ready for `minReadySeconds`."""

    GOOD = "Good"
    READY = "Ready"
    STARTING = "Starting"
    PENDING = "Pending"
    STOPPING = "Stopping"
    ENDED = "Ended"
    MISSING = "Missing"


@dataclass(frozen=True, slots=True)
class Instance:
    """One pod of an instance, or an instance without a pod (``pod`` is ""). Times are epoch
    seconds; ``created`` is 0 without a pod. ``message``: what is wrong, "" if nothing is."""

    instance: int
    pod: str
    state: State
    revision: str
    assigned: str
    node: str = ""
    ip: str = ""
    restarts: int = 0
    created: float = 0.0
    message: str = ""
    images: tuple[str, ...] = ()

    @property
    def at_its_revision(self) -> bool:
        return self.revision == self.assigned


#: Reasons with which a container waits although nothing is wrong.
_USUAL: Final = frozenset({"ContainerCreating", "PodInitializing"})


def instances(job: Job, pods: Iterable[Object], now: float) -> list[Instance]:
    """The rows of a Job, by id. ``pods``: as read from the API server; those that are no instance
    of the Job are left out. An instance in a surge has two rows."""
    intended = assigned.read(job.status.assigned)
    wanted = {i: revision for revision, ids in intended.items() for i in ids}
    count = job.status.instances_in_force
    ids = Ids.span(0, job.spec.instances if count is None else count) | assigned.ids_of(intended)
    rows: dict[int, list[Instance]] = defaultdict(list)
    for raw in pods:
        wire = PodWire.model_validate(raw)
        pod = slim(wire)
        if pod is not None and pod.job == job.metadata.name and not pod.foreign_controller:
            row = _of(pod, wire, raw, wanted.get(pod.instance, ""), job.spec.min_ready_seconds, now)
            rows[pod.instance].append(row)
    for i in ids:
        if i not in rows:
            rows[i].append(Instance(i, "", State.MISSING, "", wanted.get(i, "")))
    return [row for i in sorted(rows) for row in sorted(rows[i], key=lambda row: row.created)]


def _of(pod: Pod, wire: PodWire, raw: Object, wanted: str, min_ready: int, now: float) -> Instance:
    spec: Object = raw.get("spec") or {}
    return Instance(
        instance=pod.instance,
        pod=pod.name,
        state=_state(pod, min_ready, now),
        revision=pod.revision,
        assigned=wanted,
        node=pod.node,
        ip=pod.ip,
        restarts=sum(c.restart_count for c in wire.status.container_statuses),
        created=pod.created,
        message=_trouble(pod),
        images=tuple(c.get("image", "") for c in spec.get("containers") or ()),
    )


def _state(pod: Pod, min_ready: int, now: float) -> State:
    if pod.deleted is not None:
        return State.STOPPING
    if pod.ended:
        return State.ENDED
    if pod.ready:
        return State.GOOD if now - pod.ready_since >= min_ready else State.READY
    return State.STARTING if pod.bound or pod.node else State.PENDING


def _trouble(pod: Pod) -> str:
    if pod.trouble is None or pod.trouble.reason in _USUAL:
        return ""
    return pod.trouble.words


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened to a pod. ``time``: epoch seconds."""

    time: float
    what: str


def timeline(raw: Object) -> list[Moment]:
    """What happened to a pod, oldest first: created, scheduled, initialized, the starts and ends of
    its containers, ready, deleted."""
    meta, status = raw["metadata"], raw.get("status") or {}
    found = [Moment(parse_time(meta["creationTimestamp"]), "Pending")]
    node = (raw.get("spec") or {}).get("nodeName", "")
    words = {
        "PodScheduled": f"Scheduled to {node}" if node else "Scheduled",
        "Initialized": "Initialized",
        "Ready": "Ready",
    }
    for condition in status.get("conditions") or ():
        word, at = words.get(condition["type"]), condition.get("lastTransitionTime")
        if word and at:
            if condition["status"] == "True":
                found.append(Moment(parse_time(at), word))
            elif condition["type"] == "Ready" and (status.get("phase") == "Running"):
                found.append(Moment(parse_time(at), "not Ready"))
    for container in status.get("containerStatuses") or ():
        found += _of_container(container)
    if "deletionTimestamp" in meta:
        grace = meta.get("deletionGracePeriodSeconds") or 0
        found.append(Moment(parse_time(meta["deletionTimestamp"]) - grace, "Deleted"))
    return sorted(found, key=lambda moment: moment.time)


def _of_container(container: Object) -> Iterable[Moment]:
    name = container["name"]
    for state in (container.get("lastState") or {}, container.get("state") or {}):
        ended = state.get("terminated") or {}
        started = (state.get("running") or ended).get("startedAt")
        if started:
            yield Moment(parse_time(started), f"container {name} started")
        if ended.get("finishedAt"):
            code, reason = ended.get("exitCode", 0), ended.get("reason", "")
            words = f"container {name} ended with exit code {code}"
            yield Moment(
                parse_time(ended["finishedAt"]), f"{words} ({reason})" if reason else words
            )
