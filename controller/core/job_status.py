"""What a Job's status says: counts of ids, what runs now, and the contract's conditions."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from controller.api.job import JobStatus
from controller.api.labels import JOB
from controller.api.policy import Mode
from controller.api.update import Phase
from controller.core import assigned as asg
from controller.core import conditions as cond
from controller.core import outcome, policy, refused_actions, termination
from controller.core import refused as refused_writes
from controller.core.admission import (
    held_up,
    known_bad,
    policy_refused,
    refused,
    start_refused,
    wanted,
)
from controller.core.case import Case
from controller.core.conditions import Wanted
from controller.core.observed import Refusal, Verdict

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
            "conditions": cond.merged(case.status.conditions, _wanted(case), generation, case.now),
        }
    )


def next_deadline(case: Case) -> float | None:
    """When an instance that is not available becomes a matter for a person."""
    held = _waits_for_write(case)
    moments = [
        *(at for _, at in _deadlines(case)),
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
    }
    if pending := _pending(case):
        found[cond.UPDATE_PENDING] = pending
    last = case.status.last_attempt
    if last and last.outcome == Phase.ROLLED_BACK and case.status.active_update is None:
        found[cond.ROLLED_BACK] = Wanted(True, "RolledBack", outcome.words(case))
    if case.seen.contested:
        name, who = next(iter(sorted(case.seen.contested.items())))
        found[cond.POD_NAME_CONFLICT] = Wanted(True, "PodNameTaken", f"instance {name}: {who}")
    return found


def _kstatus(case: Case) -> tuple[Wanted, Wanted, Wanted]:
    """Ready, Reconciling, Stalled: never the last two together."""
    healthy = case.available & case.at_assigned == case.intended
    reason, message = _stalled(case) or ("", "")
    lingering = termination.of(termination.left(case), case.now)
    also = lingering.message if lingering and lingering.stuck else ""
    if reason:
        message += f"; {also}" if also not in message else ""
        no = Wanted(False, reason, message)
        return no, no, Wanted(True, reason, message)
    if case.active is not None:
        update = case.active
        words = f"{update.metadata.name}: {update.status.message}"
        words += f"; {also}" if also not in words else ""
        no = Wanted(False, str(update.status.phase), words)
        return no, Wanted(True, str(update.status.phase), words), no
    if (verdict := case.seen.verdict) and held_up(case) and not verdict.answered:
        no = Wanted(False, verdict.reason, _about_template(verdict))
        return no, Wanted(True, verdict.reason, no.message), no
    if late := _waits_for_write(case):
        no = Wanted(False, late[1].reason, refused_writes.words(late))
        return no, Wanted(True, no.reason, no.message), no
    if case.status.active_update is not None or case.status.last_attempt is None:
        reason, message = "Progressing", "starting"
        if found := next(refused_actions.of_pods(case), None):
            reason, message = found.refusal.reason, refused_actions.words(found)
        no = Wanted(False, reason, message)
        return no, Wanted(True, reason, message), no
    if wanted(case) and not refused(case):
        no = Wanted(False, "TemplateChanged", "an Update is about to start")
        return no, Wanted(True, "TemplateChanged", no.message), no
    if not healthy:
        reason, message = _progress(case)
        no = Wanted(False, reason, message)
        return no, Wanted(True, reason, message), no
    message = f"{len(case.intended)} of {len(case.intended)} instances available"
    if pending := _pending(case):
        message += f"; {pending.message}"
    if held_back := outcome.count_refused(case):
        message += f"; {held_back}"
    if found := next(iter(case.seen.refused_actions.values()), None):
        message += f"; {refused_actions.words(found)}"
    no = Wanted(False, "Ready", message)
    return Wanted(True, "Ready", message), no, no


def _waits_for_write(case: Case) -> tuple[str, Refusal] | None:
    """The refused write that a first creation or the next Update waits for."""
    needed = case.status.last_attempt is None or wanted(case)
    return start_refused(case) if needed else None


def _about_template(verdict: Verdict) -> str:
    what = "is refused" if verdict.answered else "cannot be checked"
    return f"the template {what}: {verdict.message}"


def _stalled(case: Case) -> tuple[str, str] | None:
    """Why a person is needed; None: nobody is."""
    last, verdict = case.status.last_attempt, case.seen.verdict
    if case.active is not None:
        status = case.active.status
        stuck = cond.is_true(status.conditions, cond.STALLED)
        return (status.reason, f"{case.active.metadata.name}: {status.message}") if stuck else None
    if (bad := policy_refused(case)) and (last is None or wanted(case)):
        return bad
    if verdict and refused(case) and (last is None or wanted(case)):
        return verdict.reason, _about_template(verdict)
    if (held := _waits_for_write(case)) and refused_writes.is_overdue(case, held[1]):
        return held[1].reason, refused_writes.words(held)
    if last is not None and last.outcome == Phase.ROLLED_BACK:
        return "RolledBack", outcome.words(case)
    if last is not None and last.outcome in (Phase.FAILED, Phase.ERROR):
        return f"Update{last.outcome}", outcome.words(case)
    if last is not None and last.outcome == Phase.ABORTED and len(case.assigned) > 1:
        return "Aborted", f"{outcome.words(case)}; instances are at different revisions"
    if case.seen.contested:
        name, who = next(iter(sorted(case.seen.contested.items())))
        return "PodNameConflict", f"instance {name}: {who}"
    for revision in case.assigned:
        if revision not in case.seen.revisions and revision != case.seen.revision:
            return "RevisionMissing", f"ControllerRevision {revision} is gone"
    lingering = termination.of(termination.left(case), case.now)
    if lingering and lingering.stuck:
        return "WaitingForTermination", lingering.message
    for found in refused_actions.of_pods(case):
        if refused_actions.is_stuck(case, found):
            return found.refusal.reason, refused_actions.words(found)
    late = next((i for i, at in _deadlines(case) if at <= case.now), None)
    if late is None:
        return None
    return "InstanceNotReady", _trouble(case, late)


def _deadlines(case: Case) -> Iterator[tuple[int, float]]:
    """Instances that are alive and not available, with the moment their time is up."""
    timeout, view = case.job.spec.update.ready_timeout_seconds, case.view
    if case.active is not None or not timeout:
        return
    grace = timeout + case.job.spec.min_ready_seconds
    for i in islice((view.alive & case.intended) - case.available, LOOKED_AT):
        pod = view.pod(i)
        yield i, max(pod.created, pod.ready_since) + grace


def _progress(case: Case) -> tuple[str, str]:
    view = case.view
    down = case.intended - case.available
    message = f"{len(case.available)} of {len(case.intended)} instances available"
    if lingering := termination.of(termination.left(case, down), case.now):
        return "WaitingForTermination", f"{message}; {lingering.message}"
    if found := next(refused_actions.of_pods(case), None):
        return found.refusal.reason, f"{message}; {refused_actions.words(found)}"
    for i in islice(down, LOOKED_AT):
        refusal = case.seen.refusals.get(i)
        if refusal is not None and i not in view.present:
            return refusal.reason, f"{message}; instance {i}: {refusal.message}"
        if i in view.foreign:
            pod = view.pod(i).name
            return (
                "WaitingForTermination",
                f"{message}; instance {i}: {pod} of a former Job is left",
            )
        if i in view.present and i not in view.ready and view.pod(i).trouble:
            return "InstanceNotReady", f"{message}; {_trouble(case, i)}"
    return "Progressing", message


def _trouble(case: Case, instance: int) -> str:
    trouble = case.view.pod(instance).trouble
    words = f"{trouble.reason}: {trouble.message}".rstrip(": ") if trouble else "not Ready"
    return f"instance {instance}: {words}"


def _available(case: Case) -> Wanted:
    count = len(case.intended)
    resolved = case.policy or policy.resolve(case.job.spec.update, None, count)
    least = max(min(1, count), count - max(resolved.strategy.groups))
    here = len(case.available)
    message = f"{here} of {count} instances available, {least} are needed"
    enough = here >= least and case.status.last_attempt is not None
    return Wanted(enough, "EnoughAvailable" if enough else "TooFewAvailable", message)


def _pending(case: Case) -> Wanted | None:
    """The condition UpdatePending: a template that waits, and for what."""
    if not case.new_template:
        return None
    verdict = case.seen.verdict
    if verdict and held_up(case):
        return Wanted(True, verdict.reason, _about_template(verdict))
    if bad := policy_refused(case):
        return Wanted(True, *bad)
    if case.job.spec.update.mode is Mode.MANUAL:
        return Wanted(True, "Manual", "an Update object is waited for")
    if known_bad(case):
        return Wanted(True, "KnownBad", f"revision {case.seen.revision} failed before and waits")
    if not wanted(case):
        return Wanted(True, "UpdateActive", "another Update is active")
    if held := start_refused(case):
        return Wanted(True, held[1].reason, refused_writes.words(held))
    return None
