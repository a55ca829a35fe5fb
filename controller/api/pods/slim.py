"""Builds the slim Pod from the pod as read from the API server."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from sys import intern

from controller.api import labels
from controller.api.meta import is_count, seconds
from controller.api.pods.containers import containers_of
from controller.api.pods.in_effect import RESIZE, in_effect, is_infeasible, is_resized_by_us
from controller.api.pods.move import Move
from controller.api.pods.pod import Pod, slot_of, stamps_of
from controller.api.pods.resizing import Resizing
from controller.api.pods.restart_base import RestartBase
from controller.api.pods.trouble import trouble_of
from controller.api.pods.wire import ContainerStatus, PodMeta, PodWire


def slim(wire: PodWire) -> Pod | None:
    """The slim Pod. Returns None if the pod's name is not that of an instance of its Job."""
    meta, status = wire.metadata, wire.status
    owner, foreign_controller = meta.controller, wire.foreign_controller
    job = owner.name if owner and not foreign_controller else meta.labels.get(labels.JOB, "")
    slot = slot_of(job, meta.name)
    if slot is None:
        return None
    notes = meta.annotations
    digest = meta.labels.get(labels.REVISION)
    revision = f"{job}-{digest}" if digest else notes.get(labels.REVISION, "")
    changing_to = ""
    marks: Mapping[str, str | None] = notes
    unfinished, resizing = False, Resizing.announced(notes)
    if resizing is not None and resizing.is_due(notes, meta.generation, wire.resources):
        changing_to, marks = revision, resizing.before
        revision = marks.get(labels.REVISION) or ""
    elif resizing is not None:
        unfinished = resizing.metadata
    base = RestartBase.in_force(notes, wire.images)
    containers = wire.running_parts()
    conditions = {c.type: c for c in status.conditions}
    if RESIZE & conditions.keys() and not is_resized_by_us(notes, meta.generation):
        conditions = {kind: c for kind, c in conditions.items() if kind not in RESIZE}
    ready = conditions.get("Ready")
    is_ready = ready is not None and ready.status == "True"
    turned = seconds(ready.last_transition_time) if ready else 0.0
    starts = [seconds(c.state.running.started_at) for c in containers if c.state.running]
    disruption, scheduled = conditions.get("DisruptionTarget"), conditions.get("PodScheduled")
    ready_since = max([turned, *starts]) if is_ready else turned
    restarted = max((_restarted(c, base) for c in containers), default=0.0)
    trouble, taken_at = trouble_of(wire, containers, conditions, base), seconds(status.start_time)
    return Pod(
        # Many pods have the same of these, so each is kept once.
        namespace=intern(meta.namespace),
        name=meta.name,
        uid=meta.uid,
        resource_version=int(meta.resource_version or 0),
        job=intern(job),
        owner=intern(owner.uid) if owner else "",
        foreign_controller=foreign_controller,
        instance=slot[0],
        surge=slot[1],
        revision=intern(revision),
        update=intern(marks.get(labels.UPDATE) or ""),
        failures=_count(marks.get(labels.FAILURES)),
        remade=_count(notes.get(labels.REMADE)),
        # If neither label nor annotation names a revision, there is no revision label to restore.
        labelled=not (changing_to or unfinished)
        and _labelled(meta, job, slot[0], bool(digest) or not revision),
        created=seconds(meta.creation_timestamp),
        deleted=seconds(meta.deletion_timestamp) if meta.deletion_timestamp else None,
        phase=status.phase,
        ready=is_ready,
        ready_since=ready_since,
        restarts=sum(max(0, c.restart_count - base.due(c)) for c in containers),
        restarted=restarted,
        ran=any(_has_run(c) for c in containers),
        disrupted=disruption is not None and disruption.status == "True",
        node=intern(wire.spec.node_name),
        bound=seconds(scheduled.last_transition_time) if scheduled else 0.0,
        taken_at=taken_at,
        ip=status.pod_ip,
        trouble=trouble,
        exit_code=_exit_code((*status.init_container_statuses, *status.container_statuses), base),
        grace=meta.deletion_grace_period_seconds,
        finalizers=() if meta.deletion_timestamp is None else meta.finalizers,
        changed=base.at,
        changing_to=changing_to,
        unfinished=unfinished,
        in_effect=not unfinished and (not base.at or in_effect(wire, containers, conditions, base)),
        infeasible=is_infeasible(conditions),
        stamps=stamps_of(ready_since, restarted, trouble, taken_at),
        containers=containers_of(wire, containers),
        move=Move.of(notes),
    )


def _restarted(c: ContainerStatus, base: RestartBase) -> float:
    """When the container ended that has restarted; 0 if there is no restart above the base."""
    ended = c.last_state.terminated
    return seconds(ended.finished_at) if ended and c.restart_count > base.due(c) else 0.0


def _exit_code(containers: Iterable[ContainerStatus], base: RestartBase) -> int:
    """Of the first container that ended with another code than 0. One that waits for its next start
    (CrashLoopBackOff) has ended, too, unless a change in place restarts it."""
    for c in containers:
        restarts = c.state.waiting and c.restart_count > base.due(c)
        end = c.last_state.terminated if restarts else c.state.terminated
        if end and end.exit_code:
            return end.exit_code
    return 0


def _labelled(meta: PodMeta, job: str, instance: int, digest: bool) -> bool:
    return (
        digest
        and meta.labels.get(labels.JOB) == job
        and meta.labels.get(labels.INSTANCE) == str(instance)
        and meta.labels.get(labels.MANAGED_BY) == labels.MANAGER
    )


def _count(text: str | None) -> int:
    return int(text) if text and is_count(text) else 0


def _has_run(status: ContainerStatus) -> bool:
    return bool(status.state.running or status.state.terminated or status.restart_count)
