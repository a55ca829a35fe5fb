"""The claims of instances that are made before a pod (contract part 2 §10).

An instance's pod is created when all its claims exist. A claim that is being deleted, or that goes
with an earlier pod of the instance, is waited for: a new one is made when that one is gone.
"""

from __future__ import annotations

from collections.abc import Iterator

from controller.api.claims import name_of
from controller.api.ids import NONE, Ids
from controller.core.model.claims import MakeClaims
from controller.core.model.context import Context
from controller.core.model.limits import TEMPLATES_COMPARED
from controller.core.model.plan import CreatePod
from controller.core.pods.facts import EVERY
from controller.core.revisions.claims import mounted
from controller.core.rollout.claims import goes, makes, needed


def unread(context: Context) -> str | None:
    """A revision that must be read before it is known which claims its missing pods need. Returns
    None if there is none, or if there are more than the operator compares."""
    if not context.job.spec.has_claims:
        return None
    missing = context.intended - context.view.occupied
    names = {r for r, ids in context.assigned.items() if ids & missing}
    if len(names) > TEMPLATES_COMPARED:
        return None
    names &= set(context.observed.revisions)
    return min(names - set(context.observed.templates), default=None)


def before(context: Context, create: CreatePod) -> CreatePod | MakeClaims | None:
    """What comes first: the creation of claims, or of the pod. Returns None if both must wait."""
    claims, i = context.observed.claims, create.instance
    if not (names := needed(context, create.revision, i)):
        return create
    if not claims.followed or i in claims.making:
        return None
    if missing := makes(context, i, names):
        return MakeClaims(i, missing)
    return None if any(goes(context, claims.known[n, i]) for n in names) else create


def unseen(context: Context) -> Iterator[MakeClaims]:
    """The claims that pods mount and the operator does not see: somebody deleted them before the
    pod had a node, or another controller made them and their pod was adopted."""
    observed, view, claims = context.observed, context.view, context.observed.claims
    if not context.job.spec.has_claims or not claims.followed:
        return
    for revision, ids in view.at.items():
        pods = ids & view.alive & context.intended - claims.making
        if revision not in observed.templates:
            # What such a pod mounts is not known; only without its claims it has no node.
            pods = Ids(i for i in pods - view.ready if not view.pod(i).node)
        for i in pods - _with_all(context, revision):
            refusal = observed.refusals.get(i)
            names = makes(context, i, needed(context, revision, i))
            if names and (refusal is None or refusal.until <= context.now):
                yield MakeClaims(i, names)


def _with_all(context: Context, revision: str) -> Ids:
    """Ids that have each claim which a pod of a revision may mount, of all that exist."""
    present, data = context.observed.claims.present, context.observed.templates.get(revision)
    templates = context.job.spec.volume_claim_templates
    names = mounted(data) if data is not None else {name_of(each) for each in templates}
    have = EVERY
    for name in names:
        have &= present.get(name, NONE)
    return have
