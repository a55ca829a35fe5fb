"""UpdateFactoryImplTest: which instances, and in which order their pods are replaced."""

from __future__ import annotations

import pytest

from tests.unit.core.aurora.stage import NEW, OLD, Stage


@pytest.mark.parametrize(
    ("before", "after", "last", "forward", "back"),
    [
        pytest.param(4, 4, 3, [0, 1, 2, 3], [3, 2, 1, 0], id="update_ordering"),
        pytest.param(4, 6, 3, [4, 5, 0, 1, 2, 3], [3, 2, 1, 0, 5, 4], id="create_ordering"),
        pytest.param(4, 2, 3, [0, 1, 2, 3], [3, 2, 1, 0], id="kill_ordering"),
    ],
)
def test_ordering(
    stage: Stage, before: int, after: int, last: int, forward: list[int], back: list[int]
) -> None:
    """testRollingForward, testRollingBack and testUpdateRemovesInstance as well: the same
    instances in both directions."""
    stage.begin(before)
    stage.start(NEW, instances=after)
    stage.run_up_to(last)
    assert stage.touched() == forward
    stage.rollback()
    stage.expect("RBK")
    stage.run_to("UNDONE")
    touched = stage.touched(back=True)
    # One that was going when the update turned has a pod until it is gone, and is changed.
    first = 2 if after < before else 0
    assert (set(touched[:first]), touched[first:]) == (set(back[:first]), back[first:])
    assert stage.images() == dict.fromkeys(range(before), OLD)


def test_roll_specific_instances(stage: Stage) -> None:
    """testRollForwardSpecificInstances, testRollBackSpecificInstances."""
    stage.begin(3, mode="Manual")
    before = stage.pods()
    stage.edit(NEW)
    stage.make(instances="1-1")
    stage.play(1, "K,A,S,R")
    stage.expect("RF", {1: "U"})
    stage.rollback()
    stage.play(1, "K,A,S,R,W")
    stage.expect("UNDONE", {1: "U RB RD"})
    assert stage.images() == dict.fromkeys(range(3), OLD)
    assert {i: stage.pods()[i] for i in (0, 2)} == {i: before[i] for i in (0, 2)}


def test_ordering_begins_with_the_unavailable(stage: Stage) -> None:
    """Not Aurora's: to replace what is down anyway costs nothing."""
    stage.begin(4)
    stage.play(2, "N")
    stage.start(NEW)
    stage.expect("RF", {2: "U"})
    stage.run_to("DONE")
    assert stage.touched() == [2, 0, 1, 3]
