"""Runs of Adhoc and Cron Jobs, judged by the events of batch/v1 Jobs and their pods: one at a time.

Two runs of one Job never overlap, and an instance never has two live pods, whichever run they are
of. Runs that a person made from a CronJob are the person's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from controller.api import labels
from hack.harness.manifests import Object
from hack.harness.pods import PodSeen
from hack.harness.sightings import Seen

RUN = "batch.kubernetes.io/job-name"
INDEX = "batch.kubernetes.io/job-completion-index"
SCHEDULED = "batch.kubernetes.io/cronjob-scheduled-timestamp"
_BY_HAND = "cronjob.kubernetes.io/instantiate"


class Runs:
    """``take`` each event of a batch/v1 Job or a pod."""

    def __init__(self) -> None:
        #: Our Job -> the uids of its active runs.
        self._active: dict[str, dict[str, str]] = defaultdict(dict)
        #: Our Job and index -> the uids of its live pods.
        self._live: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)

    def take(self, seen: Seen) -> Iterator[str]:
        """The faults that an event shows."""
        if seen.kind == "Run":
            yield from self._take_run(seen)
        elif seen.kind == "Pod" and RUN in seen.object.labels:
            yield from self._take_pod(seen, seen.object)

    def _take_run(self, seen: Seen) -> Iterator[str]:
        meta = seen.object["metadata"]
        job = meta.get("labels", {}).get(labels.JOB)
        if job is None or _BY_HAND in meta.get("annotations", {}):
            return
        active = self._active[job]
        is_new = meta["uid"] not in active
        if seen.type == "DELETED" or has_ended(seen.object):
            active.pop(meta["uid"], None)
            return
        active[meta["uid"]] = seen.name
        if is_new and len(active) > 1:
            yield f"two runs at a time: {', '.join(sorted(active.values()))}"

    def _take_pod(self, seen: Seen, pod: PodSeen) -> Iterator[str]:
        job = pod.labels.get(labels.JOB)
        if job is None:
            return
        live = self._live[job, pod.annotations.get(INDEX, "")]
        is_new = pod.uid not in live
        if seen.type == "DELETED" or not pod.live:
            live.pop(pod.uid, None)
            return
        live[pod.uid] = pod.name
        if is_new and len(live) > 1:
            yield f"two live pods of one instance of a run: {', '.join(sorted(live.values()))}"


def has_ended(run: Object) -> bool:
    """Whether a batch/v1 Job is complete or failed."""
    found = run.get("status", {}).get("conditions", ())
    return any(c["type"] in ("Complete", "Failed") and c["status"] == "True" for c in found)


@dataclass(frozen=True, slots=True)
class RunSeen:
    """The last version of a run. ``gone``: it was deleted."""

    object: Object
    gone: bool


def made(events: Iterable[Seen]) -> list[RunSeen]:
    """All runs that there were, oldest first."""
    found: dict[str, RunSeen] = {}
    for seen in events:
        if seen.kind == "Run":
            found[seen.object["metadata"]["uid"]] = RunSeen(seen.object, seen.type == "DELETED")
    return list(found.values())
