"""What an instance waits for, if that is one of its claims (contract part 2 §10)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

from controller.api.claims import name_of
from controller.api.ids import NONE
from controller.api.job import Job
from controller.api.pods.pod import Pod
from controller.core.model import assigned as asg
from controller.core.model.claims import LOST, Claim, Claims
from controller.core.model.context import Context
from controller.core.revisions.claims import claim_name, mounted

UNKNOWN: Final = "ClaimsUnknown"
TERMINATING: Final = "ClaimTerminating"
PENDING: Final = "ClaimPending"
IS_LOST: Final = "ClaimLost"


def needed(context: Context, revision: str, instance: int) -> tuple[str, ...]:
    """The names of the claim templates whose claims the pod of an instance mounts at ``revision``;
    those of the spec if the revision was not read."""
    spec = context.job.spec
    template = context.revisions.template(revision, instance) if spec.has_claims else None
    if template is None:
        return tuple(name_of(each) for each in spec.volume_claim_templates)
    return tuple(sorted(mounted(template)))


def template(job: Job, claims: Claims, name: str) -> dict[str, Any] | None:
    """The claim template of this name. If the spec has it no more, the claim of another instance
    stands for it: an older revision mounts it still. Returns None if there is none either."""
    for each in job.spec.volume_claim_templates:
        if name_of(each) == name:
            return each
    specs = claims.specs.get(name)
    if not specs:
        return None
    spec = max(specs, key=lambda each: (len(specs[each]), each))
    return {"metadata": {"name": name}, "spec": json.loads(spec)}


def makes(context: Context, instance: int, names: Iterable[str]) -> tuple[str, ...]:
    """Those of ``names`` whose claim the instance lacks."""
    present = context.observed.claims.present
    return tuple(name for name in names if instance not in present.get(name, NONE))


def of_former_job(context: Context, claim: Claim) -> bool:
    """Whether a Job of this name that is gone owns the claim: the garbage collector is about to
    delete it, or, if the Job was deleted with `--cascade=orphan`, to take that owner away."""
    return claim.job not in ("", context.job.metadata.uid)


def goes(context: Context, claim: Claim) -> bool:
    """Whether a claim is deleted, or will be, because a pod or a Job that is gone owns it."""
    if of_former_job(context, claim):
        return True
    return claim.deleted or (bool(claim.pod) and claim.pod not in _pods(context, claim.instance))


def _pods(context: Context, instance: int) -> frozenset[str]:
    """The uids of the instance's pods."""
    views = (context.view, context.view.twin)
    return frozenset(view.pod(instance).uid for view in views if instance in view.present)


def not_followed(claims: Claims) -> str:
    """Why the operator does not see all claims."""
    return claims.problem or "the operator begins to follow PersistentVolumeClaims"


def why(context: Context, instance: int) -> tuple[str, str] | None:
    """Reason and message of what an instance waits for, if that is a claim; else None."""
    if not context.job.spec.has_claims or instance not in context.intended:
        return None
    view, claims = context.view, context.observed.claims
    if instance in view.present:
        return of_pod(context, view.pod(instance))
    if not claims.followed:
        return UNKNOWN, f"instance {instance}: {not_followed(claims)}"
    for name in needed(context, asg.revision_of(context.assigned, instance) or "", instance):
        claim = claims.known.get((name, instance))
        if claim is not None and goes(context, claim):
            words = f"claim {claim.name} is being deleted; a new one is made when it is gone"
            return TERMINATING, f"instance {instance}: {words}"
    return None


def of_pod(context: Context, pod: Pod) -> tuple[str, str] | None:
    """The same of an instance's pod of which no container has run."""
    if pod.ran or pod.deleted is not None:
        return None
    claims, job, i = context.observed.claims, context.job.metadata.name, pod.instance
    for name in needed(context, pod.revision, i) if claims.followed else ():
        claim = claims.known.get((name, i))
        if claim is None:
            words = f"claim {claim_name(name, job, i)} does not exist"
            return PENDING, f"instance {i}: {words}{_said(pod)}"
        if i in claims.unbound.get(name, NONE):
            reason = IS_LOST if claim.phase == LOST else PENDING
            return reason, f"instance {i}: claim {claim.name} is {claim.phase}{_said(pod)}"
    return None


def _said(pod: Pod) -> str:
    return f": {pod.trouble.message}" if pod.trouble and pod.trouble.message else ""
