"""Quantiles of what the operator's own histograms say."""

from __future__ import annotations

from collections import Counter
from math import inf

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from controller.metrics import Metrics
from hack.bench.histogram import buckets, quantile


def test_the_operators_histogram_is_understood() -> None:
    metrics = Metrics(CollectorRegistry(), version="1")
    for seconds, result in ((0.002, "success"), (0.02, "error"), (99.0, "success")):
        metrics.reconciled("EchelonJob", result, seconds)
    found = buckets(generate_latest(metrics.registry).decode(), "echelon_reconcile_seconds")
    assert (found[0.001], found[0.003], found[0.03], found[30.0], found[inf]) == (0, 1, 2, 2, 3)


@pytest.mark.parametrize(
    ("q", "value"), [(0.25, 0.5), (0.5, 1.0), (0.75, 2.0), (0.9, 2.0), (1.0, 2.0)]
)
def test_a_quantile_is_linear_within_its_bucket(q: float, value: float) -> None:
    counts = Counter({1.0: 4, 2.0: 6, inf: 8})
    assert quantile(counts, q) == pytest.approx(value)


def test_without_observations_there_is_none() -> None:
    assert quantile(Counter({1.0: 0, inf: 0}), 0.5) == 0
    assert quantile(Counter(), 0.99) == 0
