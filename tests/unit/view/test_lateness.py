"""What is said instead of a time that is left when instances do not keep the pace."""

from __future__ import annotations

from typing import Any

import pytest

from controller.api.update import Update
from controller.view.lateness import late
from controller.view.updates import progress
from tests.unit.view.raw import NOW, ago, update

QUEUE = {"type": "Queue", "groups": [1]}


def stuck(started: float = 150.0, index: int = 3, **status: Any) -> Update:
    """An Update of ten instances that took 10 s for each of three groups; since ``started`` seconds
    its fourth group is in flight."""
    base: dict[str, Any] = {
        "phase": "RollingForward",
        "startedAt": ago(started + 10 * index),
        "counts": {"total": 10, "updated": 9},
        "instances": {"updated": "0-8", "updating": "9"},
        "batch": {"index": index, "instances": "9", "startedAt": ago(started)},
        "policy": {"strategy": QUEUE, "readyTimeoutSeconds": 360},
        "minReadySeconds": 10,
    }
    return update(**{**base, **status})


def outlook(found: Update) -> str:
    return progress(found, NOW).outlook


def test_an_instance_that_never_gets_ready() -> None:
    come = progress(stuck(), NOW)
    assert come.left is None, "at the pace so far it would be 20 s"
    assert come.outlook == "instance 9 is not ready, ready deadline in 3m40s"


def test_at_the_pace_of_the_groups_before_nothing_is_late() -> None:
    assert progress(stuck(started=18.0), NOW).late is None
    assert outlook(stuck(started=18.0)) == "about 5s left"
    assert outlook(stuck(started=25.0)).startswith("instance 9 is not ready")


def test_the_first_group_has_no_pace() -> None:
    first: dict[str, Any] = {"index": 0, "counts": {"total": 10}, "instances": {"updating": "9"}}
    assert outlook(stuck(started=35.0, **first)) == ""
    assert outlook(stuck(started=45.0, **first)) == (
        "instance 9 is not ready, ready deadline in 5m25s"
    )


def test_a_slow_start_is_usual_if_it_was_so_before() -> None:
    slow = stuck(started=100.0, startedAt=ago(100.0 + 3 * 60.0))
    assert progress(slow, NOW).late is None


def test_a_second_try_has_a_deadline_of_its_own() -> None:
    failure = {"instance": 9, "attempt": 1, "reason": "ReadyTimeout", "time": ago(50)}
    again = stuck(started=420.0, failures=[failure])
    assert outlook(again) == "instance 9 is not ready, ready deadline in 5m20s"
    other = stuck(started=420.0, failures=[failure | {"instance": 2}])
    assert outlook(other) == "instance 9 is not ready, ready deadline reached"


def test_without_a_deadline() -> None:
    found = outlook(stuck(policy={"strategy": QUEUE, "readyTimeoutSeconds": 0}))
    assert found == "instance 9 is not ready, no ready deadline"


@pytest.mark.parametrize(
    ("ids", "words"), [("7-9", "instances 7-9 are not ready"), ("5-9", "5 instances are not ready")]
)
def test_several_instances(ids: str, words: str) -> None:
    batch = {"index": 3, "instances": ids, "startedAt": ago(150)}
    found = stuck(batch=batch, instances={"updating": ids})
    assert outlook(found).startswith(words)


def test_in_a_rollback_the_instances_that_roll_back_count() -> None:
    back = stuck(
        phase="RollingBack",
        turn={"time": ago(200), "phase": "RollingBack", "reason": "GateFailed"},
        instances={"rollingBack": "9", "rolledBack": "8"},
    )
    assert outlook(back).startswith("instance 9 is not ready")


def test_nothing_is_late_in_a_pause_or_between_groups() -> None:
    assert progress(stuck(phase="RollForwardPaused"), NOW).late is None
    assert late(stuck(instances={"updated": "0-9"}), 180.0, NOW) is None
    assert late(stuck(batch=None), 180.0, NOW) is None
