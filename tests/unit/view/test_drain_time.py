"""How long a drain takes, and from what that is estimated."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from controller.api.job import Job
from controller.api.maintenance import MaintenanceSpec
from controller.api.meta import format_time
from controller.api.update import Update
from controller.view.drain_time import Pace, drain_time, pace
from controller.view.node_plan import World
from tests.unit.ui.objects import NOW, job, update
from tests.unit.view.test_node_plan import SURGE, at_least, web

KEY = ("shop", "web")


def done(name: str, took: float, ago: float, total: int = 4, size: int = 1, **more: Any) -> Update:
    """An Update that rolled forward in groups of ``size``."""
    strategy = {"type": "Batch", "groups": [size]}
    status: dict[str, Any] = {
        "phase": "RolledForward",
        "startedAt": format_time(NOW - ago - took),
        "finishedAt": format_time(NOW - ago),
        "counts": {"total": total, "updated": total},
        "policy": {"strategy": strategy, **more},
    }
    return Update.model_validate(update(name) | {"status": status})


def a_job(min_ready: int = 10) -> Job:
    raw = job()
    raw["spec"]["minReadySeconds"] = min_ready
    return Job.model_validate(raw)


def test_a_step_takes_as_long_as_a_group_of_the_last_updates() -> None:
    past = [done("a", 40, 300), done("b", 80, 200, size=2), done("c", 20, 100)]
    found = pace(a_job(), past)
    assert found == Pace(10.0, "10 s a step, as a group of its last 3 updates took")


def test_only_updates_that_completed_say_something() -> None:
    bad = done("a", 40, 300)
    failed = bad.model_copy(
        update={"status": bad.status.model_copy(update={"phase": "RolledBack"})}
    )
    found = pace(a_job(7), [failed])
    assert found.seconds == 7
    assert "minReadySeconds (7 s)" in found.source


def test_the_watch_at_the_end_of_an_update_is_no_part_of_a_step() -> None:
    found = pace(a_job(), [done("a", 100, 10, watchAfterSeconds=60)])
    assert found.seconds == 10.0


def test_steps_and_nodes_add_up() -> None:
    # Three instances of six on n1, two on n2, one on n3; one may go at a time.
    world = web("n1", "n1", "n1", "n2", "n2", "n3", sla=at_least(5))
    paces = {KEY: Pace(10.0, "measured")}
    found = drain_time(world, ["n1", "n2"], paces)
    assert found is not None
    assert found.seconds == 50
    assert found.source == (
        "2 nodes, 1 at a time; the slowest is Job shop/web, 1 instance at a time: measured"
    )
    wide = replace(world, spec=MaintenanceSpec(nodes=("n1",), max_concurrent_nodes="100%"))
    found = drain_time(wide, ["n1", "n2"], paces)
    assert found is not None
    assert found.seconds == 50, "the agreement holds over all nodes together"


def test_before_the_next_step_what_was_moved_must_be_available_long_enough() -> None:
    world = web("n1", "n1", "n2", sla=at_least(2, 60))
    found = drain_time(world, ["n1", "n2"], {KEY: Pace(10.0, "measured")})
    assert found is not None
    # n1: two steps and a wait between them; n2: a wait and a step.
    assert found.seconds == 10 + 60 + 10 + 60 + 10
    assert "which then must be available for 60 s" in found.source


def test_nodes_at_the_same_time_take_as_long_as_the_slowest_job() -> None:
    world = web("n1", "n2", sla=at_least(0))
    spec = MaintenanceSpec(nodes=("n1",), max_concurrent_nodes=2)
    found = drain_time(replace(world, spec=spec), ["n1", "n2"], {KEY: Pace(10.0, "measured")})
    assert found is not None
    assert found.seconds == 10


def test_a_surge_makes_all_new_pods_at_once_and_then_waits_until_they_count() -> None:
    world = web("n1", "n1", "n1", "n2", sla=at_least("100%", 60), update=SURGE)
    found = drain_time(world, ["n1", "n2"], {KEY: Pace(10.0, "measured")})
    assert found is not None
    assert found.seconds == 2 * (10 + 60)
    assert "all instances at a time, each beside its new pod, which then must" in found.source


def test_max_unavailable_makes_more_steps() -> None:
    world = web("n1", "n1", "n1", "n1", sla=at_least(0), update={"maxUnavailable": 2})
    found = drain_time(world, ["n1"], {KEY: Pace(10.0, "measured")})
    assert found is not None
    assert (found.seconds, "2 instances at a time" in found.source) == (20, True)


def test_what_a_coordinator_takes_is_not_known() -> None:
    sla = {"minAvailable": 0, "coordinator": {"url": "https://consent.shop.svc/may"}}
    found = drain_time(web("n1", sla=sla), ["n1"], {KEY: Pace(10.0, "measured")})
    assert found is not None
    assert found.source.endswith("takes to allow each is added")


def test_nothing_to_move_takes_no_time() -> None:
    world: World = web("n1")
    assert drain_time(world, ["empty", "never"], {KEY: Pace(10.0, "measured")}) is None
