"""A status with 10,000 instances, alternating ids and 50 long failures stays below 200 KiB."""

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


def status_of(**changes: Any) -> UpdateStatus:
    return UpdateStatus(failures=(FAILURE,) * 50, history=(ENTRY,) * 50, **changes)


def mixed(*parts: Ids) -> tuple[RevisionRange, ...]:
    return tuple(RevisionRange(revision=f"web-{i}", instances=p) for i, p in enumerate(parts))


def size(status: UpdateStatus, spec: UpdateSpec) -> int:
    return len(json.dumps(wire(Update(metadata=UpdateMeta(name="web"), spec=spec, status=status))))


WHOLE = status_of(
    from_=mixed(EVEN, ODD),
    to=Target(revision="web-2", instances=ALL),
    batch=BatchStatus(index=1, instances=EVEN, started_at=1.0),
    instances=InstanceSets(updating=QUARTERS[0], updated=QUARTERS[1], failed=QUARTERS[2]),
    failure_counts={"1": EVEN, "2": ODD},
)
#: Larger than any real status: four sets of alternating ids, and every id failed before.
LARGEST = status_of(
    from_=mixed(EVEN, ODD),
    batch=BatchStatus(index=1, instances=EVEN, started_at=1.0),
    instances=InstanceSets(
        updating=QUARTERS[0], updated=QUARTERS[1], failed=QUARTERS[2], rolling_back=QUARTERS[3]
    ),
    failure_counts={"1": EVEN, "2": ODD},
)
PARTIAL = status_of(
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
def test_the_largest_statuses_are_cut_to_the_limit(
    status: UpdateStatus, spec: UpdateSpec, failures: int
) -> None:
    small = fitted(status)
    assert size(status, spec) > 185_000, "the status is too small for this test"
    assert size(small, spec) < LIMIT - 4 * 1024
    assert (small.instances, small.failures) == (status.instances, (FAILURE,) * failures)
    assert len(small.history) >= KEPT


def test_a_status_that_fits_is_not_cut() -> None:
    status = status_of(from_=mixed(ALL), to=Target(revision="web-2", instances=ALL))
    assert fitted(status) is status
    alternating = status_of(from_=mixed(ALL), instances=InstanceSets(updating=EVEN, failed=ODD))
    assert fitted(alternating) is alternating


@given(st.sets(st.integers(0, 9_999), max_size=300))
def test_the_weight_of_ids_is_at_least_the_length_of_their_range_string(numbers: set[int]) -> None:
    ids = Ids(numbers)
    assert len(str(ids)) <= ids.weight()
