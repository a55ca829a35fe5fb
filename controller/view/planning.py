"""The plan of an Update, computed here: for a template that is not stored yet, and without writing.

It is computed by the operator's own code from what the API server shows, so it is the plan that the
operator would write. Only what the operator alone knows is missing: the API server's check of a pod
of the template, and pods that the API server did not change in place.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from controller.api.ids import Ids
from controller.api.job import Job
from controller.api.labels import JOB
from controller.api.meta import ObjectMeta, UpdateMeta
from controller.api.pods.slim import slim
from controller.api.pods.wire import PodWire
from controller.api.preview import Conflict, UpdatePlan
from controller.api.progress import TERMINAL
from controller.api.update import Update, UpdateSpec
from controller.core.admission import dry_run, lock, placement, target, warnings
from controller.core.model.context import Context
from controller.core.model.observed import Domains, Finished, Observed, Revision
from controller.core.overlays.refusals import refusal
from controller.core.overlays.variants import usable
from controller.core.pods.index import Instances
from controller.core.progress.completion import made_by_us
from controller.core.revisions import data as revision_data
from controller.core.revisions import revision as revisions

Object = dict[str, Any]
#: Conflicts with which the Update goes on all the same.
WARNINGS: Final = warnings.REASONS
_IN_PROGRESS: Final = "UpdateInProgress"


def plan(
    job: Job,
    spec: UpdateSpec,
    pods: Iterable[Object],
    controller_revisions: Iterable[Object],
    updates: Iterable[Update],
    now: float,
    *,
    by_operator: bool = False,
    domains: Mapping[str, int | None] | None = None,
) -> UpdatePlan:
    """What an Update with ``spec`` would do now.

    ``job``: with the spec that would be stored and the status that is. ``pods`` and
    ``controller_revisions``: as read from the API server. ``now``: epoch seconds. ``by_operator``:
    the operator makes the Update, so it takes over from an active one of its own. ``domains``: how
    many values the nodes have of each label in `constrained`; None if it is not known. Raises
    ``ValueError`` if the instances that ``spec`` names are no range or none, and for a Job whose
    instances are not created yet.
    """
    if job.status.last_attempt is None:
        raise ValueError(f"the instances of Job {job.metadata.name} are not created yet")
    updates = list(updates)
    observed = _observed(job, pods, controller_revisions, updates, now)
    context = Context(replace(observed, domains=Domains(domains or {}, now)), now)
    update = Update(metadata=UpdateMeta(uid="not-yet", creation_timestamp=now), spec=spec)
    goal = target.of(context, update)
    former = _superseded(context) if by_operator else None
    conflicts = [
        Conflict(reason=reason, message=message)
        for reason, message in target.refusals(context, update)
        if former is None or reason != _IN_PROGRESS
    ]
    data = observed.templates.get(goal.revision or "")
    if data and (refused := refusal(data, job.metadata.name, job.metadata.namespace)):
        reason, message = refused
        conflicts.append(Conflict(reason=reason, message=message))
    draft = lock.snapshot(context, update, goal, former)
    return dry_run.preview(context, update, draft, restart=goal.restart, conflicts=conflicts)


def constrained(job: Job, data: Object) -> frozenset[str]:
    """The labels of nodes that constraints are about. ``data``: what the revision keeps."""
    meta = job.metadata
    made = usable(revision_data.of_data(data), meta.name, meta.namespace)
    return placement.keys(made) if made else frozenset()


def refusals(found: UpdatePlan) -> list[Conflict]:
    """The conflicts for which the operator would reject the Update."""
    return [each for each in found.conflicts if each.reason not in WARNINGS]


def changes_nothing(found: UpdatePlan) -> bool:
    """Whether the Update would end at once with the reason NoChange."""
    return not found.groups.count and not found.instances.relabel


def covered(found: UpdatePlan) -> Ids:
    """The instances that the Update would replace, change, create or remove."""
    each = found.instances
    return each.create | each.recreate | each.in_place | each.surge | each.remove


def _superseded(context: Context) -> Update | None:
    """The active Update that the operator's next one takes over from."""
    active = context.active
    mine = active is not None and made_by_us(active, context.job.metadata.uid)
    return active if mine and context.new_template else None


def _observed(
    job: Job,
    pods: Iterable[Object],
    controller_revisions: Iterable[Object],
    updates: Iterable[Update],
    now: float,
) -> Observed:
    name, uid = job.metadata.name, job.metadata.uid
    data = revision_data.of_spec(
        job.spec.template, job.spec.overlays, job.spec.constraints, job.spec.volume_claim_templates
    )
    known: dict[str, Revision] = {}
    templates: dict[str, bytes] = {}
    for raw in controller_revisions:
        meta = ObjectMeta.model_validate(raw["metadata"])
        if meta.controller is not None and meta.controller.uid == uid:
            number, kept = (
                int(raw.get("revision") or 0),
                revision_data.of_data(raw.get("data") or {}),
            )
            shaped = revision_data.is_shaped(kept)
            known[meta.name] = Revision(meta.name, meta.uid, number, shaped=shaped)
            templates[meta.name] = kept
    present = revisions.revision_name(name, revisions.digest(data))
    instances = Instances(uid, job.spec.min_ready_seconds)
    for raw in pods:
        if raw["metadata"].get("labels", {}).get(JOB) == name:
            pod = slim(PodWire.of(raw))
            if pod is not None and not pod.foreign_controller:
                instances.put(pod)
    instances.advance(now)
    updates = [each for each in updates if each.spec.job == name]
    return Observed(
        job=job,
        revision=present,
        view=instances.view(job.status.slots),
        updates={u.metadata.name: u for u in updates if u.status.phase not in TERMINAL},
        finished=_finished(updates, uid),
        revisions=known,
        templates={**templates, present: data},
        job_live=True,
    )


def _finished(updates: Iterable[Update], uid: str) -> Mapping[str, Finished]:
    return {
        each.metadata.name: Finished(
            each.metadata.name,
            each.metadata.uid,
            each.status.phase,
            made_by_us(each, uid),
            each.metadata.creation_timestamp or 0.0,
            started=each.status.started_at or 0.0,
            finished=each.status.finished_at or 0.0,
            updated=each.status.counts.updated,
        )
        for each in updates
        if each.status.phase in TERMINAL
    }
