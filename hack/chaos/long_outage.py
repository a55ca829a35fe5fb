"""The API server is away for ten minutes: no probe restarts a replica, and work goes on then."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Self

from hack.chaos.pair import Pair, Times
from hack.chaos.part import Run
from hack.chaos.row import Row
from hack.devcluster.cluster import ClusterError
from hack.harness.manifests import job, phase
from hack.harness.operator import OperatorError

_MINUTES: Final = 10
#: Seconds from the return of the API server to the next write.
_LIMIT: Final = 5.0
#: Components that end when the API server does not answer them.
_FRAIL: Final = ("kube-scheduler", "kube-controller-manager")
#: A Job that is changed as soon as the API server is back: the Jobs in updates may wait for pods,
#: and so for the scheduler.
_IDLE: Final = "idle"


class Probes:
    """Asks all replicas for `/healthz` every so many seconds, as a kubelet does. ``asked``: how
    often it did; ``failed``: each answer other than 200, in words."""

    def __init__(self, pair: Pair, every: float = 1.0) -> None:
        self._every = every
        self.asked = 0
        self.failed: list[str] = []
        self._pair = pair
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="probes")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        began = time.monotonic()
        while not self._over.wait(self._every):
            for replica in self._pair.replicas:
                self.asked += 1
                if not replica.operator.probe("healthz"):
                    after = time.monotonic() - began
                    self.failed.append(f"{replica.user} is not healthy after {after:.0f} s")


def run(run: Run) -> list[Row]:
    """With ``--tries N`` it takes N minutes at most."""
    minutes = run.tries(_MINUTES, 1)
    row = Row(
        "updates without a pause, two replicas",
        f"no API server for {minutes} minutes",
        tried=1,
        limit=_LIMIT,
        note="the time is that from the return of the API server to the next write",
    )
    with Pair(run.plane, Times()) as pair:
        pair.space.made(job(_IDLE, 1), timeout=60)
        try:
            row.seconds.append(round(_course(run, row, pair, 60 * minutes), 2))
            row.broken += pair.judged()
        except (AssertionError, ClusterError, OperatorError) as error:
            row.broken.append(f"{error}\n{pair.space.describe()}")
        for each in pair.replicas:
            if each.operator.starts != 1 or not each.operator.running:
                row.broken.append(f"{each.user} ended; it was started {each.operator.starts} times")
    return [row]


def _course(run: Run, row: Row, pair: Pair, seconds: float) -> float:
    """Returns the seconds from the return of the API server to the next write."""
    cluster = run.plane.cluster
    pair.space.until("an Update to be under way", lambda: _under_way(pair), 60)
    with Probes(pair) as probes, _told(run, row, probes):
        for part in _FRAIL:
            cluster.end(part)
        for replica in pair.replicas:
            replica.proxy.reach = "refused"
        cluster.kill("kube-apiserver")
        run.say(f"the API server is away for {seconds:g} s")
        time.sleep(seconds)
        for replica in pair.replicas:
            replica.proxy.reach = "open"
        begun = pair.mark()
        cluster.begin("kube-apiserver")
        back = time.time()
        pair.space.set_image("web:2", _IDLE)
        for part in _FRAIL:
            cluster.begin(part)
        found = pair.next_write(since=begun, timeout=120)
    if found is None:
        raise AssertionError("nobody writes")
    return max(0.0, begun + found - back)


def _under_way(pair: Pair) -> bool:
    updates = (update for name in pair.traffic.names for update in pair.space.updates(name))
    return any(phase(update) == "RollingForward" for update in updates)


@contextmanager
def _told(run: Run, row: Row, probes: Probes) -> Iterator[None]:
    """What the probes have found is told however the outage ends."""
    try:
        yield
    finally:
        row.broken += probes.failed
        run.say(f"{probes.asked} probes, {len(probes.failed)} failed")
