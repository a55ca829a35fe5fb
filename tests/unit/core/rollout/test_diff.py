"""Which instances an Update covers: all of Aurora's JobDiffTest, with and without a scope."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.api.ids import Ids
from controller.core.rollout.diff import Diff, diff

T, OLD, OLD2, NEW = "job-t", "job-old", "job-old2", "job-new"

# Aurora's replaced / add / same, each as a range string.
Row = tuple[dict[str, str], str, int, tuple[str, str, str], tuple[str, str, str]]
ROWS: dict[str, Row] = {
    "testNoDiff": ({T: "0-1"}, T, 2, ("", "", "0-1"), ("", "", "0-1")),
    "testInstancesAdded": ({T: "0-1"}, T, 5, ("", "2-4", "0-1"), ("", "", "0-1")),
    "testInstancesRemoved": ({T: "0-2"}, T, 1, ("1-2", "", "0"), ("", "", "0-2")),
    "testFullUpdate": ({OLD: "0-2"}, NEW, 3, ("0-2", "0-2", ""), ("0", "0", "1-2")),
    "testMultipleConfigsAndHoles": (
        {OLD: "0,4", NEW: "1", OLD2: "3"},
        NEW,
        5,
        ("0,3-4", "0,2-4", "1"),
        ("0", "0", "1,3-4"),
    ),
    "testUnchangedInstances": (
        {OLD: "0,2", NEW: "1"},
        NEW,
        3,
        ("0,2", "0,2", "1"),
        ("0", "0", "1-2"),
    ),
    "testUnchangedInstances, new×4, scope": (
        {OLD: "0,2", NEW: "1"},
        NEW,
        4,
        ("0,2", "0,2-3", "1"),
        ("0", "0", "1-2"),
    ),
}


@pytest.mark.parametrize("scoped", [False, True], ids=["no scope", "scope 0"])
@pytest.mark.parametrize("name", ROWS)
def test_job_diff(name: str, scoped: bool) -> None:
    current, revision, count, whole, canary = ROWS[name]
    found = diff(
        {revision: Ids.parse(ids) for revision, ids in current.items()},
        revision,
        Ids.span(0, count),
        Ids([0]) if scoped else None,
    )
    replaced, added = found.changed | found.removed, found.created | found.changed
    assert (str(replaced), str(added), str(found.unchanged)) == (canary if scoped else whole)


def test_created_changed_and_removed_are_told_apart() -> None:
    assert diff({OLD: Ids.parse("0,2,4-6")}, NEW, Ids.span(0, 4), None) == Diff(
        created=Ids([1, 3]), changed=Ids([0, 2]), removed=Ids([4, 5, 6]), unchanged=Ids()
    )


def test_an_id_is_removed_only_in_scope() -> None:
    found = diff({OLD: Ids.span(0, 4)}, NEW, Ids.span(0, 2), Ids([0, 3]))
    assert found == Diff(Ids(), changed=Ids([0]), removed=Ids([3]), unchanged=Ids([1, 2]))


def test_first_creation_and_scaling_to_nothing() -> None:
    assert diff({}, NEW, Ids.span(0, 3), None).created == Ids.span(0, 3)
    assert diff({NEW: Ids.span(0, 3)}, NEW, Ids(), None).removed == Ids.span(0, 3)


IDS = st.sets(st.integers(0, 40)).map(Ids)


@given(IDS, IDS, IDS, st.none() | IDS)
def test_every_id_is_in_exactly_one_set(old: Ids, new: Ids, target: Ids, scope: Ids | None) -> None:
    assigned = {OLD: old, NEW: new - old}
    found = diff(assigned, NEW, target, scope)
    sets = (found.created, found.changed, found.removed, found.unchanged)
    total = Ids(i for ids in sets for i in ids)
    assert sum(map(len, sets)) == len(total)
    assert found.covered <= (old | new | target if scope is None else scope)
    assert old | new <= total
    # Within the scope, applying the difference gives the target.
    after = (found.unchanged & (new - old)) | found.created | found.changed
    reach = old | new | target if scope is None else scope
    assert after & reach == target & reach
