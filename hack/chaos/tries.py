"""One try: a scenario, during which the operator is killed once, started again and left alone."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from hack.chaos import drained, mounting
from hack.chaos.ending import Ending, differences, ending
from hack.chaos.lane import Lane
from hack.chaos.points import Point
from hack.chaos.scenario import Scenario
from hack.devcluster.api import ApiError
from hack.devcluster.cluster import ClusterError
from hack.harness.judge import judge
from hack.harness.operator import OperatorError
from hack.harness.runs import made

#: Seconds in which a scenario's last reports must come.
_REPORTS: Final = 20.0


@dataclass(slots=True)
class Tried:
    """``reached``: whether the operator made so many writes that it was killed. ``broken``: what
    must never happen and did. ``seconds``: from the kill to the next write (None: there was nothing
    more to write). ``writes``: how many there were, if nobody was killed."""

    ending: Ending
    writes: int
    reached: bool = True
    broken: list[str] = field(default_factory=list)
    seconds: float | None = None
    victim: str = ""


def undisturbed(lane: Lane, scenario: Scenario) -> Tried:
    """The scenario without a kill."""
    return _run(lane, scenario, None, None)


def killed(lane: Lane, scenario: Scenario, point: Point, expected: Ending) -> Tried:
    """The scenario with a kill at this point. It must end as expected."""
    return _run(lane, scenario, point, expected)


def _run(lane: Lane, scenario: Scenario, point: Point | None, expected: Ending | None) -> Tried:
    lane.mark()
    killer = lane.killer
    began = time.monotonic()
    broken: list[str] = []
    try:
        scenario.setup(lane.space)
        lane.quiet()
        killer.arm(point)
        with _reviving(lane):
            try:
                scenario.play(lane.space)
                lane.quiet()
            except (AssertionError, ClusterError) as error:
                broken.append(f"it does not come to its end: {error}\n{lane.space.describe()}")
            killer.disarm()
        if broken:
            lane.plane.check(began)
        elif expected is not None:
            broken += _compared(lane, scenario, expected)
        logged = {lane.operator: lane.logged}
        broken += judge(lane.space, lane.audit, logged, only=True, users=[lane.user])
        if scenario.claims:
            broken += mounting.judge(lane.space.observer.events(), lane.requests())
        if scenario.least is not None:
            broken += _drained(lane, scenario.least)
        if killer.killed_at and not broken:
            broken += _sane(lane)
        lane.plane.check(began)
        found = now(lane)
        after = killer.next_at - killer.killed_at if killer.next_at else None
    finally:
        lane.killer.disarm()
        if not lane.operator.running:
            lane.operator.start()
        lane.clean()
    reached = point is None or bool(killer.killed_at)
    told = [f"{each}\n(killed {point.when} write {point.nth}, {killer.victim})" if point else each
            for each in broken]  # fmt: skip
    return Tried(found, killer.count, reached, told, after, killer.victim)


def _drained(lane: Lane, least: int) -> list[str]:
    space = lane.space
    job = space.sightings.get(space.name, "EchelonJob", "web") or {}
    events, asked = space.observer.events(), lane.requests()
    return drained.judge(events, asked, lane.requests_of_cluster(), job, least)


def _sane(lane: Lane) -> Iterator[str]:
    if not lane.operator.probe("healthz"):
        yield "the operator that was started again is not healthy"


@contextmanager
def _reviving(lane: Lane) -> Iterator[None]:
    """Start the operator again, once, as soon as it was killed."""
    over = threading.Event()

    def revive() -> None:
        while not over.is_set():
            if lane.killer.dead.wait(0.05):
                lane.killer.reviving()
                lane.operator.start(ready=False)
                return

    thread = threading.Thread(target=revive)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def now(lane: Lane) -> Ending:
    """What the scenario has led to so far."""
    space = lane.space
    return ending(
        space.sightings.get(space.name, "EchelonJob", "web"),
        space.updates(),
        space.sightings.all(space.name, "Pod"),
        space.observer.uids(),
        lane.requests(),
        lane.rack.facts() if lane.rack else (),
        space.revisions(),
        made(space.observer.events()),
        space.api.get(space.path("cronjobs"))["items"],
        space.api.get(space.path("persistentvolumeclaims"))["items"],
    )


def _compared(lane: Lane, scenario: Scenario, expected: Ending) -> list[str]:
    """Where the ending is another than expected, when the operator has had time to report."""
    found = [""]

    def same() -> bool:
        found[:] = differences(expected, now(lane), scenario.ignore)
        return not found

    lane.plane.sightings.wait(same, _REPORTS)
    return found


#: What a try may end with if the control plane or this machine fails, and not the operator.
INFRASTRUCTURE: Final = (ApiError, AssertionError, ClusterError, OSError, OperatorError)
