"""The Update that tries the failed instances of another Update again, and only these."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any, Final

from controller.api.ids import NONE, Ids
from controller.api.job import Job
from controller.api.labels import API_VERSION, JOB
from controller.api.update import KIND, Phase, Update
from controller.core.model import assigned
from controller.core.rollout.failures import MAX_KEPT
from controller.view.jobs import count_of
from controller.view.updates import REMEMBERED, is_over
from controller.view.verbs import Refused
from controller.view.words import plural

Object = dict[str, Any]
_INFIX: Final = "-retry-"


@dataclass(frozen=True, slots=True)
class Retry:
    """An Update to create. ``instances``: which it tries; ``missing``: how many failed ones are not
    among them, because the status has kept only the newest failures."""

    body: Object
    instances: Ids
    missing: int = 0


def failed_instances(update: Update) -> Ids:
    """Ids of the instances that failed. For an Update that has rolled back they are those whose
    failures made it do so; its status has kept the newest 50 failures."""
    status, sets = update.status, update.status.instances
    if status.turn is None:
        return sets.failed
    if sets.rollback_failed:
        return sets.rollback_failed
    limit = status.policy.max_failures_per_instance if status.policy else 0
    counts: dict[int, int] = defaultdict(int)
    for failure in status.failures:
        if failure.time <= status.turn.time:
            counts[failure.instance] = max(counts[failure.instance], failure.attempt)
    return sets.failed | Ids(i for i, count in counts.items() if count > limit)


def retry_of(
    update: Update, job: Job, policy: Object | None = None, message: str | None = None
) -> Retry | Refused:
    """The Update that tries the failed instances of ``update`` again: at its revision and with its
    policy, even if the revision is known to be bad. ``update`` has to have ended. ``policy``: its
    ``spec.policy`` as read, so that no field of a newer version is lost."""
    name, status = update.metadata.name, update.status
    at = f"{job.metadata.name} -n {job.metadata.namespace}"
    if not is_over(update):
        return Refused(
            f"Update {name} has not ended ({status.phase})",
            f"wait for its end with `echelon update wait {name} -n {update.metadata.namespace}`",
        )
    active = job.status.active_update
    if active is not None:
        return Refused(
            f"Update {active.name} of Job {job.metadata.name} is active: only one can be",
            f"wait for its end with `echelon update wait {active.name} "
            f"-n {job.metadata.namespace}`, or abort it",
        )
    if update.spec.dry_run:
        return Refused(f"Update {name} is a dry run: it has changed no instance")
    if status.phase is Phase.SUPERSEDED:
        return Refused(
            f"Update {name} was superseded by a newer template",
            f"retry its successor: `echelon update list {at}` lists the Updates of the Job",
        )
    failed = failed_instances(update)
    if not failed:
        return Refused(_none_failed(update), f"`echelon job retry {at}` tries the whole Job again")
    there = Ids.span(0, count_of(job))
    tried = failed & there
    if not tried:
        return Refused(
            f"the instances that failed ({failed}) no longer exist: the Job was scaled",
            f"`echelon job status {at}` shows its instances",
        )
    missing = max(0, status.counts.failed - len(failed)) if status.turn else 0
    return Retry(_body(update, job, tried, policy, message), tried, missing)


def _none_failed(update: Update) -> str:
    status = update.status
    if update.metadata.resource_version == REMEMBERED:
        # The Job remembers only how it ended.
        return f"Update {update.metadata.name} is deleted, and its failures are deleted with it"
    words = f"no instance of Update {update.metadata.name} failed ({status.phase})"
    gate = next((g for g in status.gates if g.result == "Failed"), None)
    if gate is not None:
        return f"{words}: gate {gate.name} did"
    if status.turn is not None and len(status.failures) >= MAX_KEPT:
        return f"{words} that is still known: the newest {plural(MAX_KEPT, 'failure')} are kept"
    return words


def _body(
    update: Update, job: Job, tried: Ids, policy: Object | None, message: str | None
) -> Object:
    target = update.status.to.revision if update.status.to else update.spec.revision
    spec: Object = {
        "job": job.metadata.name,
        "instances": str(tried),
        "message": message or f"retry of {update.metadata.name}",
    }
    if target is not None and not update.status.instances.rollback_failed:
        spec |= {"revision": target, "force": True}
        at_target = assigned.read(job.status.assigned).get(target, NONE)
        # Instances that are at the revision already would be left alone.
        if update.status.restart or tried & at_target:
            spec["restart"] = True
    else:
        # Each instance stays at the revision that it has: that of before, after a rollback.
        spec["restart"] = True
    if policy:
        spec["policy"] = policy
    first = update.metadata.name.partition(_INFIX)[0]
    metadata = {
        "generateName": f"{first}{_INFIX}",
        "namespace": update.metadata.namespace,
        "labels": {JOB: job.metadata.name},
    }
    return {"apiVersion": API_VERSION, "kind": KIND, "metadata": metadata, "spec": spec}
