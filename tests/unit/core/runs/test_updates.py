"""An Update of a Job that has runs is rejected."""

from __future__ import annotations

import pytest

from controller.api.meta import UpdateMeta
from controller.api.update import Phase, Update, UpdateSpec
from tests.unit.core.runs.world import World


@pytest.mark.parametrize("kind", ["Adhoc", "Cron"])
def test_it_is_rejected_with_a_reason(kind: str) -> None:
    world = World.of(kind)
    meta = UpdateMeta(name="mine", namespace="shop", uid="u1", generation=1)
    world.updates["mine"] = Update(metadata=meta, spec=UpdateSpec(job="web"))
    world.settle()
    status = world.updates["mine"].status
    assert (status.phase, status.reason) == (Phase.REJECTED, "NotSupported")
    assert kind in (status.message or "")
