"""Pods as the API server has them, with what kubelet and mischief say of the slim ones."""

from __future__ import annotations

import copy
import json
import math
from typing import Any

from controller.api import labels
from controller.api.job import KIND
from controller.api.meta import format_time, wire
from controller.api.pods.in_effect import is_resized_by_us
from controller.api.pods.move import Move
from controller.api.pods.pod import Pod
from controller.api.pods.restart_base import RestartBase

Object = dict[str, Any]


def made(pod: Pod) -> Object:
    """A pod that nobody of ours has made."""
    meta: Object = {"name": pod.name, "namespace": pod.namespace, "uid": pod.uid, "generation": 1}
    meta["creationTimestamp"] = format_time(pod.created)
    if pod.instance % 2 == 0:
        # With our label the watch shows it, too.
        meta["labels"] = {labels.JOB: pod.job}
    return {"metadata": meta, "spec": {"containers": [{"name": "app"}]}, "status": {}}


def told(raw: Object, pod: Pod) -> Object:
    """``raw`` as it is once ``pod`` is what is the case."""
    raw = copy.deepcopy(raw)
    meta = raw["metadata"]
    if pod.deleted is not None:
        meta["deletionTimestamp"] = format_time(pod.deleted)
        meta["deletionGracePeriodSeconds"] = pod.grace
    if not pod.labelled:
        # Without the one label the watch loses sight of it, without the other it does not.
        lost = labels.JOB if pod.instance % 2 else labels.INSTANCE
        meta.get("labels", {}).pop(lost, None)
    _own(meta, pod)
    _mark(meta, pod.move)
    raw["status"] = _status(raw, pod)
    return raw


def _mark(meta: Object, move: Move | None) -> None:
    notes = {k: v for k, v in meta.get("annotations", {}).items() if k not in labels.MOVES}
    if move is not None:
        notes[labels.MOVE] = move.mark
        if move.deadline < math.inf:
            notes[labels.MOVE_DEADLINE] = format_time(move.deadline)
        if move.sla is not None:
            notes[labels.MOVE_SLA] = json.dumps(wire(move.sla))
        if move.successor_of:
            notes[labels.MOVED_FROM] = move.successor_of
    meta["annotations"] = notes


def _own(meta: Object, pod: Pod) -> None:
    owners = meta.get("ownerReferences", [])
    if any(o["uid"] == pod.owner for o in owners):
        return
    meta["ownerReferences"] = []
    if pod.owner:
        ours = pod.owner.startswith("job-")
        kind = (labels.API_VERSION, KIND, pod.job) if ours else ("apps/v1", "ReplicaSet", "other")
        owner = dict(zip(("apiVersion", "kind", "name"), kind, strict=True))
        meta["ownerReferences"] = [{**owner, "uid": pod.owner, "controller": True}]


def _status(raw: Object, pod: Pod) -> Object:
    old, spec = raw.get("status", {}), raw["spec"]["containers"][0]
    notes = raw["metadata"].get("annotations", {})
    generation = raw["metadata"]["generation"]
    base = RestartBase.in_force(notes, lambda: {spec["name"]: spec.get("image", "")})
    before: Object = next(iter(old.get("containerStatuses", ())), {})
    container = {
        "name": spec["name"],
        "image": spec.get("image", ""),
        "restartCount": base.of(spec["name"]) + pod.restarts,
        "ready": pod.ready,
        "resources": spec.get("resources", {}),
        **_states(pod),
    }
    status: Object = {"phase": pod.phase, "observedGeneration": generation}
    if not pod.in_effect:
        status["observedGeneration"] = old.get("observedGeneration", 0)
        for name in ("image", "restartCount", "resources"):
            container[name] = before.get(name, container[name])
    status["conditions"] = _conditions(pod, is_resized_by_us(notes, generation))
    if pod.ended and not pod.ran and pod.trouble:
        status |= {"reason": pod.trouble.reason, "message": pod.trouble.message}
    else:
        status["containerStatuses"] = [container]
    return status


def _states(pod: Pod) -> Object:
    """What the container does now and how it ended before."""
    ended = pod.trouble
    last: Object = {}
    if ended is not None:
        at = pod.ready_since if ended.at is None else ended.at
        code = 1 if ended.exit_code is None else ended.exit_code
        last = {"exitCode": code, "reason": "Error", "finishedAt": format_time(at)}
    if pod.ended:
        if pod.ran:
            return {"state": {"terminated": last or {"exitCode": 0}}}
        return {"state": {"waiting": {"reason": "ContainerCreating"}}}
    if not pod.ran:
        return {"state": {"waiting": {"reason": "ContainerCreating"}}}
    running = {"running": {"startedAt": format_time(pod.ready_since)}}
    return {"state": running, "lastState": {"terminated": last} if pod.restarts and last else {}}


def _conditions(pod: Pod, resized: bool) -> list[Object]:
    at = format_time(pod.ready_since)
    found = [{"type": "Ready", "status": str(pod.ready), "lastTransitionTime": at}]
    if pod.disrupted:
        found.append(
            {"type": "DisruptionTarget", "status": "True", "reason": "EvictionByEvictionAPI"}
        )
    if pod.infeasible and resized:
        found.append({"type": "PodResizePending", "status": "True", "reason": "Infeasible"})
    return found
