"""Quantiles of a Prometheus histogram between two moments, as ``histogram_quantile`` computes
them."""

from __future__ import annotations

import re
from collections import Counter
from math import inf

_LE = re.compile(r'le="([^"]+)"')


def buckets(metrics: str, name: str) -> Counter[float]:
    """Cumulative number of observations by upper bound, summed over all other labels."""
    found: Counter[float] = Counter()
    for line in metrics.splitlines():
        if line.startswith(f"{name}_bucket{{") and (le := _LE.search(line)):
            found[float(le[1])] += int(float(line.rpartition(" ")[2]))
    return found


def quantile(counts: Counter[float], q: float) -> float:
    """The ``q`` quantile, interpolated linearly within its bucket. Returns the highest finite bound
    if the quantile is above it, and 0 if there are no observations."""
    rank, low, below = q * counts[inf], 0.0, 0
    for bound in sorted(counts):
        if counts[bound] >= rank and counts[bound] > below:
            if bound == inf:
                return low
            return low + (bound - low) * (rank - below) / (counts[bound] - below)
        if bound != inf:
            low, below = bound, counts[bound]
    return 0.0
