"""Whatever happens, and whenever the operator dies: the invariants of the design hold.

Hypothesis plays user, node, watch and fate against the simulated world. The observer looks at every
step; in the end all disturbances stop, and every Update has to end and the Job to become quiet.
In half of all runs the operator dies after each single write.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import rule, run_state_machine_as_test

from tests.unit.core.sim.disturbed import Disturbed


class AnythingGoes(Disturbed):
    """An operator whose every decision is one step."""

    @rule(after=st.integers(0, 12), fate=st.sampled_from(["crash", "down", "lost"]))
    def doom(self, after: int, fate: str) -> None:
        """One of the next writes goes wrong."""
        self.world.cluster.fates.extend([self.world.cluster.fate] * after + [fate])

    @rule(count=st.integers(1, 4))
    def decide_on_a_stale_view(self, count: int) -> None:
        for _ in range(count):
            self.world.step()


PROFILE = settings(
    max_examples=250,
    stateful_step_count=50,
    deadline=None,
    # Not explain: it traces every line, which makes a failure take an hour to tell.
    phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink),
    suppress_health_check=[HealthCheck.too_slow],
)


@pytest.mark.timeout(900)  # To find the smallest failing case takes its time.
def test_anything_goes() -> None:
    AnythingGoes.steps = 0
    run_state_machine_as_test(AnythingGoes, settings=PROFILE)
    assert AnythingGoes.steps >= 10_000
