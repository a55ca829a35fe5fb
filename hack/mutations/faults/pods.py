"""Faults in how the core reads pods, and in what it does to them."""

from __future__ import annotations

from typing import Final

from hack.mutations.fault import Fault

_CORE: Final = "controller/core"
_TESTS: Final = "tests/unit/core"

FAULTS: Final = (
    # pods
    Fault(
        file=f"{_CORE}/pods/facts.py",
        old="if pod.deleted is not None or uid in under_way.going:",
        new="if pod.deleted is not None:",
        breaks="A delete under way is not assumed, so a late watch makes the operator repeat it.",
        tests=(f"{_TESTS}/pods/test_index.py",),
    ),
    Fault(
        file=f"{_CORE}/pods/facts.py",
        old='f"at:{pod.revision}"',
        new='f"at:{pod.changing_to or pod.revision}"',
        breaks="A pod whose resize was only announced counts as one of the new revision.",
        tests=(f"{_TESTS}/pods/test_facts.py",),
    ),
    Fault(
        file=f"{_CORE}/pods/index.py",
        old="if known is None or known.uid != uid:",
        new="if known is None:",
        breaks="The late end of a pod takes the successor that has its name out of the index.",
        tests=(f"{_TESTS}/pods/test_index.py",),
    ),
    Fault(
        file=f"{_CORE}/pods/facts.py",
        old="return now.restarts > before.restarts or",
        new="return now.restarts >= before.restarts or",
        breaks="Every new version of a pod counts as an interruption, so a builtin gate fails.",
        tests=(f"{_TESTS}/pods/test_index.py",),
    ),
    Fault(
        file=f"{_CORE}/pods/backoff.py",
        old="0 if _was_healthy(pod) else pod.remade + 1",
        new="0 if _was_healthy(pod) else 1",
        breaks="The pauses before a pod that ends again and again do not grow.",
        tests=(f"{_TESTS}/rollout/test_outage.py",),
    ),
    Fault(
        file=f"{_CORE}/pods/backoff.py",
        old="return surely_past(stopped_at(pod), pause) if pause",
        new="return stopped_at(pod) + pause if pause",
        breaks="A back-off ends up to a second early, because a stamp is cut to whole seconds.",
        tests=(f"{_TESTS}/rollout/test_outage.py",),
    ),
    Fault(
        file=f"{_CORE}/pods/sighting.py",
        old="moments.append(min(max(stamp, pod.created), max(now, pod.created)))",
        new="moments.append(max(stamp, pod.created))",
        breaks="A node whose clock is ahead makes a pod Ready in the future, and never good.",
        tests=(f"{_TESTS}/pods/test_sighting.py",),
    ),
    Fault(
        file=f"{_CORE}/pods/sighting.py",
        old="            moments.append(now)",
        new="            moments.append(stamp)",
        breaks="A node whose clock is behind lets a pod skip minReadySeconds.",
        tests=(f"{_TESTS}/pods/test_sighting.py",),
    ),
    Fault(
        file=f"{_CORE}/pods/identity.py",
        old="return labelled and (owner is None or (owner.kind, owner.name) == (KIND, job))",
        new="return labelled",
        breaks="A pod of another controller that carries our label is taken for one of ours.",
        tests=(f"{_TESTS}/pods/test_identity.py",),
    ),
    # revisions
    Fault(
        file=f"{_CORE}/revisions/revision.py",
        old="for k, v in node.items() if nulls or v is not None}",
        new="for k, v in node.items()}",
        breaks="A field that is null makes a new revision, and so an Update that changes nothing.",
        tests=(f"{_TESTS}/revisions/test_revision.py",),
    ),
    Fault(
        file=f"{_CORE}/revisions/revision.py",
        old='*("uid", "resourceVersion",',
        new='*("uid",',
        breaks="A template copied from a live pod keeps resourceVersion, and every create fails.",
        tests=(f"{_TESTS}/revisions",),
    ),
    Fault(
        file=f"{_CORE}/revisions/changeable_in_place.py",
        old="        if images and resources:",
        new="        if images or resources:",
        breaks="A change of images alone replaces pods that were to be changed in place.",
        tests=(f"{_TESTS}/revisions/test_changeable_in_place.py",),
    ),
    # replacement
    Fault(
        file=f"{_CORE}/replacement/creation.py",
        old="if refusal is not None and refusal.until > context.now:",
        new="if refusal is not None and refusal.until < 0:",
        breaks="A refused create is repeated at once, without its back-off.",
        tests=(f"{_TESTS}/replacement/test_pods.py",),
    ),
    Fault(
        file=f"{_CORE}/replacement/creation.py",
        old="    if series.resume_at > context.now:\n        return None\n",
        new="",
        breaks="A pod that crashes or is evicted again and again is created again without a pause.",
        tests=(f"{_TESTS}/rollout/test_outage.py",),
    ),
    Fault(
        file=f"{_CORE}/replacement/disruption.py",
        old="max(0, limit - len(down))",
        new="max(0, limit - len(down) + 1)",
        breaks="One instance more than maxUnavailable is taken down.",
        tests=(f"{_TESTS}/replacement/test_disruption.py",),
    ),
    Fault(
        file=f"{_CORE}/replacement/disruption.py",
        old="if not others_down and not context.view.terminating",
        new="if not context.view.terminating",
        breaks="Outside an Update a pod is disrupted while another instance is down.",
        tests=(f"{_TESTS}/replacement/test_disruption.py",),
    ),
    Fault(
        file=f"{_CORE}/replacement/creation.py",
        old="context.intended - view.occupied - view.twin.occupied",
        new="context.intended - view.occupied",
        breaks="A second pod of an instance is created while one lives in its other slot.",
        tests=(f"{_TESTS}/rollout/test_surge.py",),
    ),
    Fault(
        file=f"{_CORE}/replacement/pods.py",
        old="for i in view.ended & context.intended - self._unstored:",
        new="for i in view.ended & context.intended:",
        breaks="A pod that ended is deleted before its failure is stored, which is then forgotten.",
        tests=(f"{_TESTS}/test_writes.py",),
    ),
    Fault(
        file=f"{_CORE}/replacement/creation.py",
        old="missing -= (direction.not_started & direction.created) - startable",
        new="pass",
        breaks="The instances that an Update adds are created before their turn in the strategy.",
        tests=(f"{_TESTS}/progress/test_advance.py",),
    ),
    Fault(
        file=f"{_CORE}/replacement/pods.py",
        old="            if at <= context.now:\n                yield replace(",
        new="            if at:\n                yield replace(",
        breaks="A stuck pod is deleted by force before terminationTimeoutSeconds are over.",
        tests=(f"{_TESTS}/test_moments.py",),
    ),
    Fault(
        file=f"{_CORE}/replacement/sla.py",
        old="max(0, len(context.counting - taken) - self.least)",
        new="max(0, len(context.counting - taken) - self.least + 1)",
        breaks="One instance more than spec.sla allows is taken down.",
        tests=(f"{_TESTS}/replacement/test_sla.py",),
    ),
    Fault(
        file=f"{_CORE}/replacement/budget.py",
        old="return 0 if going or _pending(context) else 1, REASON, words",
        new="return len(context.intended), REASON, words",
        breaks="Several pods are evicted at a time under one disruption budget.",
        tests=(f"{_TESTS}/replacement/test_budget.py",),
    ),
    Fault(
        file=f"{_CORE}/replacement/creation.py",
        old="if (instance, surge) in context.disrupted:",
        new="if False:",
        breaks="The disruption controller takes the successor of an evicted pod for that pod.",
        tests=(f"{_TESTS}/replacement/test_budget.py",),
    ),
    Fault(
        file=f"{_CORE}/replacement/repair.py",
        old="        if repairing or (undo",
        new="        if (undo",
        breaks="A repair is sent again by every decision until the watch shows the first one.",
        tests=(f"{_TESTS}/refusals/test_actions.py",),
    ),
    Fault(
        file=f"{_CORE}/replacement/in_place.py",
        old="if pod.uid in context.observed.in_place_refused:",
        new="if not pod.uid:",
        breaks="A change in place that the API server finds invalid is repeated for ever.",
        tests=(f"{_TESTS}/replacement/test_in_place.py",),
    ),
    Fault(
        file=f"{_CORE}/replacement/in_place_patch.py",
        old="counts[name] = _count(status) + due",
        new="counts[name] = _count(status)",
        breaks="The restart that a change in place makes counts as a failure of the new version.",
        tests=(f"{_TESTS}/replacement/test_in_place_patch.py",),
    ),
    Fault(
        file=f"{_CORE}/replacement/in_place_patch.py",
        old='"uid": meta["uid"], "resourceVersion": meta["resourceVersion"]}',
        new='"uid": meta["uid"]}',
        breaks="A change in place does not name the version of the pod that was decided on.",
        tests=(f"{_TESTS}/replacement/test_in_place_patch.py",),
    ),
    Fault(
        file="controller/api/pods/resizing.py",
        old="            return generation < int(after)",
        new="            return False",
        breaks="A pod whose resize was announced, and not made, counts as resized.",
        tests=("tests/unit/api/pods/test_resizing.py",),
    ),
    Fault(
        file=f"{_CORE}/replacement/repair.py",
        old="        if repairing or (undo and pod.instance in resized):",
        new="        if repairing or undo:",
        breaks="After an abort a pod says for ever that it is at a revision it never had.",
        tests=("tests/unit/core/test_half_made_resize.py",),
    ),
    Fault(
        file=f"{_CORE}/replacement/repair.py",
        old=" or (undo and pod.instance in resized):",
        new=":",
        breaks="A resize that is due is taken back and made at the same time.",
        tests=("tests/unit/core/test_half_made_resize.py",),
    ),
)
