"""The plan of the largest Job: its size in bytes, and the time to compute it."""

from __future__ import annotations

import json
import time

import pytest

from controller.api.ids import Ids
from controller.api.meta import wire
from controller.api.preview import UpdatePlan
from controller.api.update import Phase, UpdateStatus
from controller.core.admission.dry_run import MAX_GROUPS, preview
from tests.unit.core.admission.test_dry_run import ODD, OLD, UPDATE, case_of, draft_of, groups, ids


@pytest.mark.parametrize("replacement", ["Recreate", "InPlace"])
def test_ten_thousand_alternating_ids(replacement: str) -> None:
    """An Update of the whole Job: half of the pods down, two revisions, two replacement kinds."""
    evens, odds = Ids(range(0, 10_000, 2)), Ids(range(1, 10_000, 2))
    context = case_of({OLD: evens, ODD: odds}, dead=odds)
    strategy = {"type": "Batch", "size": "50%"}
    draft = draft_of(context, "0-9999", strategy=strategy, replacement=replacement)
    begin = time.process_time()
    plan = preview(context, UPDATE, draft, restart=False)
    assert time.process_time() - begin < 1.0
    assert groups(plan) == [str(odds), str(evens)]
    assert size_of(draft, plan) < 200 * 1024


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


def test_ten_thousand_groups_are_planned_within_a_second() -> None:
    context = case_of(ids({OLD: "0-9999"}))
    sizes = {"type": "VariableBatch", "sizes": [1] * 100}
    draft = draft_of(context, "0-9999", strategy=sizes)
    begin = time.process_time()
    plan = preview(context, UPDATE, draft, restart=False)
    assert time.process_time() - begin < 1.0
    assert plan.groups.count == 10_000
    assert wire(plan.groups)["sizes"] == [{"size": 1, "times": 10_000}]
