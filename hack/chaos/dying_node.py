"""A node dies while it is drained. What has not moved from there is left to whoever deletes it by
force; then the drain goes on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from hack.chaos import drained
from hack.chaos.drains import LEAST, finish, release, set_up_stuck, until_halfway
from hack.chaos.lane import Lane
from hack.chaos.part import Run
from hack.chaos.rack import Rack
from hack.chaos.row import Row
from hack.devcluster.api import ApiError
from hack.devcluster.cluster import ClusterError
from hack.harness.judge import judge

_LOST: Final = "sim.echelon.dev/lost"
_UNREACHABLE: Final = "node.kubernetes.io/unreachable"
#: The control plane takes a while to see that a node is lost.
_SEEN: Final = 60.0
#: The instances that are still on the node when it dies.
_LAST: Final = (0, 2)


def run(run: Run) -> list[Row]:
    """Several times, in one row."""
    row = Row("drain of two nodes", "the node dies before its instances have moved")
    row.note = "the seconds are those from the deletion of its pods by force to the end"
    for _ in range(run.tries(5, 1)):
        with Lane(run.plane, drains=True) as lane:
            try:
                row.seconds.append(round(_course(lane), 2))
                row.broken += _judged(lane)
            except (AssertionError, ClusterError, ApiError) as error:
                row.broken.append(f"{error}\n{lane.space.describe()}")
            row.tried += 1
            lane.clean()
    run.say(f"{row.fault}: {row.seconds}")
    return [row]


def _course(lane: Lane) -> float:
    """Returns the seconds from the deletion of those pods to the end of the drain."""
    space, rack = lane.space, Rack.of(lane.space)
    set_up_stuck("Recreate", space)
    rack.drain()
    until_halfway(space, rack)
    with _dead(rack):
        release(space, "web-1")
        rack.until_stalled("NodeNotReady")
        began = time.monotonic()
        for instance in _LAST:
            meta = space.pod(instance)["metadata"]
            assert "deletionTimestamp" not in meta, "a pod cannot leave a dead node"
            space.observer.not_the_operator(meta["uid"])
            space.api.delete(space.path("pods", meta["name"]) + "?gracePeriodSeconds=0")
        rack.until_done()
        taken = time.monotonic() - began
    finish(space, rack)
    return taken


@contextmanager
def _dead(rack: Rack) -> Iterator[None]:
    """The second node is dead in here, from when the control plane has seen it. It returns then."""
    cluster = rack.cluster
    rack.annotate(rack.second, _LOST, "true")
    try:
        cluster.wait("the node to be unreachable", lambda: _unreachable(rack), _SEEN)
        yield
    finally:
        rack.annotate(rack.second, _LOST, None)
    cluster.wait("the node to be well", lambda: not _unreachable(rack), _SEEN)


def _unreachable(rack: Rack) -> bool:
    taints = rack.node(rack.second)["spec"].get("taints", ())
    return any(taint["key"] == _UNREACHABLE for taint in taints)


def _judged(lane: Lane) -> list[str]:
    space = lane.space
    logs = {lane.operator: lane.logged}
    broken = judge(space, lane.audit, logs, only=True, users=[lane.user])
    broken += drained.judge(
        space.observer.events(),
        lane.requests(),
        lane.requests_of_cluster(),
        space.job(),
        LEAST,
        {*drained.CAUSES, "NodeLost", "Deleted"},
    )
    lives = {instance: len(uids) for instance, uids in space.observer.uids().items()}
    if lives != {0: 2, 1: 2, 2: 2}:
        broken.append(f"each instance must move once; it had so many pods: {lives}")
    if space.updates():
        broken.append("a move made an Update")
    return broken
