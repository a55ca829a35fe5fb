"""Claims in a world that plays at random: what befalls them, and what may be done to them."""

from __future__ import annotations

from controller.api.update import Update
from controller.core.model import assigned as asg
from controller.core.model.claims import BOUND
from controller.core.model.observed import Observed
from controller.core.model.plan import CreatePod, DeletePod, OwnClaim, Plan
from controller.core.overlays.variants import usable
from controller.core.revisions.claims import mounted
from tests.unit.core.sim.cluster import Cluster
from tests.unit.core.sim.ordered import created_or_removed
from tests.values import replace


def judge(cluster: Cluster, seen: Observed, plan: Plan, update: Update | None) -> None:
    """A pod is created with its claims; a claim goes only with a pod that scaling removes.
    ``update``: the active one."""
    spec = seen.job.spec
    if not spec.has_claims:
        return
    # An Update may bring back what it removes.
    stay = asg.ids_of(asg.read(cluster.job.status.assigned)) | created_or_removed(update)
    for action in plan.actions:
        match action:
            case CreatePod():
                data = usable(cluster.canonical(action.revision), "web", "default")
                assert data is not None
                for name in mounted(data.of_instance(action.instance).template):
                    claim = seen.claims.known.get((name, action.instance))
                    assert claim is not None, f"{action} without its claim {name}"
                    assert not claim.deleted, f"{action} with {claim}"
            case OwnClaim(pod=pod) if pod is not None:
                assert spec.claims_go_with_scale, f"{action} against the policy"
                assert action.instance not in stay, f"{action} of an instance that stays"
            case DeletePod() if spec.claims_go_with_scale and action.instance not in stay:
                _taken_along(seen, action)


def _taken_along(seen: Observed, action: DeletePod) -> None:
    for (_, instance), claim in seen.claims.known.items():
        theirs = claim.deleted or claim.controlled
        if instance == action.instance and not action.surge and not theirs:
            assert claim.pod == seen.view.pod(instance).uid, f"{action} leaves {claim} behind"


def hurt(cluster: Cluster, instance: int, how: str) -> None:
    """What somebody, or the storage, does to the claims of an instance."""
    for claim in [c for c in cluster.claims.values() if c.instance == instance]:
        match how:
            case "delete":
                cluster.delete_claim(claim)
            case "unbind":
                cluster.set_claim(replace(claim, phase="Pending"))
            case "bind":
                cluster.set_claim(replace(claim, phase=BOUND))
            case "control":
                cluster.set_claim(replace(claim, controlled=not claim.controlled))


def soothe(cluster: Cluster) -> None:
    """The storage works again."""
    cluster.claim_phase = BOUND
    for claim in list(cluster.claims.values()):
        cluster.set_claim(replace(claim, phase=BOUND))
