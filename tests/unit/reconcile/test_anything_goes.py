"""Whatever happens between the real shell and its API server: the invariants of the design hold.

The disturbances are those of the core's own test; besides, requests and watches go wrong in every
way that `tests.unit.reconcile.sim.session` knows. The observer looks at each decision and at each
write that takes effect.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import rule, run_state_machine_as_test

from tests.unit.core.sim import chance
from tests.unit.core.sim.disturbed import Disturbed
from tests.unit.reconcile.sim import ShellWorld
from tests.unit.reconcile.sim.session import READS, WRITES

MOMENTS = st.sampled_from([0.0, 0.0, 0.01, 0.3, 1.2])


class TheShell(Disturbed):
    """The program's own parts, but for kopf and aiohttp."""

    make_world = ShellWorld
    # Its API server has none.
    has_claims = False
    mortality = 1

    @rule(after=st.integers(0, 12), fates=st.lists(st.sampled_from(WRITES), min_size=1, max_size=3))
    def doom(self, after: int, fates: list[str]) -> None:
        """Some of the next writes go wrong."""
        cluster = self.world.cluster
        cluster.fates.extend([cluster.fate] * after + fates)

    @rule(after=st.integers(0, 6), fates=st.lists(st.sampled_from(READS), min_size=1, max_size=3))
    def doubt(self, after: int, fates: list[str]) -> None:
        """Some of the next questions get no good answer."""
        self.world.network.reads.extend(["ok"] * after + fates)

    @rule(latency=MOMENTS)
    def far_away(self, latency: float) -> None:
        self.world.network.latency = latency

    @rule(kind=chance.KINDS, seconds=MOMENTS)
    def lag(self, kind: str, seconds: float) -> None:
        """The kinds are told of out of order."""
        self.world.cluster.watches.lag[kind] = seconds

    @rule(forget=st.booleans())
    def cut(self, forget: bool) -> None:
        self.world.cluster.watches.cut(forget)

    def teardown(self) -> None:
        try:
            super().teardown()
        finally:
            self.world.close()


PROFILE = settings(
    max_examples=60,
    stateful_step_count=50,
    deadline=None,
    # Not explain: it traces every line, which makes a failure take an hour to tell.
    phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink),
    suppress_health_check=[HealthCheck.too_slow],
)


@pytest.mark.timeout(900)  # To find the smallest failing case takes its time.
def test_anything_goes() -> None:
    TheShell.steps = 0
    run_state_machine_as_test(TheShell, settings=PROFILE)
    assert TheShell.steps >= 1_500
