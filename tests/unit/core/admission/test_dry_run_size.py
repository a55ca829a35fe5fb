"""The plan of the largest Job: its size in bytes, and how the time to compute it grows."""

from __future__ import annotations

import json

import pytest

from controller.api.ids import Ids
from controller.api.meta import wire
from controller.api.preview import UpdatePlan
from controller.api.update import Phase, UpdateStatus
from controller.core.admission.dry_run import MAX_GROUPS, preview
from tests.unit.core.admission.test_dry_run import ODD, OLD, UPDATE, case_of, draft_of, groups, ids
from tests.unit.growth import growth

#: Ten times as many instances take about ten times as long. In proportion to the square of their
#: number it would be a hundred.
MOST = 30


@pytest.mark.parametrize("replacement", ["Recreate", "InPlace"])
def test_ten_thousand_alternating_ids(replacement: str) -> None:
    """An Update of the whole Job: half of the pods down, two revisions, two replacement kinds."""

    def planned(instances: int) -> tuple[UpdateStatus, UpdatePlan]:
        evens, odds = Ids(range(0, instances, 2)), Ids(range(1, instances, 2))
        context = case_of({OLD: evens, ODD: odds}, dead=odds)
        strategy = {"type": "Batch", "size": "50%"}
        draft = draft_of(context, f"0-{instances - 1}", strategy=strategy, replacement=replacement)
        plan = preview(context, UPDATE, draft, restart=False)
        assert groups(plan) == [str(odds), str(evens)]
        return draft, plan

    assert size_of(*planned(10_000)) < 200 * 1024
    assert growth(lambda: planned(1000), lambda: planned(10_000)) < MOST


def test_a_partial_update_of_ten_thousand_alternating_ids() -> None:
    evens, odds = Ids(range(0, 10_000, 2)), Ids(range(1, 10_000, 2))
    context = case_of({OLD: evens, ODD: odds})
    strategy = {"type": "Queue", "size": "2%"}
    draft = draft_of(context, str(odds), str(odds), strategy=strategy)
    plan = preview(context, UPDATE, draft, restart=False)
    assert len(plan.groups.first) == MAX_GROUPS
    # The spec counts twice, because kubectl stores the applied object in an annotation.
    assert size_of(draft, plan) + 2 * len(str(odds)) < 200 * 1024


def size_of(draft: UpdateStatus, plan: UpdatePlan) -> int:
    """Bytes of the Update with everything that admission and the dry run write."""
    status = draft.model_copy(update={"plan": plan, "phase": Phase.PLANNED})
    return len(json.dumps(wire(UPDATE.model_copy(update={"status": status}))))


def test_the_time_to_plan_grows_with_the_number_of_groups() -> None:
    def planned(groups: int) -> None:
        context = case_of(ids({OLD: f"0-{groups - 1}"}))
        sizes = {"type": "VariableBatch", "sizes": [1] * 100}
        draft = draft_of(context, f"0-{groups - 1}", strategy=sizes)
        plan = preview(context, UPDATE, draft, restart=False)
        assert plan.groups.count == groups
        assert wire(plan.groups)["sizes"] == [{"size": 1, "times": groups}]

    assert growth(lambda: planned(1000), lambda: planned(10_000)) < MOST
