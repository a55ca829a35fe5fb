"""What a person can do about an Update or a Job: the next commands."""

from __future__ import annotations

import shlex

from controller.api.job import Job
from controller.api.update import Phase, Update
from controller.core.status.update import AWAITING, FAILED, PAUSED
from controller.view.jobs import Health, health_of
from controller.view.retry import failed_instances
from controller.view.updates import is_active, is_over, is_stalled, is_unseen, own_pause
from controller.view.words import cut

#: How to find out why nothing answers.
OPERATOR_CHECKS = (
    "kubectl get lease -n kube-system echelon    # who holds it, and was it renewed just now?",
    "kubectl get pods -A -l app.kubernetes.io/name=echelon    # is an operator running?",
)

#: Reasons of a Job for which its template is tried again.
_TRIED = frozenset(
    {
        *("RolledBack", "UpdateFailed", "UpdateError", "KnownBad", "Aborted"),
        *("Canary", "OlderRevision", "FailuresTolerated"),
    }
)


def of_update(update: Update, now: float | None = None) -> list[str]:
    """Commands with what they do, the most likely first; empty if nothing is to be done. ``now``:
    epoch seconds; without it an Update that no operator answers is not recognised."""
    phase, job = update.status.phase, at_job(update)
    if now is not None and is_unseen(update, now):
        return [*OPERATOR_CHECKS]
    if is_active(update) and (phase in PAUSED | AWAITING or is_stalled(update)):
        return _held(update)
    if phase in FAILED:
        return _ended(update)
    match phase:
        case Phase.PENDING if update.status.reason == "JobNotFound":
            listing = f"echelon job list -n {update.metadata.namespace}"
            return [f"{listing}    # is {cut(update.spec.job, 60)} misspelt?"]
        case Phase.PENDING if update.spec.paused:
            return [f"echelon update resume {_at(update)}    # let it start without a pause"]
        case Phase.ROLLED_FORWARD if update.status.instances.failed:
            return [f"echelon update retry {_at(update)}    # try the failed instances again"]
        case Phase.ABORTED:
            return [f"echelon job status {job}    # what each instance runs now"]
        case _:
            return []


def _held(update: Update) -> list[str]:
    """What ends the wait of an active Update."""
    phase, reason, at = update.status.phase, update.status.reason, _at(update)
    found = []
    if own_pause(update) and reason == "GateInconclusive":
        found.append(f"echelon update resume {at}    # ask the gate again")
    elif phase in PAUSED:
        found.append(f"echelon update resume {at}    # go on")
    elif phase in AWAITING:
        found.append(f"echelon update pulse {at}    # let it go on for one interval")
    else:
        found.append(f"echelon job status {at_job(update)}    # which instances, and why")
    if phase in (Phase.ROLLING_FORWARD, Phase.ROLL_FORWARD_PAUSED):
        found.append(f"echelon update rollback {at}    # undo it")
    elif phase is Phase.ROLLING_BACK:
        found.append(f"echelon update abort {at}    # leave the instances as they are")
    return found


def _ended(update: Update) -> list[str]:
    """What to do after an Update that ended badly."""
    phase, reason, at, job = update.status.phase, update.status.reason, _at(update), at_job(update)
    if phase is Phase.REJECTED:
        return _rejected(reason, update)
    again = (
        [f"echelon update retry {at}    # try the failed instances again"]
        if failed_instances(update)
        else []
    )
    if phase is Phase.ROLLED_BACK:
        return [
            f"echelon job status {job}    # which instances failed, and why",
            f"echelon job retry {job}    # try the same template again",
            *again,
        ]
    return [
        f"echelon job status {job}    # what each instance runs now",
        *again,
        f"echelon job retry {job}    # try the whole Job again",
    ]


def _rejected(reason: str, update: Update) -> list[str]:
    job = at_job(update)
    match reason:
        case "KnownBad":
            return [f"echelon job retry {job}    # try it all the same"]
        case "UpdateInProgress":
            return [f"echelon update wait {job}    # wait for the end of the active one"]
        case "ParentMismatch" | "RevisionNotFound":
            return [f"echelon job history {job}    # the revisions that there are"]
        case "RangeOutsideJob" | "InvalidInstances":
            return [f"echelon job instances {job}    # the instances that there are"]
        case _:
            return []


def of_job(job: Job) -> list[str]:
    """Commands with what they do, the most likely first."""
    name = f"{job.metadata.name} -n {job.metadata.namespace}"
    health, reason, _ = health_of(job)
    if health is Health.UNSEEN:
        return [*OPERATOR_CHECKS]
    if health is Health.PENDING and reason == "Manual":
        return [f"echelon update start {name}    # ship the present template"]
    if health not in (Health.STALLED, Health.PENDING) or job.status.active_update is not None:
        return []
    if reason in _TRIED:
        return [f"echelon job retry {name}    # try the present template again"]
    if reason.startswith("Invalid"):
        return [f"kubectl edit ejob {name}    # correct what is refused"]
    return [f"echelon job instances {name}    # which instances, and why"]


def checks(namespace: str) -> str:
    """What to check if no operator answers in ``namespace``, as one hint of several lines."""
    lines = [*OPERATOR_CHECKS, f"an operator with --namespace must name {namespace}"]
    return "\n       ".join(["check:", *lines])


def back_to(update: Update) -> str:
    """How to come back to an Update that goes on without anybody who looks at it."""
    return "" if is_over(update) else f"echelon update watch {_at(update)}"


def _at(update: Update) -> str:
    """Name and namespace, as arguments of a command."""
    return f"{update.metadata.name} -n {update.metadata.namespace}"


def at_job(update: Update) -> str:
    """Name and namespace of the Job of an Update, as arguments of a command."""
    # Whoever makes an Update chooses the name, and somebody else runs the command.
    return f"{shlex.quote(update.spec.job)} -n {update.metadata.namespace}"
