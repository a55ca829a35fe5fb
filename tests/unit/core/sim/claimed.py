"""A simulated world whose Job has claims."""

from __future__ import annotations

from typing import Any

from controller.core.model.claims import Claim
from tests.unit.core.sim.world import World

DATA = {"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"]}}
LOGS = {"metadata": {"name": "logs"}, "spec": {"accessModes": ["ReadWriteOnce"]}}


def world(instances: int = 3, *claims: dict[str, Any], **spec: Any) -> World:
    """A Job with these claim templates."""
    return World(instances=instances, volumeClaimTemplates=list(claims or (DATA,)), **spec)


def retention(when_scaled: str = "Retain", when_deleted: str = "Retain") -> dict[str, Any]:
    policy = {"whenScaled": when_scaled, "whenDeleted": when_deleted}
    return {"persistentVolumeClaimRetentionPolicy": policy}


def with_claims(world: World, *claims: dict[str, Any]) -> None:
    """A user changes the claim templates."""
    world.cluster.user_edit(
        lambda job: job.model_copy(
            update={"spec": job.spec.model_copy(update={"volume_claim_templates": claims})}
        )
    )


def names(world: World) -> list[str]:
    return sorted(world.cluster.claims)


def owners(world: World, template: str = "data") -> dict[int, tuple[bool, bool]]:
    """Instance -> whether the Job owns its claim, and whether a pod does."""
    found = (c for c in world.cluster.claims.values() if c.template == template)
    return {c.instance: (bool(c.job), bool(c.pod)) for c in found}


def gone(world: World, name: str) -> Claim:
    claim = world.cluster.claims[name]
    world.cluster.remove_claim(claim)
    return claim
