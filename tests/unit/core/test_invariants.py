"""The invariants of the design hold, whatever happens and whenever the operator is killed.

Hypothesis disturbs the simulated world as user, node, watch and API server. The observer checks
every step. In the end all disturbances stop; then every Update has to end and the Job to become
quiet. In half of all runs the operator is killed after each single write.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import rule, run_state_machine_as_test

from tests.unit.core.sim.disturbed import Disturbed


class AnythingGoes(Disturbed):
    """The disturbed world, in which each decision of the operator is one step."""

    @rule(after=st.integers(0, 12), fate=st.sampled_from(["crash", "down", "lost"]))
    def doom(self, after: int, fate: str) -> None:
        """One of the next writes fails, as ``fate`` says."""
        self.world.cluster.fates.extend([self.world.cluster.fate] * after + [fate])

    @rule(count=st.integers(1, 4))
    def decide_on_a_stale_view(self, count: int) -> None:
        for _ in range(count):
            self.world.step()


PROFILE = settings(
    # What looks for new examples (`make explore`) looks longer than what sees the known ones again.
    max_examples=120 if settings.get_current_profile_name() == "ci" else 60,
    stateful_step_count=50,
    deadline=None,
    # Without "explain": it traces every line, and a failure would take an hour to report.
    phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink),
    suppress_health_check=[HealthCheck.too_slow],
)


@pytest.mark.timeout(900)  # Shrinking a failing example takes long.
def test_the_invariants_hold_whatever_happens() -> None:
    AnythingGoes.steps = 0
    run_state_machine_as_test(AnythingGoes, settings=PROFILE)
    assert AnythingGoes.steps >= 2_000
