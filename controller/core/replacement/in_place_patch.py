"""The patches that change a running pod in place, and their restart base (contract rule 16).

Pure: from a live pod and the manifests of two revisions to the bodies of requests. The base counts
one restart of each container that the kubelet will restart because of the change:

- images: each container whose image in the live pod differs from the new one;
- resources: each running container with ``resizePolicy`` RestartContainer for a resource whose
  amount in its status is not the new one yet. So a change that was interrupted counts its restart
  once, whether that restart has happened or not;
- each container that is down but has run: its next start is one at the new revision.

An admission plugin may alter the change. Therefore the images that the pod had before are stored
with the base (`RestartBase.in_force`), and the base of a resize is corrected by the response.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from controller.api import labels
from controller.api.pods.in_effect import PENDING, RESIZE, is_resized_by_us
from controller.api.pods.resizing import Resizing
from controller.api.pods.resources import KINDS, resources_of, same_amounts
from controller.api.pods.restart_base import AT, RestartBase
from controller.core.model.plan import ChangePod
from controller.core.replacement.in_place_wish import (
    NO_METADATA,
    Containers,
    Metadata,
    Object,
    by_name,
)
from controller.core.revisions.changeable_in_place import Change
from controller.core.revisions.revision import digest_of

#: Seconds to wait for the restart of an earlier change. If it were counted in two bases, it would
#: look like a failure; it happens at once unless the node is lost.
RESTART_TIMEOUT: Final = 60.0


def not_running(live: Object, want: Containers) -> str:
    """Why the pod cannot be changed in place yet, for a message; "" if it can. A container that has
    never run may start once more with its old image: its restart would look like a failure."""
    down = [name for name in want if not (s := _statuses(live).get(name)) or not _has_run(s)]
    return f"container {down[0]} has not run yet" if down else ""


def is_restarting(live: Object, now: float) -> bool:
    """Whether the restart that an earlier change causes has not happened yet."""
    base = _base(live)
    if not base.at or now >= base.at + RESTART_TIMEOUT or _is_resizing(live, (PENDING,)):
        return False
    if due_resize(live) is not None:  # Nothing restarts: the resize was not made.
        return False
    statuses = _statuses(live).items()
    return any(_runs(s) and _count(s) < base.of(name) for name, s in statuses)


def restart_base(live: Object, want: Containers, change: Change, now: float) -> RestartBase:
    """The base for a change made at ``now`` (epoch seconds)."""
    restarted = set(_restarted(live, want, change))
    own_policy = {name for name, c in by_name(live).items() if c.get("restartPolicy")}
    counts, down = {}, set()
    for name, status in _statuses(live).items():
        if _runs(status):
            due = name in restarted
        else:
            due = _has_run(status) and ("waiting" in _state(status) or name not in own_policy)
            if due:
                down.add(name)
        counts[name] = _count(status) + due
    counts.pop(AT, None)
    return RestartBase(now, counts, frozenset(down))


def with_images(live: Object, want: Containers, marks: Object) -> Object:
    """Strategic merge patch of the pod: images, if any change, and marks at once."""
    body: Object = {"metadata": {**_this_version(live), **marks}}
    if want:
        containers = [{"name": name, "image": image} for name, image in want.items()]
        body["spec"] = {"containers": containers}
    return body


def due_resize(live: Object) -> Resizing | None:
    """The resize that was announced on the pod and has not been carried out."""
    resources = {name: c.get("resources") for name, c in by_name(live).items()}
    return Resizing.due(_notes(live), _generation(live), lambda: resources)


def undo(live: Object, resizing: Resizing, job: str) -> Object:
    """Patch of the pod that takes back the announcement ``resizing``, because the API server
    refuses the resize. The base no longer counts the restart that it would have caused."""
    base, statuses = _base(live), _statuses(live)
    counts = {
        n: min(c, _count(statuses[n])) if n in statuses else c for n, c in base.counts.items()
    }
    notes: Object = {labels.RESTART_BASE: str(RestartBase(base.at, counts)), labels.RESIZING: None}
    notes |= resizing.before
    meta: Object = {"uid": live["metadata"]["uid"], "annotations": notes}
    if revision := resizing.before.get(labels.REVISION):
        meta["labels"] = {labels.REVISION: digest_of(job, revision)}
    return {"metadata": meta}


def finished(live: Object, given: Metadata) -> Object:
    """Patch of a resized pod that lacks the changed labels and annotations of its template."""
    notes = {**given["annotations"], labels.RESIZING: None}
    marks = {"labels": given["labels"], "annotations": notes}
    return {"metadata": {"uid": live["metadata"]["uid"], **marks}}


def resources_after(live: Object, want: Containers) -> Containers:
    """Requests and limits of a resized pod: those in ``want``, unless admission altered them."""
    there = by_name(live)
    return {name: resources_of(there[name]) for name in want}


def resize(live: Object, want: Containers) -> Object | None:
    """Strategic merge patch of the subresource ``resize``. Returns None if the pod's spec has these
    requests and limits already."""
    there = {name: resources_of(c) for name, c in by_name(live).items()}
    if all(same_amounts(there[name], should) for name, should in want.items()):
        return None
    containers = [{"name": name, "resources": should} for name, should in want.items()]
    return {"metadata": _this_version(live), "spec": {"containers": containers}}


def is_as_announced(resized: Object) -> bool:
    """Whether the pod got what was announced; ``resized``: the response of the resize. Admission
    may have altered it."""
    expected = _notes(resized).get(labels.RESIZED)
    return expected == str(_generation(resized)) and due_resize(resized) is None


def with_metadata(live: Object, marks: Object) -> Object:
    """Patch of the pod that changes nothing but its metadata."""
    return {"metadata": {**_this_version(live), **marks}}


def on_version(live: Object, body: Object) -> Object:
    """The patch ``body`` of this pod, for the version ``live`` of it."""
    return {**body, "metadata": _this_version(live)}


def marked(live: Object, marks: Object) -> Object:
    """Patch of the pod after its resize. It names the uid and no resourceVersion, because the pod's
    status is changing."""
    return {"metadata": {"uid": live["metadata"]["uid"], **marks}}


def image_annotations(live: Object, want: Containers, base: RestartBase) -> dict[str, str | None]:
    """Annotations of a pod whose images are changed: the old images of the containers that the
    kubelet restarts, and the generation if a resize by the operator is not in effect yet."""
    spec, statuses = by_name(live), _statuses(live)
    old = {n: spec[n].get("image") for n in _restarted(live, want, Change.IMAGES)}
    restarting = {n: image for n, image in old.items() if n in statuses and _runs(statuses[n])}
    # The change raises the pod's generation by one. (If it does not, no resize is left in it.)
    resized = str(_generation(live) + 1) if _is_resizing(live) else None
    return {labels.CHANGED_FROM: _changed_from(restarting, base), labels.RESIZED: resized}


def metadata_annotations(live: Object, base: RestartBase) -> dict[str, str | None]:
    """Annotations of a pod of which nothing but metadata is changed; its generation stays."""
    resized = str(_generation(live)) if _is_resizing(live) else None
    return {labels.CHANGED_FROM: _changed_from({}, base), labels.RESIZED: resized}


def resizing_annotations(
    live: Object, want: Containers, base: RestartBase, revision: str, *, metadata_follows: bool
) -> dict[str, str | None]:
    """Annotations that announce the resize of a pod at ``revision``. ``metadata_follows``: whether
    labels and annotations of the template are changed after it."""
    notes = _notes(live)
    if (half := due_resize(live)) is not None:
        before = half.before
    else:
        before = {n: notes.get(n) for n in (labels.UPDATE, labels.FAILURES, labels.RESIZED)}
        before |= {labels.REVISION: revision}
    return {
        labels.CHANGED_FROM: _changed_from({}, base),
        labels.RESIZING: str(Resizing(want, before, metadata_follows)),
        labels.RESIZED: str(_generation(live) + 1),
    }


def resize_annotations(live: Object, base: RestartBase) -> dict[str, str | None]:
    """Annotations of a resized pod; ``live``: the response of the resize."""
    return {labels.CHANGED_FROM: _changed_from({}, base), labels.RESIZED: str(_generation(live))}


def marks_of(
    job: str,
    action: ChangePod,
    base: RestartBase,
    annotations: Mapping[str, str | None],
    given: Metadata = NO_METADATA,
) -> Object:
    """Labels and annotations of a pod at ``action.revision``; ``annotations``: those from one of
    the functions ``…_annotations``; ``given``: those of the template that change."""
    return {
        "labels": {**given["labels"], labels.REVISION: digest_of(job, action.revision)},
        "annotations": {
            **given["annotations"],
            labels.REVISION: action.revision,
            labels.UPDATE: action.update or None,
            labels.FAILURES: str(action.failures),
            labels.RESTART_BASE: str(base),
            labels.RESIZING: None,
            **annotations,
        },
    }


def _restarted(live: Object, want: Containers, change: Change) -> Iterator[str]:
    spec, statuses = by_name(live), _statuses(live)
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
        if not same_amounts(current, should, by_restart):
            yield name


def _this_version(live: Object) -> Object:
    meta = live["metadata"]
    return {"uid": meta["uid"], "resourceVersion": meta["resourceVersion"]}


def _statuses(pod: Object) -> dict[str, Object]:
    """The statuses of containers and sidecars."""
    spec, status = pod["spec"], pod.get("status") or {}
    init = spec.get("initContainers") or ()
    sidecars = {c["name"] for c in init if c.get("restartPolicy") == "Always"}
    found = {s["name"]: s for s in status.get("initContainerStatuses") or ()}
    kept = {name: found[name] for name in sidecars if name in found}
    return {s["name"]: s for s in status.get("containerStatuses") or ()} | kept


def _base(pod: Object) -> RestartBase:
    images = {n: c.get("image", "") for n, c in by_name(pod).items()}
    return RestartBase.in_force(_notes(pod), lambda: images)


def _notes(pod: Object) -> dict[str, str]:
    notes: dict[str, str] = pod["metadata"].get("annotations") or {}
    return notes


def _generation(pod: Object) -> int:
    return int(pod["metadata"].get("generation") or 0)


def _is_resizing(pod: Object, signs: Collection[str] = RESIZE) -> bool:
    """Whether a resize by the operator is not in effect yet: one of the conditions ``signs`` is
    True."""
    conditions = (pod.get("status") or {}).get("conditions") or ()
    busy = any(c["type"] in signs and c["status"] == "True" for c in conditions)
    return busy and is_resized_by_us(_notes(pod), _generation(pod))


def _changed_from(images: Mapping[str, Any], base: RestartBase) -> str | None:
    """The value of the annotation; ``images``: those before the change (see `restart_base`)."""
    value = {**images, **dict.fromkeys(sorted(base.down))}
    return json.dumps(value, separators=(",", ":")) if value else None


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
