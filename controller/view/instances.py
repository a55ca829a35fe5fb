"""The instances of a Job as people see them: one row per pod, and one per missing instance."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from controller.api.ids import NONE, Ids
from controller.api.job import Job
from controller.api.meta import parse_time
from controller.api.pods.pod import Pod
from controller.api.pods.slim import slim
from controller.api.pods.wire import PodWire
from controller.core.model import assigned
from controller.view.jobs import count_of

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


FAILING: Final = "Failing"
#: With what the condition Ready of a pod begins while it is just starting.
_JUST_STARTING: Final = "ContainersNotReady"


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

    @property
    def is_failing(self) -> bool:
        """Whether the instance does not come up, and its pod says why."""
        coming = self.state in (State.PENDING, State.STARTING)
        return coming and bool(self.message) and not self.message.startswith(_JUST_STARTING)

    @property
    def word(self) -> str:
        """The state in one word: ``Failing`` for one that does not come up."""
        return FAILING if self.is_failing else str(self.state)


#: Reasons with which a container waits although nothing is wrong.
_USUAL: Final = frozenset({"ContainerCreating", "PodInitializing"})


@dataclass(frozen=True, slots=True)
class Seen:
    """What of a pod is shown."""

    pod: Pod
    restarts: int
    images: tuple[str, ...]


def seen(wire: PodWire) -> Seen | None:
    """What of a pod is shown; None if its name is not that of an instance of a Job."""
    pod = slim(wire)
    if pod is None:
        return None
    restarts = sum(c.restart_count for c in wire.status.container_statuses)
    return Seen(pod, restarts, tuple(c.image for c in wire.spec.containers))


def instances(job: Job, pods: Iterable[Object], now: float) -> list[Instance]:
    """The rows of a Job, by id. ``pods``: as read from the API server; those that are no instance
    of the Job are left out. An instance in a surge has two rows."""
    found = (seen(PodWire.of(raw)) for raw in pods)
    return rows(job, (each for each in found if each is not None), now)


def rows(job: Job, pods: Iterable[Seen], now: float) -> list[Instance]:
    """The same of pods that were read before."""
    intended = assigned.read(job.status.assigned)
    wanted = {i: revision for revision, ids in intended.items() for i in ids}
    found: dict[int, list[Instance]] = defaultdict(list)
    for each in pods:
        pod = each.pod
        if pod.job == job.metadata.name and not pod.foreign_controller:
            row = _of(each, wanted.get(pod.instance, ""), job.spec.min_ready_seconds, now)
            found[pod.instance].append(row)
    for i in _ids(job, intended):
        if i not in found:
            found[i].append(_missing(i, wanted.get(i, "")))
    return [row for i in sorted(found) for row in sorted(found[i], key=lambda row: row.created)]


def rows_of(job: Job, instance: int, pods: Iterable[Seen], now: float) -> list[Instance]:
    """The rows of one instance; empty if the Job has none of that id, and there is no pod of it."""
    intended = assigned.read(job.status.assigned)
    wanted = assigned.revision_of(intended, instance) or ""
    found = [
        _of(each, wanted, job.spec.min_ready_seconds, now)
        for each in pods
        if (each.pod.job, each.pod.instance) == (job.metadata.name, instance)
        and not each.pod.foreign_controller
    ]
    if not found and instance in _ids(job, intended):
        found = [_missing(instance, wanted)]
    return sorted(found, key=lambda row: row.created)


def _ids(job: Job, intended: assigned.Assigned) -> Ids:
    """The ids that the Job has, or should have. The pods of runs are none of them."""
    if job.spec.has_runs:
        return NONE
    return Ids.span(0, count_of(job)) | assigned.ids_of(intended)


def _missing(instance: int, wanted: str) -> Instance:
    return Instance(instance, "", State.MISSING, "", wanted)


def _of(seen: Seen, wanted: str, min_ready: int, now: float) -> Instance:
    pod = seen.pod
    return Instance(
        instance=pod.instance,
        pod=pod.name,
        state=_state(pod, min_ready, now),
        revision=pod.revision,
        assigned=wanted,
        node=pod.node,
        ip=pod.ip,
        restarts=seen.restarts,
        created=pod.created,
        message=_trouble(pod),
        images=seen.images,
    )


def _state(pod: Pod, min_ready: int, now: float) -> State:
    if pod.deleted is not None:
        return State.STOPPING
    if pod.ended:
        return State.ENDED
    if pod.ready:
        return State.GOOD if now - pod.ready_since >= min_ready else State.READY
    return State.STARTING if pod.node else State.PENDING


def _trouble(pod: Pod) -> str:
    if pod.trouble is None or pod.trouble.reason in _USUAL:
        return ""
    return pod.trouble.words


def claims_of(raw: Object) -> tuple[str, ...]:
    """Names of the PersistentVolumeClaims that a pod mounts."""
    volumes = (raw.get("spec") or {}).get("volumes") or ()
    claims = (volume.get("persistentVolumeClaim") for volume in volumes)
    return tuple(claim["claimName"] for claim in claims if claim)


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


def container_in_trouble(raw: Object) -> str:
    """The first container of a pod that has ended, restarted or runs without being ready: its log
    may say why. "" if none has run."""
    status: Object = raw.get("status") or {}
    for container in status.get("initContainerStatuses") or ():
        if _has_failed(container):
            return str(container["name"])
    for container in status.get("containerStatuses") or ():
        running = "running" in (container.get("state") or {})
        if _has_failed(container) or (running and not container.get("ready")):
            return str(container["name"])
    return ""


def _has_failed(container: Object) -> bool:
    ended = (container.get("state") or {}).get("terminated")
    if ended:
        return bool(ended.get("exitCode"))
    return bool(container.get("restartCount")) and not container.get("ready")
