"""How raw objects are read for the picture."""

from __future__ import annotations

from controller.cli.live.snapshot import Happening, flying, happening, newest
from controller.cli.live.words import ended
from controller.view.instances import State
from tests.unit.cli.live import scenes
from tests.unit.cli.live.objects import NOW, at, pod


def test_an_event_of_the_operator() -> None:
    raw = {
        "metadata": {"name": "x", "creationTimestamp": at(9)},
        "eventTime": at(8),
        "series": {"count": 3, "lastObservedTime": at(2)},
        "regarding": {"kind": "Update", "name": "web-g4"},
        "reason": "RollingBack",
        "note": "because",
        "type": "Warning",
    }
    assert happening(raw) == Happening(NOW - 2, "web-g4", "RollingBack", "because", True, 3)


def test_an_event_of_the_kubelet() -> None:
    raw = {
        "metadata": {"name": "x", "creationTimestamp": at(90)},
        "eventTime": None,
        "deprecatedLastTimestamp": at(5),
        "deprecatedCount": 7,
        "regarding": {"kind": "Pod", "name": "web-3"},
        "reason": "BackOff",
        "note": "Back-off",
        "type": "Warning",
    }
    assert happening(raw) == Happening(NOW - 5, "web-3", "BackOff", "Back-off", True, 7)


def test_an_event_without_anything() -> None:
    assert happening({"metadata": {"name": "x"}}) == Happening(0.0, "", "", "")


def test_the_newest_events_come_first() -> None:
    found = [Happening(float(i), "", "", str(i)) for i in range(9)]
    assert [each.message for each in newest(found, 2)] == ["8", "7"]


def test_instances_in_flight_with_trouble_first() -> None:
    rows = flying(scenes.running())
    assert [(row.instance, row.state) for row in rows] == [
        (9, State.STARTING),
        (10, State.STARTING),
        (11, State.PENDING),
    ]
    assert rows[0].message.startswith("Unhealthy")


def test_nothing_is_in_flight_after_the_end() -> None:
    assert flying(scenes.crashed("RolledBack")) == []


def test_containers_that_ended_badly() -> None:
    bad, good = {"terminated": {"exitCode": 3}}, {"terminated": {"exitCode": 0}}
    waits = {"waiting": {"reason": "CrashLoopBackOff"}}
    runs: dict[str, dict[str, str]] = {"running": {}}
    made = pod(
        1,
        9,
        initContainerStatuses=[{"name": "init", "state": bad, "restartCount": 1}],
        containerStatuses=[
            {"name": "waits", "state": waits, "lastState": bad, "restartCount": 2},
            {"name": "again", "state": runs, "lastState": bad, "restartCount": 3},
            {"name": "well", "state": runs},
            {"name": "done", "state": good, "lastState": bad},
        ],
    )
    # The log of a container that runs again is not that of the one that ended.
    assert ended(made) == [("init", 1, False), ("waits", 2, False), ("again", 3, True)]
