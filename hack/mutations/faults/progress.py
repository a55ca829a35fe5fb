"""Faults in the writes of an active Update, how it ends, and what its status says."""

from __future__ import annotations

from typing import Final

from hack.mutations.fault import Fault

_CORE: Final = "controller/core"
_TESTS: Final = "tests/unit/core"

FAULTS: Final = (
    # progress
    Fault(
        file=f"{_CORE}/progress/groups.py",
        old="asg.within(direction.goal, ids), ids & direction.removed",
        new="asg.within(direction.goal, ids), direction.removed",
        breaks="All instances that an Update removes go at once, whatever its strategy.",
        tests=(f"{_TESTS}/progress/test_advance.py",),
    ),
    Fault(
        file=f"{_CORE}/progress/groups.py",
        old="instances=direction.in_flight | ids,",
        new="instances=ids,",
        breaks="The next group of a Queue forgets the instances in flight.",
        tests=(f"{_TESTS}/progress/test_advance.py",),
    ),
    Fault(
        file=f"{_CORE}/progress/ahead.py",
        old="    if failures.increased or not startable(direction, disruption):\n",
        new="    if not startable(direction, disruption) or True:\n",
        breaks="A quick Queue runs out of instances that may start, once a second.",
        tests=(f"{_TESTS}/progress/test_ahead.py",),
    ),
    Fault(
        file=f"{_CORE}/progress/advance.py",
        old='if (results["instances"], results["counts"]) != (status.instances, status.counts):',
        new="if not results:",
        breaks="An Update ends before its last results are stored.",
        tests=(f"{_TESTS}/progress/test_advance.py",),
    ),
    Fault(
        file=f"{_CORE}/progress/advance.py",
        old="len(direction.failed) > direction.policy.max_failed_instances:",
        new="len(direction.failed) >= direction.policy.max_failed_instances:",
        breaks="An Update fails with the last failed instance that it tolerates.",
        tests=(f"{_TESTS}/rollout/test_failures.py",),
    ),
    Fault(
        file=f"{_CORE}/progress/completion.py",
        old="target and is_whole(after, target, context.frozen):",
        new="target:",
        breaks="A canary makes its revision the currentRevision of the whole Job.",
        tests=(f"{_TESTS}/admission/test_explicit.py",),
    ),
    Fault(
        file=f"{_CORE}/progress/completion.py",
        old="return not ids or (bool(there) and ids - frozen <= there)",
        new="return ids - frozen <= there",
        breaks="An Update that changes nobody, for all are frozen, makes its revision the Job's.",
        tests=(f"{_TESTS}/job/test_frozen.py",),
    ),
    Fault(
        file=f"{_CORE}/job/frozen.py",
        old="if back := _given_back(context, added):",
        new="if back := ():",
        breaks="An id of the group that is frozen before it is touched is replaced after all.",
        tests=(f"{_TESTS}/job/test_frozen_midway.py",),
    ),
    Fault(
        file=f"{_CORE}/admission/lock.py",
        old='"frozen": context.frozen - target.thawed,',
        new="",
        breaks="An Update does not take along the ids that are no longer to be frozen.",
        tests=(f"{_TESTS}/admission/test_thaw.py",),
    ),
    Fault(
        file=f"{_CORE}/rollout/direction.py",
        old="good = group & self.at_goal & self.arrived & view.good - self._unproven[0]",
        new="good = group & self.at_goal & self.arrived & view.good",
        breaks="minReadySeconds do not run from the patch of labels and annotations.",
        tests=(f"{_TESTS}/replacement/test_metadata_in_place.py",),
    ),
    Fault(
        file=f"{_CORE}/progress/completion.py",
        old='"known_bad": known_bad.after(context, update, outcome),',
        new="",
        breaks="The revision of an Update that fails without a rollback is tried again.",
        tests=(f"{_TESTS}/job/test_pending.py",),
    ),
    Fault(
        file=f"{_CORE}/progress/completion.py",
        old="elif held.name not in context.observed.gone:",
        new="elif held.name in context.observed.foreign_names:",
        breaks="An Update that the watch does not show yet counts as deleted, without a live read.",
        tests=(f"{_TESTS}/replacement/test_pods.py",),
    ),
    Fault(
        file=f"{_CORE}/progress/completion.py",
        old="return asg.moved(context.assigned, kept, uncreated)",
        new="return dict(context.assigned)",
        breaks="Instances that the Update did not touch still go to its target after its end.",
        tests=(f"{_TESTS}/rollout/test_failures.py",),
    ),
    Fault(
        file=f"{_CORE}/decide.py",
        old="    known_bad.remembered,\n",
        new="",
        breaks="A rollback that is deleted or superseded leaves its revision unknown as bad.",
        tests=(f"{_TESTS}/job/test_pending.py",),
    ),
    Fault(
        file=f"{_CORE}/progress/known_bad.py",
        old="if not failed or status.restart or own:",
        new="if not failed or own:",
        breaks="A restart that fails makes the revision that runs known bad.",
        tests=(f"{_TESTS}/job/test_known_bad.py",),
    ),
    Fault(
        file=f"{_CORE}/progress/rollback.py",
        old='        "failure_counts": {},\n',
        new="",
        breaks="Failures of the way forward count against the rollback.",
        tests=(f"{_TESTS}/progress/test_rollback.py",),
    ),
    Fault(
        file=f"{_CORE}/progress/verbs.py",
        old="not direction.backward and not update.spec.paused:",
        new="not direction.backward:",
        breaks="A paused Update rolls back although a pause wins over a rollback.",
        tests=(f"{_TESTS}/progress/test_verbs.py",),
    ),
    # status
    Fault(
        file=f"{_CORE}/status/pulse.py",
        old="if pulsed is None or int(pulsed) < int(started):",
        new="if pulsed is None:",
        breaks="A pulse from before the start lets an Update begin that nobody coordinates.",
        tests=(f"{_TESTS}/status/test_pulse.py",),
    ),
    Fault(
        file=f"{_CORE}/status/termination.py",
        old="stuck = now >= pod.deleted + CUT + STUCK_AFTER",
        new="stuck = now >= pod.deleted",
        breaks="A pod that terminates slowly makes the Update Stalled at once.",
        tests=(f"{_TESTS}/status/test_termination.py",),
    ),
    Fault(
        file=f"{_CORE}/status/update.py",
        old="conditions.RECONCILING: Wanted(active and not stuck, reason, message),",
        new="conditions.RECONCILING: Wanted(active, reason, message),",
        breaks="A stuck Update is Stalled and Reconciling at once, which kstatus forbids.",
        tests=(f"{_TESTS}/status/test_termination.py",),
    ),
    Fault(
        file=f"{_CORE}/status/group_pause.py",
        old="if direction.in_flight or not direction.pending:",
        new="if direction.in_flight:",
        breaks="An automatic pause comes after the last batch, too.",
        tests=(f"{_TESTS}/progress/test_verbs.py",),
    ),
    # refusals
    Fault(
        file=f"{_CORE}/refusals/writes.py",
        old="if refusal is not None and refusal.until > context.now else None",
        new="if refusal is not None and refusal.until < 0 else None",
        breaks="A refused write is repeated at once and stops everything else of the Job.",
        tests=(f"{_TESTS}/refusals/test_writes.py",),
    ),
    Fault(
        file=f"{_CORE}/refusals/actions.py",
        old="context.now >= refusal.since + STUCK_AFTER",
        new="context.now >= refusal.since",
        breaks="One refused delete makes the Job Stalled at once.",
        tests=(f"{_TESTS}/refusals/test_actions.py",),
    ),
    Fault(
        file=f"{_CORE}/refusals/judgement.py",
        old="longest=LONGEST if counts else BUSY), error.retry_after or 0.0)",
        new="longest=LONGEST if counts else BUSY), 0.0)",
        breaks="Retry-After of the API server is ignored.",
        tests=(f"{_TESTS}/refusals/test_judgement.py",),
    ),
    Fault(
        file=f"{_CORE}/refusals/judgement.py",
        old="return min(longest, first * 2.0 ** min(tries - 1, 20))",
        new="return first",
        breaks="The pauses after refusals do not grow.",
        tests=(f"{_TESTS}/refusals/test_judgement.py",),
    ),
    Fault(
        file=f"{_CORE}/refusals/judgement.py",
        old='return Verdict(True, "QuotaExceeded", error.words)',
        new='return Verdict(False, "QuotaExceeded", error.words)',
        breaks="A quota that is used up refuses the template.",
        tests=(f"{_TESTS}/refusals/test_judgement.py",),
    ),
    # decide
    Fault(
        file=f"{_CORE}/decide.py",
        old="held=pods.held | kept,",
        new="held=kept,",
        breaks="A refused delete is forgotten, so it is repeated without a pause.",
        tests=(f"{_TESTS}/refusals/test_actions.py",),
    ),
    Fault(
        file=f"{_CORE}/progress/carried_on.py",
        old="    if not _moves(context, update, plan) or too_new.found(context):\n",
        new="    if not _moves(context, update, plan) or not too_new.found(context):\n",
        breaks="A newer engine acts before its version is stored: after a downgrade an older one "
        "goes on with it.",
        tests=(f"{_TESTS}/progress/test_carried_on.py",),
    ),
    Fault(
        file=f"{_CORE}/decide.py",
        old="    revision.restore,\n",
        new="",
        breaks="A ControllerRevision that somebody deletes is not created again.",
        tests=(f"{_TESTS}/replacement/test_pods.py",),
    ),
    Fault(
        file=f"{_CORE}/decide.py",
        old="        refused_actions.next_moment(context),\n",
        new="",
        breaks="Nothing wakes the operator when the back-off of a refused delete ends.",
        tests=(f"{_TESTS}/refusals/test_actions.py",),
    ),
)
