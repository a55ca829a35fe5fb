"""What a scenario has led to, without what differs between equal runs: uids, times and words.

A run in which the operator was killed must end as the run in which nothing disturbed it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final

from controller.api import labels
from hack.chaos import made_runs
from hack.harness.audit import Request
from hack.harness.manifests import Object, by_revision
from hack.harness.pods import PodSeen
from hack.harness.runs import RUN, RunSeen

Ending = dict[str, Any]
#: Writes that act, each of which happens once. (Of status writes there may be one more or fewer:
#: reports are put together.)
_ACTS: Final = frozenset(
    {
        ("create", "pods"),
        ("delete", "pods"),
        ("create", "updates"),
        ("delete", "updates"),
        ("create", "controllerrevisions"),
        ("delete", "controllerrevisions"),
        ("create", "jobs.batch"),
        ("delete", "jobs.batch"),
        ("create", "cronjobs.batch"),
        ("update", "cronjobs.batch"),
        ("create", "persistentvolumeclaims"),
        ("create", "poddisruptionbudgets"),
        ("delete", "poddisruptionbudgets"),
    }
)


def ending(
    job: Object | None,
    updates: Iterable[Object],
    pods: Iterable[PodSeen],
    lives: Mapping[int, list[str]],
    requests: Sequence[Request],
    nodes: Iterable[Object] = (),
    revisions: Iterable[Object] = (),
    runs: Sequence[RunSeen] = (),
    cron_jobs: Iterable[Object] = (),
    claims: Iterable[Object] = (),
) -> Ending:
    """``lives``: the uids that each instance has had. ``requests``: those of the operator.
    ``nodes``: what a Maintenance changes of each (`Rack.facts`). ``revisions``: the
    ControllerRevisions, which count as long as there is the Job. ``runs``: all that there were."""
    pods, names = list(pods), made_runs.called(runs)
    tasks = made_runs.tasks(pods, names)
    pods = [pod for pod in pods if RUN not in pod.labels]
    return {
        "job": _job(job, names) if job else None,
        "updates": {each["metadata"]["name"]: _update(each) for each in updates},
        "pods": {pod.name: _pod(pod) for pod in pods},
        "restarts": {pod.name: pod.restarts for pod in pods},
        "lives": {str(instance): len(uids) for instance, uids in lives.items()},
        "acts": acts(requests, names),
        "changes": changes(requests),
        "nodes": list(nodes),
        "runs": made_runs.facts(runs, names),
        "tasks": tasks,
        "cronJobs": [made_runs.cron_job(each) for each in cron_jobs],
        "revisions": {each["metadata"]["name"]: _revision(each) for each in revisions if job},
        "claims": {each["metadata"]["name"]: _claim(each) for each in claims},
    }


def acts(requests: Iterable[Request], names: Mapping[str, str] = {}) -> dict[str, int]:
    """How often each object was created, deleted and evicted, by ``"create pods web-0"``.
    ``names``: what runs are called."""
    found: dict[str, int] = {}
    for each in requests:
        evicts = each.subresource == "eviction"
        if (each.verb, each.resource) not in _ACTS or each.dry_run or each.code >= 300:
            continue
        if evicts or not each.subresource:
            name = names.get(each.name, each.name)
            key = f"{'evict' if evicts else each.verb} {each.resource} {name}"
            found[key] = found.get(key, 0) + 1
    return found


def changes(requests: Iterable[Request]) -> dict[str, int]:
    """How often each pod was changed in place to another revision."""
    return Counter(
        each.name
        for each in requests
        if (each.verb, each.resource, each.subresource) == ("patch", "pods", "")
        and each.code < 300
        and not each.dry_run
        and labels.REVISION in ((each.body or {}).get("metadata") or {}).get("annotations", ())
    )


def _job(job: Object, names: made_runs.Called) -> Object:
    status = job.get("status", {})
    return {
        "generation": job["metadata"]["generation"],
        "spec": job["spec"],
        "conditions": _conditions(status),
        "assigned": _sorted(by_revision(status.get("assigned"))),
        "slots": status.get("slots", ""),
        "active": status.get("activeUpdate", {}).get("name", ""),
        "currentRevision": status.get("currentRevision", ""),
        "frozen": status.get("frozen", ""),
        "knownBad": [each["revision"] for each in status.get("knownBad", ())],
        "observedGeneration": status.get("observedGeneration"),
        "readyInstances": status.get("readyInstances"),
        "lastRun": made_runs.last(status, names),
    }


def _update(update: Object) -> Object:
    status = update.get("status", {})
    return {
        "spec": update["spec"],
        "generation": update["metadata"]["generation"],
        "phase": status.get("phase", ""),
        "reason": status.get("reason", ""),
        "conditions": _conditions(status),
        "from": _sorted(by_revision(status.get("from"))),
        "to": status.get("to"),
        "counts": status.get("counts"),
        "instances": status.get("instances"),
        "failureCounts": status.get("failureCounts"),
        "failures": [
            f"{each['instance']} {each['attempt']} {each['reason']}"
            for each in status.get("failures", ())
        ],
        "gates": {each["name"]: each.get("result") for each in status.get("gates", ())},
        "history": [f"{each['phase']} {each['reason']}" for each in status.get("history", ())],
    }


def _pod(pod: PodSeen) -> Object:
    return {
        "image": pod.image,
        "revision": pod.revision,
        "ready": pod.ready,
        "deleting": pod.deleting,
        "marked": labels.MOVE in pod.annotations,
        "resizing": labels.RESIZING in pod.annotations,
        # The API server labels a pod with the zone of its node. Other controllers' pods have labels
        # of their own.
        "labels": _without("topology.kubernetes.io/", pod.labels) if pod.job else {},
        "annotations": _without(f"{labels.GROUP}/", pod.annotations),
        "claims": list(pod.claims),
    }


def _without(prefix: str, marks: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in marks.items() if not name.startswith(prefix)}


def _revision(revision: Object) -> Object:
    return {
        "number": revision["revision"],
        "data": revision["data"],
        "annotations": revision["metadata"].get("annotations", {}),
    }


def _claim(claim: Object) -> Object:
    meta = claim["metadata"]
    return {
        "owners": sorted(f"{o['kind']} {o['name']}" for o in meta.get("ownerReferences", ())),
        "labels": meta.get("labels", {}),
        "phase": claim.get("status", {}).get("phase", ""),
        "deleting": "deletionTimestamp" in meta,
    }


def _conditions(status: Object) -> dict[str, str]:
    return {
        each["type"]: f"{each['status']} {each['reason']}" for each in status.get("conditions", ())
    }


def _sorted(revisions: Mapping[str, set[int]]) -> dict[str, list[int]]:
    return {name: sorted(ids) for name, ids in sorted(revisions.items()) if ids}


def differences(expected: Ending, found: Ending, ignore: Collection[str] = ()) -> list[str]:
    """Where two endings differ, a line for each place. ``ignore``: names of fields, at any depth,
    that may differ."""
    return [*_compare("", expected, found, ignore)]


def _compare(path: str, one: Any, other: Any, ignore: Collection[str]) -> Iterable[str]:
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted({*one, *other}):
            if key not in ignore:
                yield from _compare(f"{path}.{key}", one.get(key), other.get(key), ignore)
    elif one != other:
        yield f"{path[1:]}: expected {one!r}, found {other!r}"
