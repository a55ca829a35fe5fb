"""Which claims are deleted with the Job or with a pod that scaling removes (contract part 2 §10).

Owners decide when the garbage collector deletes a claim, as with a StatefulSet. With `whenDeleted:
Delete` the Job owns the claims of its instances. With `whenScaled: Delete` the pod of an instance
that scaling removes owns its claims before it is deleted. An Update that lowers the number of
instances is no scale: its rollback brings them back, and so their claims stay.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from controller.api.ids import NONE, Ids
from controller.api.pods.pod import Pod
from controller.core.model.claims import Claim, OwnClaim
from controller.core.model.context import Context
from controller.core.rollout.claims import of_former_job
from controller.core.rollout.direction import Direction
from controller.lazy import cached_property


def going(context: Context, direction: Direction | None) -> Ids:
    """Ids of instances that are removed, and whose pod was deleted before that."""
    not_started = direction.not_started if direction else NONE
    return context.view.terminating - context.intended - not_started


@dataclass(frozen=True)
class Owners:
    """``removed``: ids of instances with a pod that scaling removes now."""

    context: Context
    removed: Ids

    @property
    def _released(self) -> Ids:
        """Ids whose claims are deleted with their pod."""
        return self.removed if self.context.job.spec.claims_go_with_scale else NONE

    @cached_property
    def kept(self) -> Ids:
        """Ids whose pod must stay until it owns its claims."""
        if not self._released or not self.context.job.spec.has_claims:
            return NONE
        claims = self.context.observed.claims
        if not claims.followed:
            return self._released
        return Ids(c.instance for c in self._to_pods())

    def actions(self) -> Iterator[OwnClaim]:
        """The claims whose owners must change, unless that is under way."""
        owning = self.context.observed.claims.owning
        yield from (action for action in self._wanted() if action.uid not in owning)

    def _wanted(self) -> Iterator[OwnClaim]:
        context, claims = self.context, self.context.observed.claims
        if not context.job.spec.has_claims or not claims.followed:
            return
        with_job = context.job.spec.claims_go_with_job
        for claim in self._to_pods():
            yield _own(claim, False, context.view.pod(claim.instance))
        wanted = (context.intended | self.removed) - self._released if with_job else NONE
        for name in claims.present:
            ours = _ours(context, name)
            owned, by_pods = (of.get(name, NONE) for of in (claims.of_job, claims.of_pods))
            change = (ours & wanted) - owned | (NONE if with_job else ours & owned)
            change -= Ids(i for i in change if of_former_job(context, claims.known[name, i]))
            change |= self._back(ours & by_pods - self._released, name)
            for i in change - self._released:
                yield _own(claims.known[name, i], with_job and i in wanted | owned)

    def _to_pods(self) -> Iterator[Claim]:
        """The claims that the pod of their instance must own before it goes."""
        context, claims = self.context, self.context.observed.claims
        for name in claims.present if self._released else ():
            for i in _ours(context, name) & self._released:
                claim, pod = claims.known[name, i], context.view.pod(i)
                if pod.uid and claim.pod != pod.uid:
                    yield claim

    def _back(self, ids: Ids, name: str) -> Ids:
        """Those of ``ids`` whose claim goes with a pod that stays after all."""
        known, view = self.context.observed.claims.known, self.context.view
        # Also if the pod goes already: its claim is deleted only when the pod is gone.
        return Ids(i for i in ids & view.present if known[name, i].pod == view.pod(i).uid)


def _ours(context: Context, name: str) -> Ids:
    claims = context.observed.claims
    others = claims.deleted.get(name, NONE) | claims.controlled.get(name, NONE)
    return claims.present[name] - others


def _own(claim: Claim, job: bool, pod: Pod | None = None) -> OwnClaim:
    owner = (pod.name, pod.uid) if pod else None
    return OwnClaim(claim.instance, claim.name, claim.uid, job, owner)
