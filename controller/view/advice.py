"""What a person can do about an Update or a Job: the next commands."""

from __future__ import annotations

from controller.api.job import Job
from controller.api.update import Phase, Update
from controller.view.jobs import Health, health_of
from controller.view.updates import is_active


def of_update(update: Update) -> list[str]:
    """Sentences with commands, the most likely first; empty if nothing is to be done."""
    name, job, phase = update.metadata.name, update.spec.job, update.status.phase
    reason = update.status.reason
    match phase:
        case Phase.ROLL_FORWARD_PAUSED | Phase.ROLL_BACK_PAUSED:
            found = [f"echelon update resume {name}    # go on"]
            if phase is Phase.ROLL_FORWARD_PAUSED:
                found.append(f"echelon update rollback {name}    # undo it")
            return found
        case Phase.ROLL_FORWARD_AWAITING_PULSE | Phase.ROLL_BACK_AWAITING_PULSE:
            return [f"echelon update pulse {name}    # let it go on for one interval"]
        case Phase.ROLLED_BACK:
            return [
                f"echelon job status {job}    # which instances failed, and why",
                f"echelon job retry {job}    # try the same template again",
            ]
        case Phase.FAILED | Phase.ERROR:
            return [
                f"echelon job status {job}    # what each instance runs now",
                f"echelon update retry {name}    # try the failed instances again",
            ]
        case Phase.REJECTED if reason == "KnownBad":
            return [f"echelon job retry {job}    # try it all the same"]
        case _:
            return []


def of_job(job: Job) -> list[str]:
    """Sentences with commands, the most likely first."""
    name = job.metadata.name
    health, reason, _ = health_of(job)
    if health is Health.UNSEEN:
        return ["kubectl get lease -n kube-system echelon    # is an operator running?"]
    if health is Health.PENDING and reason == "Manual":
        return [f"echelon update start {name}    # ship the present template"]
    if health in (Health.STALLED, Health.PENDING) and job.status.active_update is None:
        return [f"echelon job retry {name}    # try the present template again"]
    return []


def back_to(update: Update) -> str:
    """How to come back to an Update that goes on without anybody who looks at it."""
    if not is_active(update) and update.status.phase is not Phase.PENDING:
        return ""
    return f"echelon update watch {update.metadata.name} -n {update.metadata.namespace}"
