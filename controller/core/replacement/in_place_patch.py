"""The patches that change a running pod in place, and the restart base that goes with them.

Pure: a live pod and the manifests of two revisions in, bodies out (contract rule 16). The base
counts the restarts that the kubelet will make because of the change:

- for an image, of each container whose image in the live pod becomes another;
- for resources, of each running container whose ``resizePolicy`` says RestartContainer for one that
  is not yet as it should be in its status: so that a change that was half made counts its restart
  once, whether that has happened or not;
- of each container that is down but has run: its next start is of the new revision.

What an admission plugin makes of the change is not known before: the images that the change found
go with the base (`RestartBase.in_force`), and the base of a resize is brought up to its answer.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from controller.api import labels
from controller.api.pods.in_effect import PENDING, RESIZABLE, RESIZE, is_resized_by_us
from controller.api.pods.quantity import same
from controller.api.pods.restart_base import AT, RestartBase
from controller.core.model.plan import ChangePod
from controller.core.revisions.change import KINDS, Change, resources_of
from controller.core.revisions.revision import digest_of

Object = dict[str, Any]
#: Container -> its image, or its requests and limits, as they shall be.
Wanted = Mapping[str, Any]

#: Seconds that the restart of a former change is waited for: counted in two bases it would pass for
#: a failure, and it comes at once unless the node is lost.
PATIENCE: Final = 60.0


def wanted(before: Object, after: Object, change: Change) -> Wanted:
    """What differs between the manifests of two revisions of one instance."""
    old, new = _by_name(before), _by_name(after)
    if change is Change.IMAGES:
        return {n: c["image"] for n, c in new.items() if c["image"] != old[n]["image"]}
    amounts = {n: (resources_of(old[n]), resources_of(c)) for n, c in new.items()}
    return {n: should for n, (was, should) in amounts.items() if was != should}


def not_running(live: Object, want: Wanted) -> str:
    """Why this is no running pod that could be changed, in words; "" when it is. A container that
    has never run may be about to start as it was: nobody could tell its restart from a failure."""
    down = [name for name in want if not (s := _statuses(live).get(name)) or not _has_run(s)]
    return f"container {down[0]} has not run yet" if down else ""


def is_restarting(live: Object, now: float) -> bool:
    """Whether a restart that a former change makes is still to come."""
    base = _base(live)
    if not base.at or now >= base.at + PATIENCE or _is_resizing(live, (PENDING,)):
        return False
    statuses = _statuses(live).items()
    return any(_runs(s) and _count(s) < base.of(name) for name, s in statuses)


def restart_base(live: Object, want: Wanted, change: Change, now: float) -> RestartBase:
    """The base for a change made at ``now`` (epoch seconds)."""
    restarted = set(_restarted(live, want, change))
    own_policy = {name for name, c in _by_name(live).items() if c.get("restartPolicy")}
    counts = {}
    for name, status in _statuses(live).items():
        if _runs(status):
            due = name in restarted
        else:
            due = _has_run(status) and ("waiting" in _state(status) or name not in own_policy)
        counts[name] = _count(status) + due
    counts.pop(AT, None)
    return RestartBase(now, counts)


def with_images(live: Object, want: Wanted, marks: Object) -> Object:
    """Strategic merge patch of the pod: images and marks at once."""
    containers = [{"name": name, "image": image} for name, image in want.items()]
    return {"metadata": {**_this_version(live), **marks}, "spec": {"containers": containers}}


def with_base(live: Object, base: RestartBase, revision: str) -> Object:
    """Patch of the pod that says what a resize begins with, and where it goes."""
    marks = {
        "annotations": {
            labels.RESTART_BASE: str(base),
            labels.CHANGING_TO: revision,
            labels.CHANGED_FROM: None,
        },
    }
    return {"metadata": {**_this_version(live), **marks}}


def is_half_changed(live: Object) -> bool:
    """Whether a resize was begun and is not through."""
    return labels.CHANGING_TO in (live["metadata"].get("annotations") or {})


def taken_back(live: Object) -> Object:
    """Patch of the pod that takes back what a resize began with: the API server refuses it. No
    restart that it might have made is due."""
    base, statuses = _base(live), _statuses(live)
    counts = {
        n: min(c, _count(statuses[n])) if n in statuses else c for n, c in base.counts.items()
    }
    notes = {labels.RESTART_BASE: str(RestartBase(base.at, counts)), labels.CHANGING_TO: None}
    return {"metadata": {"uid": live["metadata"]["uid"], "annotations": notes}}


def taken(live: Object, want: Wanted) -> Wanted:
    """What a pod that was resized asks for now: what was wanted, unless admission changed it."""
    there = _by_name(live)
    return {name: resources_of(there[name]) for name in want}


def resize(live: Object, want: Wanted) -> Object | None:
    """Strategic merge patch of the subresource ``resize``; None when the pod asks for all that
    already."""
    there = {name: resources_of(c) for name, c in _by_name(live).items()}
    if all(_same_amounts(there[name], should) for name, should in want.items()):
        return None
    containers = [{"name": name, "resources": should} for name, should in want.items()]
    return {"metadata": _this_version(live), "spec": {"containers": containers}}


def marked(live: Object, marks: Object) -> Object:
    """Patch of the pod once it was resized. Its status is changing by now: only that it still is
    this pod is asked for."""
    return {"metadata": {"uid": live["metadata"]["uid"], **marks}}


def found_images(live: Object, want: Wanted) -> dict[str, str | None]:
    """Annotations of a pod whose images are changed: those that it had, of containers that the
    kubelet restarts for it; and whether a resize of ours is still to come into effect."""
    spec, statuses = _by_name(live), _statuses(live)
    found = {n: spec[n].get("image") for n in _restarted(live, want, Change.IMAGES)}
    restarting = {n: image for n, image in found.items() if n in statuses and _runs(statuses[n])}
    # The change raises the pod's generation by one; one that does not has no resize in it either.
    resized = str(_generation(live) + 1) if _is_resizing(live) else None
    return {labels.CHANGED_FROM: _json(restarting) or None, labels.RESIZED: resized}


def found_generation(live: Object) -> dict[str, str | None]:
    """Annotations of a pod that was resized, as the answer ``live`` shows it."""
    return {labels.CHANGED_FROM: None, labels.RESIZED: str(_generation(live))}


def marks_of(
    job: str, action: ChangePod, base: RestartBase, found: Mapping[str, str | None]
) -> Object:
    """Labels and annotations of a pod that was brought to ``action.revision``; ``found``: those
    that the change itself gives."""
    return {
        "labels": {labels.REVISION: digest_of(job, action.revision)},
        "annotations": {
            labels.REVISION: action.revision,
            labels.UPDATE: action.update or None,
            labels.FAILURES: str(action.failures),
            labels.RESTART_BASE: str(base),
            labels.CHANGING_TO: None,
            **found,
        },
    }


def _restarted(live: Object, want: Wanted, change: Change) -> Iterator[str]:
    spec, statuses = _by_name(live), _statuses(live)
    for name, should in want.items():
        if change is Change.IMAGES:
            if spec[name].get("image") != should:
                yield name
            continue
        reported = (statuses.get(name) or {}).get("resources") or {}
        asked = resources_of(spec[name])
        current = {kind: asked[kind] | (reported.get(kind) or {}) for kind in KINDS}
        policies = spec[name].get("resizePolicy") or ()
        by_restart = [p["resourceName"] for p in policies if p["restartPolicy"] != "NotRequired"]
        if not _same_amounts(current, should, by_restart):
            yield name


def _same_amounts(one: Object, other: Object, names: Any = RESIZABLE) -> bool:
    return all(same(one[kind].get(n), other[kind].get(n)) for kind in KINDS for n in names)


def _this_version(live: Object) -> Object:
    meta = live["metadata"]
    return {"uid": meta["uid"], "resourceVersion": meta["resourceVersion"]}


def _by_name(pod: Object) -> dict[str, Object]:
    return {c["name"]: c for c in pod["spec"]["containers"]}


def _statuses(pod: Object) -> dict[str, Object]:
    """The statuses of containers and sidecars."""
    spec, status = pod["spec"], pod.get("status") or {}
    init = spec.get("initContainers") or ()
    sidecars = {c["name"] for c in init if c.get("restartPolicy") == "Always"}
    found = {s["name"]: s for s in status.get("initContainerStatuses") or ()}
    kept = {name: found[name] for name in sidecars if name in found}
    return {s["name"]: s for s in status.get("containerStatuses") or ()} | kept


def _base(pod: Object) -> RestartBase:
    notes = pod["metadata"].get("annotations") or {}
    images = {n: c.get("image", "") for n, c in _by_name(pod).items()}
    return RestartBase.in_force(notes, lambda: images)


def _generation(pod: Object) -> int:
    return int(pod["metadata"].get("generation") or 0)


def _is_resizing(pod: Object, signs: Collection[str] = RESIZE) -> bool:
    """Whether a resize of ours is not in effect yet, as one of these conditions tells."""
    conditions = (pod.get("status") or {}).get("conditions") or ()
    busy = any(c["type"] in signs and c["status"] == "True" for c in conditions)
    return busy and is_resized_by_us(pod["metadata"].get("annotations") or {}, _generation(pod))


def _json(images: Mapping[str, Any]) -> str:
    return json.dumps(images, separators=(",", ":")) if images else ""


def _count(status: Object) -> int:
    return int(status.get("restartCount") or 0)


def _state(status: Object) -> Object:
    state: Object = status.get("state") or {}
    return state


def _runs(status: Object) -> bool:
    return "running" in _state(status)


def _has_run(status: Object) -> bool:
    state, last = _state(status), status.get("lastState") or {}
    return bool(_count(status)) or any("terminated" in s for s in (state, last)) or _runs(status)
