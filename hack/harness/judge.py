"""The check at the end of every test: did something happen that must never happen?"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Any, Final

from controller.api.labels import FIELD_MANAGER
from hack.harness.audit import Audit, Request, pods_deleted, pods_made
from hack.harness.operator import USER, Operator
from hack.harness.space import Space

#: Verb, resource and subresource of a request.
Kind = tuple[str, str, str]
#: Writes that the operator may make.
ALLOWED: Final[frozenset[Kind]] = frozenset(
    {
        ("patch", "echelonjobs", "status"),
        ("create", "updates", ""),
        ("patch", "updates", ""),  # its own annotation; the generation shows if it changes more
        ("patch", "updates", "status"),
        ("delete", "updates", ""),
        ("create", "pods", ""),
        ("patch", "pods", ""),
        ("patch", "pods", "resize"),
        ("delete", "pods", ""),
        ("create", "controllerrevisions", ""),
        ("patch", "controllerrevisions", ""),
        ("update", "controllerrevisions", ""),  # revisions of an older operator
        ("delete", "controllerrevisions", ""),
        ("create", "pods", "eviction"),
        ("create", "poddisruptionbudgets", ""),
        ("patch", "poddisruptionbudgets", ""),
        ("delete", "poddisruptionbudgets", ""),
        ("create", "jobs.batch", ""),  # for job gates, and runs
        ("patch", "jobs.batch", ""),  # runs that a former Job left
        ("delete", "jobs.batch", ""),
        ("create", "persistentvolumeclaims", ""),
        ("patch", "persistentvolumeclaims", ""),  # their owners, and labels of others' claims
        ("create", "cronjobs.batch", ""),
        ("update", "cronjobs.batch", ""),
        ("create", "events", ""),
        ("patch", "events", ""),
    }
)

#: The largest number of equal requests about one object within a second. The most frequent correct
#: requests are status writes of an Update whose groups take milliseconds, repeated Events, and the
#: reads of a disruption budget, one after each eviction.
AT_MOST: Final = {"updates": 40, "echelonjobs": 40, "events": 40, "poddisruptionbudgets": 40}
#: The same limit for all other requests. A resize needs two patches of the pod, a conflict one
#: more.
FEW: Final = 6
#: And for pods that are created as a dry run, one for each new template.
DRY_RUNS: Final = 15
SECOND: Final = timedelta(seconds=1)
#: What others write, too.
SHARED: Final = ("pods", "nodes", "persistentvolumeclaims")


def judge(
    space: Space,
    audit: Audit,
    since: dict[Operator, int],
    *,
    only: bool = False,
    users: Sequence[str] = (USER,),
) -> list[str]:
    """All faults of one test. ``since``: the offset of the test in each operator's log. ``only``:
    other operators' logs are not looked at. ``users``: who the operators are to the API server."""
    replay = space.observer.replay()
    asked = [r for user in users for r in audit.requests(user=user, namespace=space.name)]
    requests = sorted(asked, key=lambda request: request.at)
    return [
        *replay.faults,
        *writes(requests, ALLOWED),
        *unconditional(requests),
        *_doubles(space, requests),
        *storms(requests),
        *_specs(space),
        *_logs(since if only else dict.fromkeys(Operator.made, 0) | since),
    ]


def writes(requests: Collection[Request], may: Collection[Kind]) -> Iterator[str]:
    """Requests that the role does not allow, and writes of other kinds than the operator ``may``
    make."""
    # An API server that has just started denies some allowed requests for a moment. Of watches the
    # audit log tells only when they have ended, so an allowed one may be missing.
    allowed = {_kind(request) for request in requests if request.code < 400}
    allowed |= {("watch", resource, sub) for _, resource, sub in map(_kind, requests)}
    for request in requests:
        if request.denied and _kind(request) not in allowed:
            yield f"the chart's role does not allow this: {request}"
        if not request.writes:
            continue
        if _kind(request) not in may:
            yield f"the operator must not write this: {request}"
        if "kopf" in request.agent:
            yield f"kopf writes: {request}"


def unconditional(requests: Iterable[Request]) -> Iterator[str]:
    """Deletes, evictions, and patches of what others write too, that do not say by uid or version
    which object they mean. Only known if the audit policy logs what was sent."""
    for request in requests:
        if request.body is None or request.code >= 300 or request.dry_run:
            continue
        if request.verb == "delete":
            meant = (request.body.get("preconditions") or {}).get("uid")
        elif request.subresource == "eviction":
            options = request.body.get("deleteOptions") or {}
            meant = (options.get("preconditions") or {}).get("uid")
        elif request.verb == "patch" and (request.subresource or request.resource in SHARED):
            meant = _meant(request.body)
        else:
            continue
        if not meant:
            yield f"this write has no precondition: {request}"


def _meant(patch: Any) -> bool:
    """Whether a patch is refused by any other object, or version, than the one that was meant."""
    if isinstance(patch, list):  # a JSON patch
        paths = {step["path"] for step in patch if step["op"] in ("test", "replace")}
        return bool(paths & {"/metadata/uid", "/metadata/resourceVersion"})
    meta = patch.get("metadata") or {}
    return bool(meta.get("uid") or meta.get("resourceVersion"))


def _kind(request: Request) -> Kind:
    return request.verb, request.resource, request.subresource


def storms(requests: Iterable[Request]) -> Iterator[str]:
    """Requests of any verb that were repeated too often about one object, successful or not."""
    recent: dict[tuple[str, ...], deque[Request]] = {}
    told = set[tuple[str, ...]]()
    for request in requests:
        if request.verb == "watch" or not request.name:
            continue
        about = (*_kind(request), request.name)
        window = recent.setdefault(about, deque())
        window.append(request)
        while window[0].at < request.at - SECOND:
            window.popleft()
        few = DRY_RUNS if request.name.endswith("-dry-run") else FEW
        if len(window) > AT_MOST.get(request.resource, few) and about not in told:
            told.add(about)
            yield f"{len(window)} requests within a second, the last one: {request}"


def _doubles(space: Space, requests: list[Request]) -> list[str]:
    """Each pod (by uid) must be created once and deleted at most once. The watch may show the last
    pods later than the audit log does."""
    found = list[str]()

    def all_observed() -> bool:
        found[:] = _unobserved(space, requests)
        return not found

    space.sightings.wait(all_observed, 10.0)
    return found


def _unobserved(space: Space, requests: list[Request]) -> Iterator[str]:
    lives = space.observer.incarnations()
    for name, count in pods_made(requests).items():
        if count > len(lives.get(name, ())):
            yield f"pod {name} was created {count} times, {len(lives.get(name, ()))} were observed"
    for name, count in pods_deleted(requests).items():
        if count > len(lives.get(name, ())):
            yield f"pod {name} was deleted {count} times, {len(lives.get(name, ()))} were observed"


def _specs(space: Space) -> Iterator[str]:
    """The operator writes no spec: its own Updates must stay at generation 1."""
    for seen in space.observer.events():
        meta = seen.object["metadata"] if seen.kind != "Pod" else {}
        for entry in meta.get("managedFields", ()):
            written = entry.get("fieldsV1", {})
            # The manager "echelon" is the command line.
            ours = entry.get("manager") == FIELD_MANAGER
            if seen.kind == "EchelonJob" and ours and "f:spec" in written:
                yield f"the operator wrote the spec of Job {seen.name}"
        if seen.kind == "EchelonJob" and meta.get("finalizers"):
            finalizers = set(meta["finalizers"]) - {"foregroundDeletion", "orphan"}
            if finalizers:
                yield f"Job {seen.name} has finalizers: {finalizers}"


def _logs(since: dict[Operator, int]) -> Iterator[str]:
    for operator, offset in since.items():
        said = operator.said(offset)
        if "Traceback (most recent call last)" in said:
            yield f"the operator's log has an unhandled error:\n{said[-6000:]}"
