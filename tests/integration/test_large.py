"""A Job of 500 instances is created and updated at once, with small statuses and few writes. (The
benchmarks do the same with 1,000 and 10,000.)"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from hack.devcluster.cluster import Cluster
from hack.harness.audit import Audit, Request
from hack.harness.manifests import Object, batch, by_revision, ids, job, queue, update
from hack.harness.operator import USER, Operator
from hack.harness.space import Space

COUNT = 500
MAX_BYTES = 200 * 1024
#: Limits of status writes: per Update, per group, and per second.
WRITES, PER_GROUP, PER_SECOND = 20, 3, 3
TOLERATED, FAILING, TOO_MANY = 80, 60, 100
LAST_WORDS = "cannot bind 0.0.0.0:8080: address already in use; " * 8
EVEN = list(range(0, COUNT, 2))


@pytest.fixture(scope="module")
def shared_operator(cluster: Cluster, shared_operator: Operator) -> Iterator[Operator]:
    """One that reports as often as users have it, for its writes are counted."""
    if shared_operator.running:
        shared_operator.stop()
    made = Operator(cluster, "tests", identity="by-default", args=["--report-seconds", "1"])
    yield made
    made.close()


@pytest.fixture
def space(space: Space) -> Space:
    """Only unit tests come after these (see `tests.scheduling`), and the control plane ends with
    them: to delete so many pods before takes it as long as to make them."""
    space.stays = True
    return space


def size(obj: Object) -> int:
    kept = {**obj, "metadata": {**obj["metadata"], "managedFields": []}}
    return len(json.dumps(kept))


@pytest.mark.timeout(900)
def test_many_instances_are_made_and_rolled(space: Space) -> None:
    made = space.made(job(instances=COUNT, strategy=queue(COUNT)), timeout=90)
    assert made["status"]["availableInstances"] == COUNT
    ended = space.roll("web:2", "RolledForward", timeout=120)
    assert ids(ended["status"]["instances"]["updated"]) == set(range(COUNT))
    done = space.wait_ready(timeout=30)
    assert by_revision(done["status"]["revisions"]) == {
        done["status"]["currentRevision"]: set(range(COUNT))
    }
    lives = {i: len(uids) for i, uids in space.observer.uids().items()}
    assert lives == dict.fromkeys(range(COUNT), 2)
    for seen in space.observer.events():
        if seen.kind != "Pod":
            assert size(seen.object) < MAX_BYTES


def ship(space: Space, image: str, crashing: list[int]) -> None:
    """Apply a template with which some instances keep crashing, each with a long message."""
    listed = ",".join(map(str, crashing))
    steering = {"behaviour": "crash-loop", "backoff": "1s", "reason": LAST_WORDS}
    space.set_image(image, instances=listed, **steering)


def groups(space: Space, name: str) -> int:
    """Number of groups (of a Queue: horizons) that an Update has had."""
    seen = [e.object["status"].get("batch") for e in space.observer.events() if e.name == name]
    return len({(b["index"], b["startedAt"]) for b in seen if b})


def written(space: Space, audit: Audit) -> list[Request]:
    """The number of status writes since the mark."""
    asked = audit.requests(user=USER, namespace=space.name)
    return [r for r in asked if r.writes and r.subresource == "status" and r.code < 400]


def roll(space: Space, audit: Audit, name: str, outcome: str, **spec: Any) -> Object:
    """Create an Update, wait for this phase, and check that its writes are within the limits."""
    audit.mark()
    space.create(update(name, **spec))
    ended = space.wait_update(outcome, name=name, timeout=150)
    writes = written(space, audit)
    seconds = (writes[-1].at - writes[0].at).total_seconds()
    limit = WRITES + PER_GROUP * groups(space, name) + PER_SECOND * (seconds + 1)
    assert len(writes) <= limit, f"{groups(space, name)} groups, {seconds:.0f} s"
    return ended


@pytest.mark.timeout(900)  # Unit tests keep the machine busy meanwhile.
def test_alternating_instances_and_long_failures(space: Space, audit: Audit) -> None:
    """``python -m hack.bench large`` does the same with 10,000 instances."""
    policy: Object = {"maxFailedInstances": TOLERATED, "maxFailuresPerInstance": 0}
    space.made(job(instances=COUNT, strategy=queue(125), update={"mode": "Manual"}), timeout=90)
    ship(space, "web:2", EVEN[::4][:FAILING])
    listed = ",".join(map(str, EVEN))
    half = policy | {"strategy": batch(62)}
    first = roll(space, audit, "half", "RolledForward", instances=listed, policy=half)
    assert first["status"]["counts"]["failed"] == FAILING
    assert len(first["status"]["failures"]) == 50
    assert all(150 < len(f["message"]) <= 256 for f in first["status"]["failures"])
    before = by_revision(space.job()["status"]["assigned"])
    assert sorted(map(sorted, before.values())) == [EVEN, [i + 1 for i in EVEN]]

    # Back to two alternating revisions; instances that crash at their revision crash again.
    ship(space, "web:3", list(range(200, 200 + TOO_MANY)))
    last = roll(space, audit, "whole", "RolledBack", policy=policy)
    assert len(ids(last["status"]["instances"]["rollbackFailed"])) == FAILING
    assert by_revision(space.job()["status"]["assigned"]) == before
    for seen in space.observer.events():
        if seen.kind != "Pod":
            assert len(json.dumps(seen.object)) < MAX_BYTES // 5, "of few instances"
