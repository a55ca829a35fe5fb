from __future__ import annotations

import pytest

from hack.bench.figures import Figure


@pytest.mark.parametrize(
    ("value", "limit", "met"), [(1.3, 1.3, True), (1.31, 1.3, False), (5.0, None, None)]
)
def test_a_target_is_met_up_to_its_limit(value: float, limit: float | None, met: object) -> None:
    figure = Figure("roll", "ratio", value, "×", limit=limit)
    assert figure.met is met
    assert figure.json()["met"] is met
