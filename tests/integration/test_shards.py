"""Several operators share the Jobs by shards, and each Job has one writer at any time.

Their Leases last as long as in production: where many tests share a machine, an operator may get no
processor for seconds, and must not lose a Lease by that.
"""

from __future__ import annotations

import itertools
import os
import re
import signal
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from controller.kube.lease_times import Times
from controller.kube.shards import shard_of
from hack.devcluster.cluster import Cluster
from hack.harness import one_writer
from hack.harness.audit import Audit
from hack.harness.manifests import job, queue
from hack.harness.operator import Operator
from hack.harness.patience import patient
from hack.harness.space import Space

SHARDS = 4
ALL = set(range(SHARDS))
SLOW = {"behaviour": "ready-after", "ready_after": "300ms"}
JOBS = [f"j{n}" for n in range(10)]
_LEADS = re.compile(r'echelon_leader(?:\{shard="(\d+)"\})? 1\.0')
_NUMBERS = itertools.count(1)


class Replicas:
    """Operators of one Lease, and the Jobs for which they act."""

    def __init__(self, cluster: Cluster, space: Space, audit: Audit) -> None:
        self._cluster = cluster
        self._space = space
        self._audit = audit
        self._lease = f"shards-{next(_NUMBERS)}"
        self._shards: dict[str, int] = {}
        self.made: list[Operator] = []

    def start(self, who: str, shards: int = SHARDS) -> Operator:
        new = Operator(
            self._cluster,
            self._lease,
            identity=f"{self._lease}-{who}",
            args=(f"--shards={shards}",),
            module="hack.harness.told_apart",
        )
        self.made.append(new)
        self._shards[new.identity] = shards
        new.start()
        return new

    def two(self) -> tuple[Operator, Operator]:
        """Two operators that have shared the shards."""
        first, second = self.start("first"), self.start("second")
        self.wait_shared(2, 2)
        return first, second

    def wait_shared(self, *sizes: int) -> None:
        """Wait until all shards are worked on, so many by each of the running operators."""

        def is_shared() -> bool:
            found = [shards(each) for each in self.made if each.running]
            return sorted(map(len, found)) == sorted(sizes) and set().union(*found) == ALL

        self.made[0 if self.made[0].running else 1].wait(f"{sizes} shards", is_shared, 60)

    def make_jobs(self) -> None:
        for name in JOBS:
            self._space.create(job(name, instances=2, strategy=queue(1)))
        for name in JOBS:
            self._space.wait_ready(name, timeout=60)

    def roll(self, image: str = "web:2") -> None:
        """Change all Jobs; the Updates last some seconds."""
        for name in JOBS:
            self._space.set_image(image, name, **SLOW)

    def rolled(self, pods: int = 2) -> None:
        """Wait for the end of the Updates; each instance has had so many pods."""
        for name in JOBS:
            self._space.wait_update("RolledForward", job=name, timeout=60)
        for name in JOBS:
            assert {len(uids) for uids in self._space.observer.uids(name).values()} == {pods}

    def judge(self, *names: str) -> None:
        uids = {n: self._space.job(n)["metadata"]["uid"] for n in names or JOBS}
        found = one_writer.faults(self._audit, self._space.name, self._lease, uids, self._shards)
        assert list(found) == []
        for each in self.made:
            assert "Traceback" not in each.said(0)


@pytest.fixture
def replicas(
    cluster: Cluster, operator: Operator, space: Space, audit: Audit
) -> Iterator[Replicas]:
    """The session's operator is off."""
    operator.stop()
    made = Replicas(cluster, space, audit)
    yield made
    for each in made.made:
        if each.running:
            each.thaw()
        each.close()


def shards(operator: Operator) -> set[int]:
    """The shards that an operator works on."""
    return {int(number or 0) for number in _LEADS.findall(operator.metrics())}


def test_one_of_two_is_killed_and_all_jobs_are_served_again(
    space: Space, replicas: Replicas, audit: Audit
) -> None:
    first, second = replicas.two()
    replicas.make_jobs()
    replicas.wait_shared(2, 2)
    lost = shards(first)
    of_first = {n for n in JOBS if shard_of(space.job(n)["metadata"]["uid"], SHARDS) in lost}
    killed = datetime.now(UTC)
    first.kill9()
    replicas.roll()
    second.wait("all shards", lambda: shards(second) == ALL)
    replicas.rolled()
    replicas.judge()
    late = dict.fromkeys(JOBS, 0.0)
    for request in reversed(one_writer.writes(audit, space.name)):
        if one_writer.who(request) == second.identity and request.at > killed:
            late[one_writer.job_of(request)] = (request.at - killed).total_seconds()
    print({name: round(late[name], 2) for name in of_first})
    assert all(0 < late[name] < Times().duration + patient(8) for name in of_first)


def test_a_third_replica_gets_shards_while_jobs_are_updated(replicas: Replicas) -> None:
    first, _ = replicas.two()
    replicas.make_jobs()
    replicas.roll()
    third = replicas.start("third")
    replicas.wait_shared(2, 1, 1)
    replicas.rolled()
    assert "echelon_replicas 3.0" in first.metrics()
    assert third.stop() == 0
    replicas.wait_shared(2, 2)
    replicas.judge()


def test_operators_of_one_and_of_four_shards_are_never_both_at_work(replicas: Replicas) -> None:
    """As in a rolling upgrade of the chart from one shard to four, and back."""
    old = replicas.start("old", shards=1)
    old.wait("the Lease", lambda: shards(old) == {0})
    new = replicas.start("new")
    replicas.make_jobs()
    assert new.probe("readyz")
    assert shards(new) == set()
    replicas.roll()
    assert old.stop() == 0
    new.wait("all shards", lambda: shards(new) == ALL)
    replicas.rolled()
    replicas.roll("web:3")
    old.start()
    assert shards(old) == set()
    assert new.stop() == 0
    old.wait("the Lease", lambda: shards(old) == {0})
    replicas.rolled(pods=3)
    replicas.judge()


def test_a_leader_that_was_frozen_writes_nothing_when_it_wakes(
    space: Space, replicas: Replicas
) -> None:
    first, second = replicas.two()
    replicas.make_jobs()
    for number in (2, 3):
        replicas.roll(f"web:{number}")
        space.until("an instance that changes", lambda: _is_rolling(space))
        first.freeze()
        second.wait("all shards", lambda: shards(second) == ALL)
        first.thaw()
        replicas.wait_shared(2, 2)
        replicas.rolled(pods=number)
    replicas.judge()


def _is_rolling(space: Space) -> bool:
    updates = [update for name in JOBS for update in space.updates(name)[-1:]]
    return any(update["status"].get("phase") == "RollingForward" for update in updates)


def test_a_blocked_main_loop_lets_the_standby_take_over(space: Space, replicas: Replicas) -> None:
    first = replicas.start("first", shards=1)
    first.wait("the Lease", lambda: shards(first) == {0})
    second = replicas.start("second", shards=1)
    space.made(job(instances=4, strategy=queue(1)))
    space.set_image("web:2", **SLOW)
    space.wait_update("RollingForward", probe=lambda u: u["status"]["counts"]["updated"] >= 1)
    os.kill(first.pid, signal.SIGUSR1)
    assert not first.probe("healthz"), "the kubelet restarts it if that lasts"
    second.wait("the Lease", lambda: shards(second) == {0})
    assert "the event loop is blocked" in first.said()
    os.kill(first.pid, signal.SIGUSR2)
    space.wait_update("RolledForward", timeout=40)
    first.wait("it to work again", lambda: first.probe("healthz"))
    assert shards(first) == set()
    assert {i: len(uids) for i, uids in space.observer.uids().items()} == dict.fromkeys(range(4), 2)
    replicas.judge("web")
