"""What a Job's status says: counts of ids, what runs now, and the contract's conditions."""

from __future__ import annotations

from itertools import islice

from controller.api.job import JobStatus, LastAttempt
from controller.api.labels import JOB
from controller.api.update import Phase
from controller.core.admission.automatic import (
    held_up,
    known_bad,
    policy_refused,
    refused,
    start_refused,
    wanted,
)
from controller.core.job import pending, unavailable
from controller.core.model import assigned as asg
from controller.core.model import conditions as cond
from controller.core.model import policy
from controller.core.model.conditions import Wanted
from controller.core.model.context import Case
from controller.core.model.observed import Refusal
from controller.core.refusals import actions as refused_actions
from controller.core.refusals import writes as refused_writes
from controller.core.rollout import outage
from controller.core.status import outcome, termination

LOOKED_AT = 64


def told(case: Case, status: JobStatus) -> JobStatus:
    """``status`` with everything that is merely reported brought up to this moment."""
    view, mine = case.view, case.intended
    running = {r: part for r, ids in case.view.at.items() if r and (part := ids & view.alive)}
    generation = case.job.metadata.generation
    # As long as a pod is left there, it is known where.
    here = view.occupied | view.twin.occupied
    return status.model_copy(
        update={
            "observed_generation": generation,
            "instances": len(view.present & mine),
            "ready_instances": len(view.ready & mine),
            "available_instances": len(case.available),
            "updated_instances": len(view.at_revision(case.seen.revision) & view.alive & mine),
            "selector": f"{JOB}={case.job.metadata.name}",
            "update_revision": case.seen.revision,
            "slots": status.slots & (mine | here),
            "revisions": asg.write(running),
            "down_since": unavailable.kept(case),
            "conditions": cond.merged(case.status.conditions, _wanted(case), generation, case.now),
        }
    )


def next_deadline(case: Case) -> float | None:
    """When an instance that is not available becomes a matter for a person."""
    held = _waits_for_write(case)
    moments = [
        *(at for _, at in unavailable.deadlines(case)),
        unavailable.creation_deadline(case),
        termination.next_moment(termination.left(case), case.now),
        refused_writes.overdue_at(case, held[1]) if held else None,
    ]
    return min((at for at in moments if at is not None and at > case.now), default=None)


def _wanted(case: Case) -> dict[str, Wanted]:
    ready, reconciling, stalled = _kstatus(case)
    found = {
        cond.READY: ready,
        cond.RECONCILING: reconciling,
        cond.STALLED: stalled,
        cond.AVAILABLE: _available(case),
        cond.UPDATE_PENDING: pending.condition(case),
        cond.ROLLED_BACK: _rolled_back(case),
    }
    if case.seen.contested:
        name, who = next(iter(sorted(case.seen.contested.items())))
        found[cond.POD_NAME_CONFLICT] = Wanted(True, "PodNameTaken", f"instance {name}: {who}")
    return found


def _rolled_back(case: Case) -> Wanted:
    """Until the next Update starts, or the present template is what everybody runs."""
    last = case.status.last_attempt
    undone = last is not None and last.outcome == Phase.ROLLED_BACK
    if undone and not (case.status.active_update or case.at_template or _starts(case)):
        return Wanted(True, "RolledBack", outcome.words(case))
    return Wanted(False, "NotRolledBack")


def _kstatus(case: Case) -> tuple[Wanted, Wanted, Wanted]:
    """Ready, Reconciling, Stalled: never the last two together."""
    lingering = termination.of(termination.left(case), case.now)
    also = lingering.message if lingering and lingering.stuck else ""
    if found := _stalled(case):
        reason, message = found
        message += f"; {also}" if also not in message else ""
        no = Wanted(False, reason, message)
        return no, no, Wanted(True, reason, message)
    if found := _reconciling(case):
        reason, message = found
        if case.active is not None:
            message += f"; {also}" if also not in message else ""
        no = Wanted(False, reason, message)
        return no, Wanted(True, reason, message), no
    message = f"{len(case.intended)} of {len(case.intended)} instances available"
    if waits := pending.why(case):
        message += f"; {waits[1]}"
    if (held_back := outcome.count_refused(case)) and held_back not in message:
        message += f"; {held_back}"
    if held := next(iter(case.seen.refused_actions.values()), None):
        message += f"; {refused_actions.words(held)}"
    no = Wanted(False, "Ready", message)
    return Wanted(True, "Ready", message), no, no


def _waits_for_write(case: Case) -> tuple[str, Refusal] | None:
    """The refused write that a first creation or the next Update waits for."""
    needed = case.status.last_attempt is None or wanted(case)
    return start_refused(case) if needed else None


def _reconciling(case: Case) -> tuple[str, str] | None:
    """What is under way; None: nothing."""
    if case.active is not None:
        update = case.active
        message = f"{update.metadata.name}: {update.status.message}"
        if unwritten := refused_writes.of_update(case, update.metadata.name):
            # Its own status cannot say so.
            message += f"; {refused_writes.words(unwritten)}"
        return str(update.status.phase), message
    verdict = case.seen.verdict
    if verdict and held_up(case) and not verdict.answered and not case.at_template:
        return verdict.reason, pending.about_template(verdict)
    if late := _waits_for_write(case):
        return late[1].reason, refused_writes.words(late)
    if case.status.active_update is not None or case.status.last_attempt is None:
        if refusal := next(refused_actions.of_pods(case), None):
            return refusal.refusal.reason, refused_actions.words(refusal)
        return "Progressing", "starting"
    if _starts(case):
        return "TemplateChanged", "an Update is about to start"
    healthy = case.available & case.at_assigned == case.intended
    return None if healthy else _progress(case)


def _stalled(case: Case) -> tuple[str, str] | None:
    """Why a person is needed; None: nobody is."""
    last, verdict = case.status.last_attempt, case.seen.verdict
    if case.active is not None:
        status = case.active.status
        stuck = cond.is_true(status.conditions, cond.STALLED)
        return (status.reason, f"{case.active.metadata.name}: {status.message}") if stuck else None
    if case.status.active_update is not None:
        return None  # Its Update is about to start; what was before is over.
    if last is None or (wanted(case) and not case.at_template):
        if bad := policy_refused(case):
            return bad
        if verdict and refused(case):
            return verdict.reason, pending.about_template(verdict)
    if (write := _waits_for_write(case)) and refused_writes.is_overdue(case, write[1]):
        return write[1].reason, refused_writes.words(write)
    if _starts(case):
        return None
    if last is not None and (found := _left_behind(case, last)):
        return found
    if case.seen.contested:
        name, who = next(iter(sorted(case.seen.contested.items())))
        return "PodNameConflict", f"instance {name}: {who}"
    for revision in case.assigned:
        if revision not in case.seen.revisions and revision != case.seen.revision:
            return "RevisionMissing", f"ControllerRevision {revision} is gone"
    lingering = termination.of(termination.left(case), case.now)
    if lingering and lingering.stuck:
        return "WaitingForTermination", lingering.message
    for held in refused_actions.of_pods(case):
        if refused_actions.is_stuck(case, held):
            return held.refusal.reason, refused_actions.words(held)
    if (due := unavailable.creation_deadline(case)) is not None and due <= case.now:
        return _reconciling(case)
    late = min((i for i, at in unavailable.deadlines(case) if at <= case.now), default=None)
    if late is None:
        return None
    if unavailable.flaps(case, late):
        seconds = case.job.spec.min_ready_seconds
        return "InstanceNotReady", f"instance {late}: Ready, but never for {seconds} s"
    return _why_down(case, late) or ("InstanceNotReady", _trouble(case, late))


def _starts(case: Case) -> bool:
    """Whether the present template is on its way: what the last one left is over then, and for no
    instant said of the new one."""
    return wanted(case) and not refused(case) and policy_refused(case) is None


def _left_behind(case: Case, last: LastAttempt) -> tuple[str, str] | None:
    """Why the Job is not at its template, and does not get there by itself."""
    if case.at_template and case.new_template:
        return None  # The template was put back to what everybody runs.
    if last.outcome in (Phase.FAILED, Phase.ERROR):
        return f"Update{last.outcome}", outcome.words(case)
    if case.at_template:
        return None
    if case.new_template and known_bad(case):
        return pending.why(case)
    if last.outcome == Phase.ROLLED_BACK:
        return "RolledBack", outcome.words(case)
    if last.outcome == Phase.ABORTED and len(case.assigned) > 1:
        return "Aborted", f"{outcome.words(case)}; instances are at different revisions"
    return None


def _progress(case: Case) -> tuple[str, str]:
    down = case.intended - case.available
    message = f"{len(case.available)} of {len(case.intended)} instances available"
    if lingering := termination.of(termination.left(case, down), case.now):
        return "WaitingForTermination", f"{message}; {lingering.message}"
    if found := next(refused_actions.of_pods(case), None):
        return found.refusal.reason, f"{message}; {refused_actions.words(found)}"
    for i in islice(down, LOOKED_AT):
        if why := _why_down(case, i):
            return why[0], f"{message}; {why[1]}"
    return "Progressing", message


def _why_down(case: Case, instance: int) -> tuple[str, str] | None:
    """What an instance waits for; None: nothing out of the ordinary."""
    view, refusal = case.view, case.seen.refusals.get(instance)
    if refusal is not None and instance not in view.present:
        return refusal.reason, f"instance {instance}: {refusal.message}"
    if instance in view.foreign:
        pod = view.pod(instance).name
        return "WaitingForTermination", f"instance {instance}: {pod} of a former Job is left"
    told = instance in view.present - view.ready and view.pod(instance).trouble
    if told or (instance not in view.occupied and outage.series_of(case, instance)):
        return "InstanceNotReady", _trouble(case, instance)
    return None


def _trouble(case: Case, instance: int) -> str:
    if instance in case.view.present:
        words = outage.of_pod(case.view.pod(instance))
    else:
        series = outage.series_of(case, instance)
        words = outage.of_series(series) if series else "not Ready"
    return f"instance {instance}: {words}"


def _available(case: Case) -> Wanted:
    count = len(case.intended)
    resolved = case.policy or policy.resolve(case.job.spec.update, None, count)
    least = max(min(1, count), count - max(resolved.strategy.groups))
    here = len(case.available)
    message = f"{here} of {count} instances available, {least} are needed"
    enough = here >= least and case.status.last_attempt is not None
    return Wanted(enough, "EnoughAvailable" if enough else "TooFewAvailable", message)
