"""What a person can do about an Update or a Job: the next commands."""

from __future__ import annotations

from shlex import quote

from controller.api.job import Job
from controller.api.labels import EXPECTED_PARENT, SAFETY_RELEASE
from controller.api.update import Phase, Update
from controller.core.model import assigned
from controller.core.model import conditions as cond
from controller.core.progress.rollback import ROLLBACK_REQUESTED
from controller.core.status.outcome import TEMPLATE_REFUSED
from controller.core.status.update import AWAITING, FAILED, PAUSED
from controller.view.jobs import Health, health_of
from controller.view.retry import failed_instances
from controller.view.runs import RunState, last_run
from controller.view.updates import (
    is_active,
    is_backward,
    is_over,
    is_stalled,
    is_unseen,
    own_pause,
    progress,
)
from controller.view.words import cut

#: How to find out why nothing answers.
OPERATOR_CHECKS = (
    "kubectl get leases -A | grep echelon    # who holds it, and was it renewed just now?",
    "kubectl get pods -A -l app.kubernetes.io/name=echelon    # is an operator running?",
)

#: When a template that failed may pass although it is the same.
_OUTSIDE = "if the cause was outside the template"
_AGAIN = f"try the same template again, {_OUTSIDE}"
#: Reasons of a Job whose template has failed.
_FAILED = frozenset({"RolledBack", "UpdateFailed", "KnownBad"})
#: Reasons of a Job whose template is not, or not everywhere, what its instances run.
_LEFT = frozenset({"Aborted", "Canary", "OlderRevision", "FailuresTolerated"})


def of_update(update: Update, now: float | None = None) -> list[str]:
    """Commands with what they do, the most likely first; empty if nothing is to be done. ``now``:
    epoch seconds; without it an Update that no operator answers is not recognised."""
    phase, job = update.status.phase, at_job(update)
    if now is not None and is_unseen(update, now):
        return [*OPERATOR_CHECKS]
    if is_active(update) and (phase in PAUSED | AWAITING or is_stalled(update)):
        return _held(update)
    if now is not None and progress(update, now).late is not None:
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
            return [
                f"echelon job status {job}    # which instances failed, and why",
                f"echelon update retry {_at(update)}    # try the failed instances again",
            ]
        case Phase.ABORTED:
            return [f"echelon job status {job}    # what each instance runs now", *_back(update)]
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
        found += _changed(update)
    if phase in (Phase.ROLLING_FORWARD, Phase.ROLL_FORWARD_PAUSED):
        found.append(f"echelon update rollback {at}    # undo it")
    if phase is Phase.ROLLING_BACK or phase in (Phase.ROLLING_FORWARD, Phase.ROLL_FORWARD_PAUSED):
        found.append(f"echelon update abort {at}    # leave the instances as they are")
    return found


def _ended(update: Update) -> list[str]:
    """What to do after an Update that ended badly: find what it changed, correct that, or go back.
    To try the same again comes last: mostly it fails again."""
    phase, reason, at, job = update.status.phase, update.status.reason, _at(update), at_job(update)
    if phase is Phase.REJECTED:
        return _rejected(reason, update)
    again = []
    if not update.status.restart:
        again.append(f"echelon job retry {job}    # {_AGAIN}")
    if failed_instances(update):
        again.append(f"echelon update retry {at}    # try only the failed instances again")
    asked = update.status.turn is not None and update.status.turn.reason == ROLLBACK_REQUESTED
    mend = [] if update.status.restart or asked else [_correct(job)]
    if phase is Phase.ROLLED_BACK:
        return [*_changed(update), *mend, *again]
    return [
        f"echelon job status {job}    # what each instance runs now",
        *_changed(update),
        *mend,
        *_back(update),
        *again,
    ]


def _changed(update: Update) -> list[str]:
    """The command that shows what an Update changes; [] for a restart, which changes nothing."""
    job = at_job(update)
    if update.status.restart or update.spec.restart:
        return []
    if revision := update.spec.revision:
        return [f"echelon job history {job} --revision {quote(revision)}    # what it changes"]
    return [f"echelon job diff {job}    # what the template changes"]


def _correct(job: str) -> str:
    return f"kubectl edit ejob {job}    # correct the template, or apply its corrected file"


def _back(update: Update) -> list[str]:
    """The command that takes instances that an Update has left behind to what ran before; [] if it
    has left none, or they did not run one revision."""
    sets, before = update.status.instances, assigned.read(update.status.from_)
    if is_backward(update) or update.status.restart or len(before) != 1:
        return []
    if not (sets.updating | sets.updated | sets.failed):
        return []
    return [_start(at_job(update), next(iter(before)))]


def _start(job: str, revision: str) -> str:
    return f"echelon update start {job} --revision {revision}    # back to what ran before"


def _rejected(reason: str, update: Update) -> list[str]:
    job = at_job(update)
    match reason:
        case "KnownBad":
            again = f"echelon job retry {job}    # try it all the same, {_OUTSIDE}"
            return [*_changed(update), _correct(job), again]
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
    health, reason, message = health_of(job)
    if health is Health.UNSEEN:
        return [*OPERATOR_CHECKS]
    if health is Health.PENDING and reason == "Manual":
        return [f"echelon update start {name}    # ship the present template"]
    if health is Health.PENDING and reason == "ParentMismatch":
        current = f"{EXPECTED_PARENT}={job.status.current_revision}"
        return [
            f"echelon job history {name}    # what runs, and where it comes from",
            f"kubectl annotate ejob {name} --overwrite {current}    # build on that",
        ]
    if job.spec.has_runs:
        return _of_runs(job, health, reason, message)
    if (active := job.status.active_update) is not None:
        at = f"{active.name} -n {job.metadata.namespace}"
        return [f"echelon update get {at}    # what it waits for, and what can be done"]
    if health not in (Health.STALLED, Health.PENDING):
        return []
    if reason == cond.SAFETY_STOP and job.status.safety and (stop := job.status.safety.stop):
        release = f"{SAFETY_RELEASE}={stop.token}"
        return [
            f"echelon job instances {name}    # what runs where",
            f"kubectl annotate ejob {name} --overwrite {release}    # let it delete these pods",
        ]
    if reason in _FAILED:
        change = f"echelon job diff {name}    # what the template changes"
        retry = f"echelon job retry {name}    # {_AGAIN}"
        return [change, _correct(name), *_back_of(job), retry]
    if reason in _LEFT:
        change = f"echelon job diff {name}    # what the template would change"
        retry = f"echelon job retry {name}    # try the present template for all instances"
        return [change, *_back_of(job), retry]
    if reason == "UpdateError":
        return [f"echelon job retry {name}    # try the template again when the cause is mended"]
    if reason == "InvalidTemplate" or message.startswith(TEMPLATE_REFUSED):
        change = f"echelon job diff {name}    # what the template would change"
        return [change, _correct(name)]
    if reason.startswith("Invalid"):
        return [f"kubectl edit ejob {name}    # correct what is refused"]
    return [f"echelon job instances {name}    # which instances, and why"]


def _of_runs(job: Job, health: Health, reason: str, message: str) -> list[str]:
    """Commands for a Cron or Adhoc Job that needs a person."""
    name, last = f"{job.metadata.name} -n {job.metadata.namespace}", last_run(job)
    if health is not Health.STALLED:
        return []
    if reason.startswith("Invalid") or message.startswith(TEMPLATE_REFUSED):
        return [f"kubectl edit ejob {name}    # correct what is refused, or apply its file"]
    if last is None or last.is_open:
        return []
    pods = f"-l job-name={last.name} -n {job.metadata.namespace}"
    found = []
    if last.state is RunState.FAILED:
        found.append(f"kubectl logs --prefix {pods}    # what its instances said")
        found.append(_correct(name))
    again = "cron start" if job.spec.cron else "job retry"
    return [*found, f"echelon {again} {name}    # run it again"]


def _back_of(job: Job) -> list[str]:
    """The command that takes all instances of a Job to its current revision; [] if all are there,
    or are assigned to no other."""
    name, current = f"{job.metadata.name} -n {job.metadata.namespace}", job.status.current_revision
    mixed = len(assigned.read(job.status.assigned)) > 1
    return [_start(name, current)] if current and mixed else []


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
    return f"{quote(update.spec.job)} -n {update.metadata.namespace}"
