"""A Job's status: counts of ids, the revisions that run, and the conditions of the contract."""

from __future__ import annotations

from itertools import islice

from controller.api.job import JobStatus
from controller.api.labels import JOB
from controller.core.admission import thaw
from controller.core.admission.automatic import (
    not_checked,
    policy_refused,
    refused,
    start_refused,
    waits_by_choice,
    wanted,
)
from controller.core.job import claim_status, frozen, left_behind, pending, size_limit, unavailable
from controller.core.model import assigned as asg
from controller.core.model import conditions as cond
from controller.core.model import ordering, policy
from controller.core.model.conditions import Wanted
from controller.core.model.context import Context
from controller.core.model.observed import Refusal
from controller.core.pods.ended import newest
from controller.core.refusals import actions as refused_actions
from controller.core.refusals import writes as refused_writes
from controller.core.replacement import budget, moving, safety
from controller.core.status import outcome, termination

LOOKED_AT = 64


def with_conditions(context: Context, status: JobStatus) -> JobStatus:
    """``status`` with all reported fields (counts, revisions, conditions) as of now."""
    view, intended = context.view, context.intended
    running = {r: part for r, ids in context.view.at.items() if r and (part := ids & view.alive)}
    generation = context.job.metadata.generation
    # An id keeps its slot as long as it has a pod in either slot.
    has_pod = view.occupied | view.twin.occupied
    after = status.model_copy(
        update={
            "observed_generation": generation,
            "instances": len(view.present & intended),
            "ready_instances": len(view.ready & intended),
            "available_instances": len(context.available),
            "updated_instances": len(
                view.at_revision(context.observed.revision) & view.alive & intended
            ),
            "selector": f"{JOB}={context.job.metadata.name}",
            "update_revision": context.observed.revision,
            "slots": status.slots & (intended | has_pod),
            "revisions": asg.write(running),
            "down_since": unavailable.kept(context),
            "ended": newest(context.observed.ended, status.ended),
        }
    )
    after, shortened = size_limit.fitted(after)
    before, wanted_now = context.status.conditions, _wanted(context)
    if shortened or cond.find(before, cond.TRUNCATED):
        wanted_now[cond.TRUNCATED] = (
            Wanted(True, "TooLarge", f"to stay below 150 KiB the status has only {shortened}")
            if shortened
            else Wanted(False, "Complete")
        )
    conditions = cond.merged(before, wanted_now, generation, context.now)
    return after.model_copy(update={"conditions": conditions})


def next_deadline(context: Context) -> float | None:
    """When (epoch seconds) the next instance, pod or refused write needs a person."""
    held = _waits_for_write(context)
    moments = [
        *(at for _, at in unavailable.deadlines(context)),
        unavailable.creation_deadline(context),
        termination.next_moment(termination.left(context), context.now),
        refused_writes.overdue_at(context, held[1]) if held else None,
    ]
    return min((at for at in moments if at is not None and at > context.now), default=None)


def _wanted(context: Context) -> dict[str, Wanted]:
    ready, reconciling, stalled = _kstatus(context)
    conditions = {
        cond.READY: ready,
        cond.RECONCILING: reconciling,
        cond.STALLED: stalled,
        cond.AVAILABLE: _available(context),
        cond.UPDATE_PENDING: pending.condition(context),
        cond.ROLLED_BACK: left_behind.rolled_back(context),
    }
    if context.status.safety and (stop := context.status.safety.stop):
        conditions[cond.SAFETY_STOP] = (
            Wanted(True, "TooManyDisruptions", stop.message)
            if safety.stop_of(context)
            else Wanted(False, "Released", f"a person has ended {stop.token}")
        )
    conditions |= budget.overlap(context) | moving.condition(context)
    if context.observed.name_conflicts:
        i, who = next(iter(sorted(context.observed.name_conflicts.items())))
        conditions[cond.POD_NAME_CONFLICT] = Wanted(True, "PodNameTaken", f"instance {i}: {who}")
    return conditions


def _kstatus(context: Context) -> tuple[Wanted, Wanted, Wanted]:
    """Ready, Reconciling and Stalled; exactly one of them is True."""
    lingering = termination.of(termination.left(context), context.now)
    stuck_pod = lingering.message if lingering and lingering.stuck else ""
    if stalled := _stalled(context):
        reason, message = stalled
        message += f"; {stuck_pod}" if stuck_pod not in message else ""
        no = Wanted(False, reason, message)
        return no, no, Wanted(True, reason, message)
    if reconciling := _reconciling(context):
        reason, message = reconciling
        if context.active is not None:
            message += f"; {stuck_pod}" if stuck_pod not in message else ""
        no = Wanted(False, reason, message)
        return no, Wanted(True, reason, message), no
    available = len(context.available) if context.frozen else len(context.intended)
    message = f"{available} of {len(context.intended)} instances available"
    if frozen_words := frozen.words(context):
        message += f"; {frozen_words}"
    if (moves := moving.condition(context).get(cond.MOVING)) and moves.status:
        message += f"; {moves.message}"
    if waiting := pending.why(context):
        message += f"; {waiting[1]}"
    if (overruled := outcome.count_refused(context)) and overruled not in message:
        message += f"; {overruled}"
    if changed := claim_status.not_as_templates(context):
        message += f"; {changed}"
    if refused_action := next(iter(context.observed.refused_actions.values()), None):
        message += f"; {refused_actions.words(refused_action)}"
    no = Wanted(False, "Ready", message)
    return Wanted(True, "Ready", message), no, no


def _waits_for_write(context: Context) -> tuple[str, Refusal] | None:
    """The refused write that a first creation or the next Update waits for."""
    waits = wanted(context) and waits_by_choice(context) is None
    needed = waits or context.status.last_attempt is None
    return start_refused(context) if needed else thaw.start_refused(context)


def _reconciling(context: Context) -> tuple[str, str] | None:
    """Reason and message of what is under way. Returns None if nothing is."""
    if context.active is not None:
        update = context.active
        message = f"{update.metadata.name}: {update.status.message}"
        if unwritten := refused_writes.of_update(context, update.metadata.name):
            # The Update's own status cannot say that it cannot be written.
            message += f"; {refused_writes.words(unwritten)}"
        return str(update.status.phase), message
    if (wait := not_checked(context)) and not context.at_template:
        return wait
    if write := _waits_for_write(context):
        return write[1].reason, refused_writes.words(write)
    if context.status.active_update is not None or context.status.last_attempt is None:
        if refusal := next(refused_actions.of_pods(context), None):
            return refusal.refusal.reason, refused_actions.words(refusal)
        return "Progressing", "starting"
    if left_behind.starts(context):
        return "TemplateChanged", "an Update is about to start"
    if held := claim_status.kept_back(context):
        return held
    healthy = context.intended - context.frozen <= context.available & context.at_assigned
    words = ordering.waits_for(context)
    if healthy:
        return ("Progressing", words) if words else None
    reason, message = _progress(context)
    return reason, f"{message}; {words}" if words else message


def _stalled(context: Context) -> tuple[str, str] | None:
    """Reason and message of why the Job needs a person. Returns None if it does not."""
    last, verdict = context.status.last_attempt, context.observed.verdict
    if context.active is not None:
        status = context.active.status
        stuck = cond.is_true(status.conditions, cond.STALLED)
        return (
            (status.reason, f"{context.active.metadata.name}: {status.message}") if stuck else None
        )
    if context.status.active_update is not None:
        return None  # The next Update is about to start; the end of the last one no longer counts.
    if stop := safety.stop_of(context):
        return cond.SAFETY_STOP, stop.message
    if bad := frozen.refused(context):
        return bad
    if last is None or (wanted(context) and not context.at_template):
        if bad := policy_refused(context):
            return bad
        if verdict and refused(context):
            return verdict.reason, pending.about_template(verdict)
    if (write := _waits_for_write(context)) and refused_writes.is_overdue(context, write[1]):
        return write[1].reason, refused_writes.words(write)
    if left_behind.starts(context):
        return None
    if last is not None and (behind := left_behind.why(context, last)):
        return behind
    if context.observed.name_conflicts:
        i, who = next(iter(sorted(context.observed.name_conflicts.items())))
        return "PodNameConflict", f"instance {i}: {who}"
    for revision, ids in context.assigned.items():
        if revision not in context.observed.revisions and revision != context.observed.revision:
            whose = f"instance{'' if len(ids) == 1 else 's'} {ids}"
            words = (
                f"ControllerRevision {revision} is gone: a lost pod of {whose} cannot be created "
            )
            return "RevisionMissing", f"{words}again; update to a revision that exists"
    lingering = termination.of(termination.left(context), context.now)
    if lingering and lingering.stuck:
        return "WaitingForTermination", lingering.message
    for refused_action in refused_actions.of_pods(context):
        if refused_actions.is_stuck(context, refused_action):
            return refused_action.refusal.reason, refused_actions.words(refused_action)
    deadline = unavailable.creation_deadline(context)
    if deadline is not None and deadline <= context.now:
        return _reconciling(context)
    overdue = sorted(i for i, at in unavailable.deadlines(context) if at <= context.now)
    if not overdue:
        return None
    if unavailable.flaps(context, i := overdue[0]):
        seconds = context.job.spec.min_ready_seconds
        return (
            "InstanceNotReady",
            f"instance {i}: Ready at times, but never for {seconds}s in a row",
        )
    return unavailable.why(context, i) or ("InstanceNotReady", unavailable.trouble(context, i))


def _progress(context: Context) -> tuple[str, str]:
    down = context.intended - context.available - context.frozen
    message = f"{len(context.available)} of {len(context.intended)} instances available"
    if lingering := termination.of(termination.left(context, down), context.now):
        return "WaitingForTermination", f"{message}; {lingering.message}"
    if refused_action := next(refused_actions.of_pods(context), None):
        words = refused_actions.words(refused_action)
        return refused_action.refusal.reason, f"{message}; {words}"
    for i in islice(down, LOOKED_AT):
        if why := unavailable.why(context, i):
            return why[0], f"{message}; {why[1]}"
    return "Progressing", message


def _available(context: Context) -> Wanted:
    count = len(context.intended)
    resolved = context.policy or policy.resolve(context.job.spec.update, None, count)
    least = max(min(1, count), count - max(resolved.strategy.groups))
    available = len(context.available)
    needed = "1 is" if least == 1 else f"{least} are"
    message = f"{available} of {count} instances available, {needed} needed"
    enough = available >= least and context.status.last_attempt is not None
    return Wanted(enough, "EnoughAvailable" if enough else "TooFewAvailable", message)
