"""Ten thousand instances, ids that alternate, fifty long failures: below 200 KiB all the same."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.api.ids import Ids
from controller.api.job import RevisionRange
from controller.api.meta import UpdateMeta, wire
from controller.api.update import (
    BatchStatus,
    Failure,
    HistoryEntry,
    InstanceSets,
    Phase,
    Target,
    Update,
    UpdateSpec,
    UpdateStatus,
)
from controller.core.status.size_limit import KEPT, fitted

LIMIT = 200 * 1024
ALL, EVEN, ODD = Ids(range(10_000)), Ids(range(0, 10_000, 2)), Ids(range(1, 10_000, 2))
QUARTERS = [Ids(range(i, 10_000, 4)) for i in range(4)]
FAILURE = Failure(
    instance=9999,
    attempt=9,
    reason="CrashLoopBackOff",
    message="m" * 256,
    node="n" * 63,
    exit_code=255,
    time=1.0,
)
ENTRY = HistoryEntry(
    time=1.0,
    phase=Phase.ROLL_FORWARD_AWAITING_PULSE,
    reason="AwaitingPulse",
    message="m" * 256,
    by="system:serviceaccount:a-namespace:an-account",
)


def told(**changes: Any) -> UpdateStatus:
    return UpdateStatus(failures=(FAILURE,) * 50, history=(ENTRY,) * 50, **changes)


def mixed(*parts: Ids) -> tuple[RevisionRange, ...]:
    return tuple(RevisionRange(revision=f"web-{i}", instances=p) for i, p in enumerate(parts))


def size(status: UpdateStatus, spec: UpdateSpec) -> int:
    return len(json.dumps(wire(Update(metadata=UpdateMeta(name="web"), spec=spec, status=status))))


WHOLE = told(
    from_=mixed(EVEN, ODD),
    to=Target(revision="web-2", instances=ALL),
    batch=BatchStatus(index=1, instances=EVEN, started_at=1.0),
    instances=InstanceSets(updating=QUARTERS[0], updated=QUARTERS[1], failed=QUARTERS[2]),
    failure_counts={"1": EVEN, "2": ODD},
)
#: More than can happen: each id in a set of its own kind, and each failed before.
LARGEST = told(
    from_=mixed(EVEN, ODD),
    batch=BatchStatus(index=1, instances=EVEN, started_at=1.0),
    instances=InstanceSets(
        updating=QUARTERS[0], updated=QUARTERS[1], failed=QUARTERS[2], rolling_back=QUARTERS[3]
    ),
    failure_counts={"1": EVEN, "2": ODD},
)
PARTIAL = told(
    from_=mixed(EVEN),
    to=Target(revision="web-2", instances=EVEN),
    batch=BatchStatus(index=1, instances=EVEN, started_at=1.0),
    instances=InstanceSets(updating=QUARTERS[0], updated=QUARTERS[2]),
    failure_counts={"1": QUARTERS[0], "2": QUARTERS[2]},
)


@pytest.mark.parametrize(
    ("status", "spec", "failures"),
    [
        (WHOLE, UpdateSpec(job="web"), 50),
        (PARTIAL, UpdateSpec(job="web", instances=str(EVEN), message="m" * 1024), 50),
        (LARGEST, UpdateSpec(job="web"), KEPT),
    ],
)
def test_the_largest(status: UpdateStatus, spec: UpdateSpec, failures: int) -> None:
    small = fitted(status)
    assert size(status, spec) > 185_000, "else it is not large"
    assert size(small, spec) < LIMIT - 4 * 1024
    assert (small.instances, small.failures) == (status.instances, (FAILURE,) * failures)
    assert len(small.history) >= KEPT


def test_what_fits_stays_whole() -> None:
    status = told(from_=mixed(ALL), to=Target(revision="web-2", instances=ALL))
    assert fitted(status) is status
    alternating = told(from_=mixed(ALL), instances=InstanceSets(updating=EVEN, failed=ODD))
    assert fitted(alternating) is alternating


@given(st.sets(st.integers(0, 9_999), max_size=300))
def test_the_weight_is_never_too_small(ids: set[int]) -> None:
    found = Ids(ids)
    assert len(str(found)) <= found.weight()
