"""Checks all events of a namespace for faults that must never happen, in any test.

It uses only the events of the API server, in their order, and finds at the end of a test:
- two live pods of one instance at the same time;
- more instances down for the update than its strategy allows;
- with `maxUnavailable`, an available instance replaced while too many are unavailable;
- inconsistent statuses (see `statuses`);
- steps of an `Ordered` Job, pauses and runs that are out of turn (`ordered`, `pauses`, `runs`).
"""

from __future__ import annotations

import time
from collections import defaultdict, deque
from datetime import datetime

from controller.api import labels
from hack.harness import conditions, pauses
from hack.harness.manifests import Object, ids, phase
from hack.harness.ordered import Steps
from hack.harness.pods import PodSeen
from hack.harness.runs import Runs
from hack.harness.sightings import Seen, Sightings
from hack.harness.statuses import faults_of_job, faults_of_update

Instance = tuple[str, int]
ACTIVE = ("RollingForward", "RollingBack")


class Observer:
    """Call ``not_the_operator`` with the uid of a pod before another client deletes it, and with
    the resourceVersion of a Job whose status another client wrote."""

    def __init__(self, sightings: Sightings, namespace: str) -> None:
        self._sightings = sightings
        self._namespace = namespace
        self._excused: set[str] = set()
        self._until = float("inf")

    def namespace_goes(self) -> None:
        """From now on pods are deleted because their namespace is."""
        self._until = time.time()

    def not_the_operator(self, *uids: str) -> None:
        """Another client deletes these pods."""
        self._excused |= set(uids)

    def events(self) -> list[Seen]:
        return self._sightings.events(self._namespace)

    def uids(self, job: str = "web") -> dict[int, list[str]]:
        """The uids of all pods that each instance has had, oldest first."""
        found: dict[int, list[str]] = defaultdict(list)
        for seen in self.events():
            if seen.kind != "Pod" or seen.object.job != job:
                continue
            if seen.object.uid not in (had := found[seen.object.instance]):
                had.append(seen.object.uid)
        return dict(found)

    def incarnations(self) -> dict[str, set[str]]:
        """Name -> uids of all pods with this name, whoever created them."""
        found: dict[str, set[str]] = defaultdict(set)
        for seen in self.events():
            if seen.kind == "Pod":
                found[seen.name].add(seen.object.uid)
        return found

    def replay(self) -> Replay:
        """Replay all events so far and check them."""
        self._sightings.catch_up(self._namespace)
        replay = Replay(self._excused, self._until)
        for seen in self.events():
            replay.take(seen)
        return replay

    def phases(self, update: str) -> list[str]:
        """The phases that an Update has had."""
        found: list[str] = []
        for seen in self.events():
            if seen.kind != "Update" or seen.name != update or seen.type == "DELETED":
                continue
            if (now := phase(seen.object)) and found[-1:] != [now]:
                found.append(now)
        return found


class Replay:
    """``faults``: the faults found. ``waves``: per Job, the sets of instances that the update took
    down, each between two moments without any. ``peak``: the most instances down at a moment."""

    def __init__(self, excused: set[str], until: float) -> None:
        self.faults: list[str] = []
        self.waves: dict[str, list[set[int]]] = defaultdict(list)
        self.peak: dict[str, int] = defaultdict(int)
        self.order: dict[str, list[int]] = defaultdict(list)
        self._excused = excused
        self._until = until
        self._pods: dict[str, PodSeen] = {}
        self._jobs: dict[str, Object] = {}
        self._updates: dict[str, Object] = {}
        self._going: set[str] = set()
        #: Jobs with a Surge update: their instances may have two pods at a time.
        self._surging: set[str] = set()
        #: Instances that the update took down, and the moment when each is good again.
        self._down: dict[Instance, float | None] = {}
        self._never_failed = conditions.NeverFailed()
        self._steps, self._runs = Steps(), Runs()
        self._latest: deque[str] = deque(maxlen=25)

    def take(self, seen: Seen) -> None:
        self._latest.append(_line(seen))
        for fault in self._runs.take(seen):
            self._blame(seen, fault)
        match seen.kind:
            case "EchelonJob":
                self._take_job(seen)
            case "Update":
                self._take_update(seen)
            case "Pod":
                self._take_pod(seen)

    def _blame(self, seen: Seen, what: str) -> None:
        told = "\n    ".join(self._latest)
        self.faults.append(f"at {seen.version} ({seen.at:.3f}): {what}, after\n    {told}")

    def _take_job(self, seen: Seen) -> None:
        job: Object = seen.object
        # From a Job without its status nobody can tell what an Update had taken down.
        forgotten = seen.type == "DELETED" or "deletionTimestamp" in job["metadata"]
        if seen.type == "DELETED":
            self._jobs.pop(seen.name, None)
        else:
            before = self._jobs.get(seen.name)
            theirs = job["metadata"]["resourceVersion"] in self._excused
            for fault in () if theirs else faults_of_job(job, before, self._holder(job)):
                self._blame(seen, fault)
            if not theirs and conditions.written(job, before):
                self._never_failed.take_job(job)
            self._jobs[seen.name] = job
            forgotten |= theirs and "activeUpdate" not in job.get("status", {})
        if forgotten:
            self._down = {key: at for key, at in self._down.items() if key[0] != seen.name}

    def _holder(self, job: Object) -> Object | None:
        """The last observed version of the Update that holds a Job."""
        held = job.get("status", {}).get("activeUpdate", {})
        update = self._updates.get(held.get("name", ""))
        mine = update is not None and update["metadata"]["uid"] == held.get("uid")
        return update if mine else None

    def _take_update(self, seen: Seen) -> None:
        update: Object = seen.object
        name = update["spec"]["job"]
        if seen.type == "DELETED":
            self._updates.pop(seen.name, None)
            return
        before = self._updates.get(seen.name)
        for fault in (*faults_of_update(update, before), *pauses.faults(update, before, seen.at)):
            self._blame(seen, fault)
        if seen.type == "ADDED":
            for fault in self._never_failed.faults(update):
                self._blame(seen, f"Update {seen.name}: {fault}")
        self._updates[seen.name] = update
        if update.get("status", {}).get("policy", {}).get("replacement") == "Surge":
            self._surging.add(name)
        sets = update.get("status", {}).get("instances", {})
        for instance in ids(sets.get("failed", "")) | ids(sets.get("rollbackFailed", "")):
            self._down.pop((name, instance), None)

    def _take_pod(self, seen: Seen) -> None:
        pod: PodSeen = seen.object
        before = self._pods.get(pod.name)
        if not pod.job and not (before and before.job):
            return
        if seen.type == "DELETED":
            self._pods.pop(pod.name, None)
        else:
            self._pods[pod.name] = pod
            self._look_for_twins(seen, pod)
        self._look_at_order(seen, before or pod if seen.type == "DELETED" else pod)
        if (pod.deleting or seen.type == "DELETED") and pod.uid not in self._going:
            self._going.add(pod.uid)
            self._take_down(seen, before or pod)
        elif pod.uid not in self._going:
            self._bring_up(seen, pod)

    def _look_for_twins(self, seen: Seen, pod: PodSeen) -> None:
        twins = [
            other
            for other in self._pods.values()
            if (other.job, other.instance) == (pod.job, pod.instance) and other.live
        ]
        if not pod.job or len(twins) < 2 or pod.job in self._surging:
            return
        # A move makes the successor of a marked pod beside it.
        if {twin.annotations.get(labels.MOVED_FROM) for twin in twins} & {t.uid for t in twins}:
            return
        names = ", ".join(twin.name for twin in twins)
        self._blame(seen, f"two live pods of one instance: {names}")

    def _look_at_order(self, seen: Seen, pod: PodSeen) -> None:
        ours = pod.uid not in self._excused and seen.at <= self._until
        judged = ours and self._active(pod.job) is None
        for fault in self._steps.take(seen, pod, self._jobs.get(pod.job), judged=judged):
            self._blame(seen, fault)

    def _bring_up(self, seen: Seen, pod: PodSeen) -> None:
        key = (pod.job, pod.instance)
        self._forget_the_good(seen.at)
        if key not in self._down:
            return
        if not pod.ready:
            self._down[key] = None
        elif self._down[key] is None:
            update = self._active(pod.job)
            seconds = update["status"].get("minReadySeconds", 0) if update else 0
            self._down[key] = max(seen.at, _epoch(pod.ready_at) + seconds - 1)

    def _forget_the_good(self, now: float) -> None:
        self._down = {key: at for key, at in self._down.items() if at is None or at > now}

    def _take_down(self, seen: Seen, pod: PodSeen) -> None:
        job, update = self._jobs.get(pod.job), self._active(pod.job)
        if job is None or "deletionTimestamp" in job["metadata"] or update is None:
            return
        if job["metadata"]["uid"] != pod.owner or pod.uid in self._excused:
            return
        if labels.MOVE in pod.annotations:
            return  # It leaves its node, and not for the Update.
        if seen.at > self._until:
            return
        self.order[pod.job].append(pod.instance)
        if pod.instance >= job["spec"]["instances"] or not pod.ready:
            return  # The instance is to be removed, or was not Ready before.
        if self._stood_in_for(pod):
            return
        self._forget_the_good(seen.at)
        self._check_unavailable(seen, job, update, pod)
        waves = self.waves[pod.job]
        if not waves or not any(key[0] == pod.job for key in self._down):
            waves.append(set())
        waves[-1].add(pod.instance)
        self._down[(pod.job, pod.instance)] = None
        down = sorted(i for name, i in self._down if name == pod.job)
        self.peak[pod.job] = max(self.peak[pod.job], len(down))
        if len(down) > (limit := _limit(update)):
            self._blame(seen, f"{pod.job}: {down} are down for the update, {limit} may be")

    def _stood_in_for(self, pod: PodSeen) -> bool:
        """Whether the instance's other pod is Ready."""
        key = (pod.job, pod.instance)
        pods = [p for p in self._pods.values() if (p.job, p.instance) == key]
        return any(p.name != pod.name and p.ready and not p.deleting for p in pods)

    def _check_unavailable(self, seen: Seen, job: Object, update: Object, pod: PodSeen) -> None:
        bound = update["status"]["policy"].get("maxUnavailable")
        if bound is None:
            return
        count = job["status"].get("instancesInForce", 0)
        most = bound if isinstance(bound, int) else max(1, count * int(bound[:-1]) // 100)
        serving = {
            other.instance
            for other in self._pods.values()
            if other.job == pod.job and other.ready and not other.deleting
        } | {pod.instance}
        failed = ids(update["status"].get("instances", {}).get("failed", ""))
        missing = set(range(job["spec"]["instances"])) - serving - failed
        if len(missing) >= most:
            self._blame(
                seen,
                f"{pod.name} was available and is replaced while {sorted(missing)} are not; "
                f"maxUnavailable is {bound}",
            )

    def _active(self, job: str) -> Object | None:
        held = self._jobs.get(job, {}).get("status", {}).get("activeUpdate") or {}
        update = self._updates.get(held.get("name", ""))
        return update if update and phase(update) in ACTIVE else None


def _limit(update: Object) -> int:
    strategy = update["status"]["policy"]["strategy"]
    return int(max(strategy.get("sizes") or [strategy.get("size", 1)]))


def _epoch(stamp: str) -> float:
    return datetime.fromisoformat(stamp).timestamp() if stamp else 0.0


def _line(seen: Seen) -> str:
    """One event as a line of text."""
    head = f"{seen.at:.3f} {seen.version} {seen.type} {seen.kind} {seen.name}"
    if seen.kind == "Pod":
        pod: PodSeen = seen.object
        marks = ("ready" * pod.ready, "deleting" * pod.deleting)
        return " ".join((head, pod.uid[:8], pod.image, pod.phase, *filter(None, marks)))
    status: Object = seen.object.get("status", {})
    batch = status.get("batch", {}).get("instances", "")
    return f"{head} {status.get('phase', '')} batch {batch}" if seen.kind == "Update" else head
