"""Several operators share the Jobs by shards, and each Job has one writer at any time."""

from __future__ import annotations

import itertools
import os
import re
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

import pytest

from controller.kube.shards import shard_of
from hack.devcluster.cluster import Cluster
from tests.integration.harness.audit import Audit, Request
from tests.integration.harness.manifests import job, queue
from tests.integration.harness.operator import USER, Operator
from tests.integration.harness.space import Space

SHARDS = 4
DURATION = 4.0
FAST = (
    f"--lease-duration-seconds={DURATION}",
    "--lease-renew-deadline-seconds=3",
    "--lease-retry-seconds=0.5",
)
SLOW = {"behaviour": "ready-after", "ready_after": "300ms"}
JOBS = [f"j{n}" for n in range(10)]
_LEADS = re.compile(r'echelon_leader\{shard="(\d+)"\} 1\.0')
_NUMBERS = itertools.count(1)

Make = Callable[..., Operator]


@pytest.fixture
def replicas(cluster: Cluster, operator: Operator) -> Iterator[Make]:
    """Makes operators of one Lease, with shards. The session's operator is off."""
    operator.stop()
    lease, made = f"shards-{next(_NUMBERS)}", list[Operator]()

    def make(who: str, shards: int = SHARDS, args: Sequence[str] = ()) -> Operator:
        new = Operator(
            cluster,
            lease,
            identity=f"{lease}-{who}",
            args=(*FAST, f"--shards={shards}", *args),
            module="tests.integration.harness.told_apart",
        )
        made.append(new)
        new.start()
        return new

    yield make
    for each in made:
        if each.running:
            each.thaw()
        each.close()


def shards(operator: Operator) -> set[int]:
    """The shards that an operator works on."""
    return {int(number) for number in _LEADS.findall(operator.metrics())}


def shared(operators: Sequence[Operator], *sizes: int) -> Callable[[], bool]:
    """Whether the operators work on all shards, on so many each."""

    def check() -> bool:
        found = [shards(each) for each in operators]
        even = sorted(map(len, found)) == sorted(sizes)
        return even and set().union(*found) == set(range(sum(sizes)))

    return check


def writers(space: Space, audit: Audit) -> dict[str, list[tuple[str, Request]]]:
    """By Job: who wrote what, in the order of arrival. Events belong to no Job."""
    found: dict[str, list[tuple[str, Request]]] = {}
    for request in audit.requests(user=USER, namespace=space.name):
        if request.writes and request.resource != "events":
            name, who = request.name.partition("-")[0], request.agent.rpartition(" ")[2]
            found.setdefault(name, []).append((who, request))
    return found


def terms(writes: list[tuple[str, Request]]) -> list[str]:
    """The writers of one Job, one after the other."""
    return [who for who, _ in itertools.groupby(writes, key=lambda write: write[0])]


def make_jobs(space: Space) -> None:
    for name in JOBS:
        space.create(job(name, instances=2, strategy=queue(1)))
    for name in JOBS:
        space.wait_ready(name, timeout=40)


def roll(space: Space) -> None:
    """Change all Jobs; the Updates last some seconds."""
    for name in JOBS:
        space.set_image("web:2", name, **SLOW)


def rolled(space: Space) -> None:
    for name in JOBS:
        space.wait_update("RolledForward", job=name, timeout=60)
        assert {len(uids) for uids in space.observer.uids(name).values()} == {2}


def test_one_of_two_is_killed_and_all_jobs_are_served_again(
    space: Space, replicas: Make, audit: Audit
) -> None:
    first, second = replicas("first"), replicas("second")
    first.wait("two shards each", shared([first, second], 2, 2))
    make_jobs(space)
    mine = {name for name in JOBS if _shard(space, name) in shards(first)}
    assert set() < mine < set(JOBS)
    killed = datetime.now(UTC)
    first.kill9()
    roll(space)
    rolled(space)
    second.wait("all shards", lambda: shards(second) == set(range(SHARDS)))
    late = 0.0
    for name, writes in writers(space, audit).items():
        # None is moved back and forth. (Those who started first may have had all of them.)
        who = terms(writes)
        assert len(who) == len(set(who)) <= 2, (name, who)
        assert who[-1] == second.identity
        after = min(request.at for _, request in writes if request.at > killed)
        late = max(late, (after - killed).total_seconds() if name in mine else 0.0)
    print(f"served again {late:.2f} s after the kill")
    assert DURATION - 1.0 < late < DURATION + 2.0


def _shard(space: Space, name: str) -> int:
    return shard_of(space.job(name)["metadata"]["uid"], SHARDS)


def test_a_third_replica_gets_shards_while_jobs_are_updated(
    space: Space, replicas: Make, audit: Audit
) -> None:
    first, second = replicas("first"), replicas("second")
    first.wait("two shards each", shared([first, second], 2, 2))
    make_jobs(space)
    roll(space)
    third = replicas("third")
    third.wait("a shard", shared([first, second, third], 2, 1, 1))
    rolled(space)
    assert "echelon_replicas 3.0" in first.metrics()
    assert third.stop() == 0
    first.wait("two shards each", shared([first, second], 2, 2), timeout=10)
    for name, writes in writers(space, audit).items():
        who = terms(writes)
        assert len(who) == len(set(who)), (name, who)
    for each in (first, second):
        assert each.probe("healthz")
        assert "Traceback" not in each.said()


def test_operators_of_one_and_of_four_shards_are_never_both_at_work(
    space: Space, replicas: Make, audit: Audit
) -> None:
    """As in a rolling upgrade of the chart from one shard to four."""
    old = replicas("old", shards=1)
    old.wait("the Lease", lambda: "echelon_leader 1.0" in old.metrics())
    new = replicas("new")
    make_jobs(space)
    assert new.probe("readyz")
    assert shards(new) == set()
    roll(space)
    assert old.stop() == 0
    new.wait("all shards", lambda: shards(new) == set(range(SHARDS)), timeout=10)
    rolled(space)
    for name, writes in writers(space, audit).items():
        assert terms(writes) in ([old.identity, new.identity], [old.identity]), name


def test_a_leader_that_was_frozen_writes_nothing_when_it_wakes(
    space: Space, replicas: Make, audit: Audit
) -> None:
    first, second = replicas("first"), replicas("second")
    first.wait("two shards each", shared([first, second], 2, 2))
    make_jobs(space)
    for number in range(3):
        for name in JOBS:
            space.set_image(f"web:{number + 3}", name, **SLOW)
        space.until("an instance that changes", lambda: _busy(space))
        first.freeze()
        second.wait("all shards", lambda: shards(second) == set(range(SHARDS)), timeout=20)
        audit.mark()
        first.thaw()
        first.wait("two shards each", shared([first, second], 2, 2), timeout=30)
        for name in JOBS:
            space.wait_update("RolledForward", job=name, timeout=60)
        for name, writes in writers(space, audit).items():
            who = terms(writes)
            assert who in ([second.identity], [second.identity, first.identity],
                           [first.identity]), (name, who)  # fmt: skip
            if who == [first.identity]:
                # It was given the shard in good order, and wrote nothing before that.
                moved = min(request.at for _, request in writes)
                assert moved > _released(second), name


def _busy(space: Space) -> bool:
    updates = [space.updates(name)[-1:] for name in JOBS]
    return any(u and u[0]["status"].get("phase") == "RollingForward" for u in updates)


def _released(operator: Operator) -> datetime:
    """When an operator last gave up a shard first after it had all of them."""
    lines = [line for line in operator.said().splitlines() if "is given up for another" in line]
    clock = datetime.strptime(lines[-2].split()[0], "%H:%M:%S.%f").time()
    return datetime.combine(datetime.now().date(), clock).astimezone(UTC)


def test_a_blocked_main_loop_lets_the_standby_take_over(
    space: Space, replicas: Make, audit: Audit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BLOCK_SECONDS", "15")
    first = replicas("first", shards=1)
    first.wait("the Lease", lambda: "echelon_leader 1.0" in first.metrics())
    second = replicas("second", shards=1)
    space.made(job("web", instances=4, strategy=queue(1)))
    space.set_image("web:2", **SLOW)
    space.wait_update("RollingForward", probe=lambda u: u["status"]["counts"]["updated"] >= 1)
    os.kill(first.pid, signal.SIGUSR1)
    began = time.monotonic()
    second.wait("the Lease", lambda: "echelon_leader 1.0" in second.metrics(), timeout=15)
    assert not first.probe("healthz"), "the kubelet restarts it if that lasts"
    assert time.monotonic() - began < 15, "it is blocked still"
    assert "the event loop is blocked" in first.said()
    space.wait_update("RolledForward", timeout=40)
    first.wait("it to work again", lambda: first.probe("healthz"), timeout=30)
    assert "echelon_leader 0.0" in first.metrics()
    (writes,) = writers(space, audit).values()
    assert terms(writes) == [first.identity, second.identity]
