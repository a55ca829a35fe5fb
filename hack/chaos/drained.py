"""What must never happen while nodes are drained, in addition to `hack.harness.judge`.

* Because of the operator never fewer instances count than the agreement asks for.
* What counts leaves by eviction, and each pod once.
* Of nodes only what a Maintenance changes is written, of a Maintenance only its status.
* Each pod that is gone is told at most once, with the operator's reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from typing import Final

from controller.api import labels
from hack.harness.audit import Request, evicted
from hack.harness.judge import Kind, storms, unconditional, writes
from hack.harness.manifests import Object
from hack.harness.pods import PodSeen
from hack.harness.sightings import Seen

#: Writes to objects of the cluster that an operator with ``--maintenance`` may make.
ALLOWED: Final[frozenset[Kind]] = frozenset(
    {("patch", "nodes", ""), ("patch", "maintenances", "status")}
)
_SPEC: Final = frozenset({"unschedulable", "taints"})
_NOTES: Final = frozenset({labels.MAINTENANCE, labels.MAINTENANCE_SINCE, labels.CORDONED_BEFORE})
#: The causes of ends that the operator intends here.
CAUSES: Final = frozenset({"Move", "Update", "Rollback"})


def judge(
    events: Collection[Seen],
    requests: Collection[Request],
    of_cluster: Collection[Request],
    job: Object,
    least: int,
    causes: Collection[str] = CAUSES,
) -> list[str]:
    """All faults of one drain. ``events``: in a namespace in which only the operator takes pods
    down. ``requests``: the operator's there; ``of_cluster``: those about nodes and the Maintenance.
    ``job``: the Job at the end; ``least``: how many of its instances must count at any moment.
    ``causes``: those that its pods may be told to have ended by."""
    return [
        *taken_down(events, requests, least),
        *writes(of_cluster, ALLOWED),
        *unconditional(of_cluster),
        *storms(of_cluster),
        *node_patches(of_cluster),
        *told(events, job, causes),
    ]


def taken_down(events: Iterable[Seen], requests: Iterable[Request], least: int) -> Iterator[str]:
    """Instances that went although too few counted without them, and pods that counted and went
    otherwise than by one eviction."""
    evictions = evicted(requests)
    for (name, uid), times in evictions.items():
        if times > 1:
            yield f"pod {name} ({uid}) was evicted {times} times"
    present = dict[str, PodSeen]()
    for seen in events:
        if seen.kind != "Pod":
            continue
        pod: PodSeen = seen.object
        before = present.pop(pod.uid, None)
        if seen.type != "DELETED":
            present[pod.uid] = pod
        going = pod.deleting or seen.type == "DELETED"
        if before is None or not _counts(before) or not going:
            continue
        if (pod.name, pod.uid) not in evictions:
            yield f"pod {pod.name} ({pod.uid}) counted, and went without an eviction"
        serving = {each.instance for each in present.values() if _counts(each)}
        if pod.instance not in serving and len(serving) < least:
            yield f"{len(serving)} instances count after {pod.name} went, {least} must"


def _counts(pod: PodSeen) -> bool:
    return bool(pod.job) and pod.ready and not pod.deleting


def node_patches(requests: Iterable[Request]) -> Iterator[str]:
    """Patches of nodes that change what is none of a Maintenance's business."""
    for request in requests:
        if request.resource != "nodes" or request.verb != "patch" or request.body is None:
            continue
        notes = request.body.get("metadata", {}).get("annotations", {})
        if request.body.get("spec", {}).keys() - _SPEC or notes.keys() - _NOTES:
            yield f"this is not a Maintenance's to change: {request.body} ({request})"


def told(events: Iterable[Seen], job: Object, causes: Collection[str]) -> Iterator[str]:
    """Entries of `status.ended` without a pod that ended, and ones with another cause."""
    ended = job.get("status", {}).get("ended", [])
    gone = Counter(
        seen.object.instance for seen in events if seen.kind == "Pod" and seen.type == "DELETED"
    )
    for instance, times in Counter(each["instance"] for each in ended).items():
        if times > gone[instance]:
            yield f"instance {instance}: {gone[instance]} pods ended, {times} are told"
    for each in ended:
        if each["cause"] not in causes:
            yield f"instance {each['instance']} is told to have ended by {each['cause']}"
