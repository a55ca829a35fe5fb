"""What the demo's picture shows of an instance and of an update."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from hack.demo.scene import Scene, State, Tile, scene
from hack.demo.screen import describe
from hack.demo.view import View, fitting
from tests.unit.demo.objects import Object, job, pod, update

NOW = 100.0


def tile(shown: Object | None, **status: object) -> Tile:
    return scene(job(1), update(**status), [shown] if shown else [], NOW).tiles[0]


@pytest.mark.parametrize(
    ("shown", "state"),
    [
        (None, State.ABSENT),
        (pod(0, ready_at=None), State.STARTING),
        (pod(0, ready_at=99), State.READY),
        (pod(0, ready_at=98), State.GOOD),
        (pod(0, ready_at=50, deleted=True), State.STOPPING),
    ],
)
def test_state_of_an_instance(shown: Object | None, state: State) -> None:
    assert tile(shown).state is state


def test_an_instance_that_failed_is_marked_also_after_it_was_put_back() -> None:
    failures = [{"instance": 0, "reason": "ReadyTimeout"}]
    down = tile(pod(0, ready_at=None), instances={"failed": "0"}, failures=failures)
    assert (down.state, down.has_failures) == (State.FAILED, True)
    back = tile(pod(0, ready_at=1), instances={"rolledBack": "0"}, failures=failures)
    assert (back.state, back.has_failures) == (State.GOOD, True)


def test_an_instance_more_than_is_wanted_is_shown_while_it_lives() -> None:
    seen = scene(job(1), None, [pod(0), pod(1, deleted=True)], NOW)
    assert [each.instance for each in seen.tiles] == [0, 1]


def test_in_one_line() -> None:
    status = {
        "phase": "RollingForward",
        "counts": {"updated": 3, "total": 12},
        "batch": {"index": 1, "instances": "3-5"},
        "message": "3 of 12 instances updated; instance 4: ImagePullBackOff",
    }
    assert describe(scene(job(), update(**status), [], NOW)) == (
        "web-g2  RollingForward  batch 2 (3-5)  3 of 12 updated  instance 4: ImagePullBackOff"
    )


def test_without_an_update_the_job_speaks() -> None:
    ready = {"type": "Ready", "status": "False", "reason": "Progressing", "message": "starting"}
    seen = scene(job(conditions=[ready], availableInstances=4), None, [], NOW)
    assert describe(seen) == "Progressing  4 of 12 good  starting"


@pytest.mark.parametrize("width", [60, 80, 100, 120])
@pytest.mark.parametrize("message", ["", "short", "word " * 100])
def test_a_picture_keeps_its_size(width: int, message: str) -> None:
    lines = picture(scene(job(), update(message=message), [pod(0)], NOW), width)
    assert len(lines) == 14
    assert {len(line) for line in lines} == {fitting(width)}


def picture(seen: Scene, width: int) -> list[str]:
    shown = StringIO()
    Console(width=width, file=shown).print(View().render(seen, "web:1.0", 3.0, width))
    return shown.getvalue().splitlines()
