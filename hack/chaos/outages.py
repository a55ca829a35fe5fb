"""The control plane or a node fails in the midst of an Update, or the clock jumps: it goes on."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hack.chaos import break_plane, nodes
from hack.chaos.jumping import VARIABLE
from hack.chaos.lane import Lane
from hack.chaos.part import Run
from hack.chaos.plane import Plane
from hack.chaos.row import Row
from hack.chaos.scenario import PATIENCE, at_rest
from hack.devcluster.api import ApiError
from hack.devcluster.cluster import ClusterError
from hack.harness.judge import judge
from hack.harness.manifests import Object, ids, job, queue

#: Pods take a moment, so that there is a midst.
SLOW: Final = {"behaviour": "ready-after", "ready_after": "500ms"}
_INSTANCES: Final = 4
_HOUR: Final = 3600


@dataclass(frozen=True, slots=True)
class Outage:
    """``disturb`` returns when all is well again. ``template``: what the Update brings, from whose
    beginning on it is disturbed; None: another image, and it is disturbed in its midst. ``before``:
    the template of the Job before the Update; None: any. ``deleted``: how many pods a user deletes.
    ``jumps``: the operator's clock is `jumping`."""

    name: str
    disturb: Callable[[Lane], object]
    template: Object | None = None
    before: Object | None = None
    deleted: int = 0
    jumps: bool = False


def outages() -> list[Outage]:
    """All of them, each of which an Update must survive."""
    kill, pause = break_plane.killed, break_plane.paused
    return [
        Outage("API server restarted", lambda lane: break_plane.restarted(lane, "kube-apiserver")),
        Outage("API server killed, back after 2 s", lambda lane: kill(lane, "kube-apiserver")),
        Outage("API server stopped for 3 s", lambda lane: pause(lane, "kube-apiserver", 3)),
        Outage("etcd stopped for 5 s", lambda lane: pause(lane, "etcd", 5)),
        Outage("etcd killed, back after 2 s", lambda lane: kill(lane, "etcd")),
        Outage("watches cut every 0.3 s", break_plane.cut),
        Outage("etcd compacted, all watches answered 410", break_plane.compacted),
        Outage("an admission policy denies deletes for 4 s", break_plane.denied),
        *(
            Outage(
                f"node lost: {stage.name}",
                nodes.lost(stage),
                nodes.update(stage),
                nodes.before(stage),
                int(stage.deleted),
            )
            for stage in nodes.STAGES
        ),
        Outage("clock an hour ahead, then right", lambda lane: _jump(lane, _HOUR), jumps=True),
        Outage("clock an hour behind, then right", lambda lane: _jump(lane, -_HOUR), jumps=True),
    ]


def run(run: Run) -> list[Row]:
    """Each outage several times, on a control plane of its own."""
    rows: list[Row] = []
    for outage in outages():
        row = Row(f"update of {_INSTANCES} instances", outage.name)
        note = "the seconds are those from the end of the outage to that of the Update"
        row.note = "" if rows else note
        for _ in range(run.tries(5, 1)):
            _try(run, outage, row)
        run.say(f"{outage.name}: {row.seconds}")
        rows.append(row)
    return rows


def _try(run: Run, outage: Outage, row: Row) -> None:
    clock = _clock(run.plane)
    clock.write_text("0")
    os.environ[VARIABLE] = str(clock)
    module = "hack.chaos.jumping" if outage.jumps else "controller"
    with Lane(run.plane, module=module) as lane:
        try:
            row.seconds.append(round(_course(lane, outage), 2))
            row.broken += _judged(lane, outage)
        except (AssertionError, ClusterError, ApiError) as error:
            row.broken.append(f"{error}\n{lane.space.describe()}")
        row.tried += 1
        run.plane.cluster.wait("the API server", lambda: run.plane.cluster.api.get("/readyz"), 60)
        lane.clean()


def _course(lane: Lane, outage: Outage) -> float:
    """The Update with the outage in its midst. Returns the seconds from the outage to its end."""
    space = lane.space
    wish = job(instances=_INSTANCES, strategy=queue(1), update={"maxFailuresPerInstance": 0})
    if outage.before is not None:
        wish["spec"]["template"] = outage.before
    space.made(wish, timeout=PATIENCE)
    if outage.template is not None:
        space.set_template(outage.template)
    else:
        space.set_image("web:2", **SLOW)
        space.wait_update(
            "RollingForward", probe=lambda u: ids(u["status"]["instances"].get("updated", ""))
        )
    outage.disturb(lane)
    well = time.monotonic()
    ended = space.wait_update("RolledForward", timeout=2 * PATIENCE)
    at_rest(space)
    taken = time.monotonic() - well
    assert "failures" not in ended["status"], f"a failure was counted: {ended['status']}"
    return taken


def _judged(lane: Lane, outage: Outage) -> list[str]:
    space = lane.space
    broken = judge(space, lane.audit, {lane.operator: lane.logged}, only=True)
    lives = {instance: len(uids) for instance, uids in space.observer.uids().items()}
    expected = [2] * (_INSTANCES - outage.deleted) + [3] * outage.deleted
    if sorted(lives.values()) != expected:
        broken.append(f"each instance must be replaced once; it had so many pods: {lives}")
    if len(space.updates()) != 1:
        broken.append(f"{len(space.updates())} Updates for one change")
    if lane.operator.starts != 1 or not lane.operator.running:
        broken.append(f"the operator ended; it was started {lane.operator.starts} times")
    return broken


def _jump(lane: Lane, seconds: int) -> None:
    for ahead in (seconds, 0):
        _clock(lane.plane).write_text(str(ahead))
        time.sleep(2)


def _clock(plane: Plane) -> Path:
    return plane.cluster.dir / "clock"
