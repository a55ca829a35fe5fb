"""Client, informer, Lease, Events and the feed of Jobs against a real API server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from controller.api.kinds import JOBS
from controller.handlers import JobFeed
from controller.kube.client import Client
from controller.kube.config import connect
from controller.kube.errors import AlreadyExists, Conflict, Forbidden, Invalid, NotFound
from controller.kube.events import Recorder
from controller.kube.lease import Lease
from controller.kube.lease_times import Times
from controller.kube.membership import Membership
from controller.kube.resources import EVENTS, LEASES, NAMESPACES, PODS
from controller.resource import Resource
from hack.crds import FOLDER
from hack.devcluster.cluster import Cluster
from tests.unit.kube.conftest import Clock, until
from tests.unit.kube.mirror import Mirror, Running

SERVICE_ACCOUNTS = Resource("", "v1", "serviceaccounts", "ServiceAccount")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with Cluster(nodes=0, controllers=False, scheduler=False, audit=True) as running:
        yield running


@pytest.fixture
async def client(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Client]:
    monkeypatch.setenv("KUBECONFIG", str(cluster.kubeconfig))
    async with Client(await connect()) as made:
        yield made


@pytest.fixture
async def ns(client: Client, request: pytest.FixtureRequest) -> str:
    name = request.node.name.replace("_", "-")[:60].rstrip("-")
    await client.create(NAMESPACES, None, {"metadata": {"name": name}})
    # Pods need it, and there is no controller-manager that creates it.
    await client.create(SERVICE_ACCOUNTS, name, {"metadata": {"name": "default"}})
    return str(name)


def pod(name: str) -> dict[str, Any]:
    return {"metadata": {"name": name}, "spec": {"containers": [{"name": "c", "image": "app:1"}]}}


async def test_short_answers(client: Client, ns: str) -> None:
    """On request the API server answers writes with metadata only."""
    made = await client.create(PODS, ns, pod("a"), metadata_only=True)
    patch = {"metadata": {"labels": {"x": "y"}}}
    patched = await client.patch(PODS, ns, "a", patch, metadata_only=True)
    deleted = await client.delete(PODS, ns, "a", uid=made["metadata"]["uid"], metadata_only=True)
    for answer in (made, patched, deleted):
        assert answer["kind"] == "PartialObjectMetadata"
        assert "spec" not in answer
        assert answer["metadata"]["uid"] == made["metadata"]["uid"]


async def test_preconditions(client: Client, ns: str) -> None:
    made = await client.create(PODS, ns, pod("a"))
    with pytest.raises(AlreadyExists):
        await client.create(PODS, ns, pod("a"))
    await client.patch(PODS, ns, "a", {"metadata": {"labels": {"x": "y"}}})
    stale = {"resourceVersion": made["metadata"]["resourceVersion"]}
    with pytest.raises(Conflict):
        await client.patch(PODS, ns, "a", {"metadata": {**stale, "labels": {"x": "z"}}})
    with pytest.raises(Invalid):
        await client.patch(PODS, ns, "a", {"metadata": {"uid": "x", "labels": {"x": "z"}}})
    with pytest.raises(Conflict):
        await client.delete(PODS, ns, "a", uid="another")
    with pytest.raises(Conflict):
        await client.delete(PODS, ns, "a", resource_version=stale["resourceVersion"])
    with pytest.raises(NotFound):
        await client.create(PODS, "no-such-namespace", pod("a"))
    with pytest.raises(Invalid):
        await client.create(PODS, ns, {"metadata": {"name": "b"}, "spec": {}})


async def test_an_informer_outlives_the_api_server(
    client: Client, ns: str, cluster: Cluster
) -> None:
    await asyncio.gather(*(client.create(PODS, ns, pod(f"p{n}")) for n in range(20)))
    mirror = Mirror()
    running = Running(client, mirror, (ns,))
    await asyncio.wait_for(running.informer.synced.wait(), 60)
    assert len(mirror.view) == 20
    await client.create(PODS, ns, pod("late"))
    await until(lambda: f"{ns}/late" in mirror.view)
    cluster.kill("kube-apiserver")
    await until(lambda: running.informer.error)
    await asyncio.to_thread(cluster.begin, "kube-apiserver")
    await until(lambda: running.informer.error is None)
    assert len(mirror.view) == 21
    assert not [said for said in mirror.said if said.startswith("delete")]
    await client.delete(PODS, ns, "p0", grace_period_seconds=0)
    await until(lambda: f"{ns}/p0" not in mirror.view)
    said = len(mirror.said)
    await running.informer.resync()
    assert len(mirror.view) == 20
    assert len(mirror.said) == said, "a resync without a difference sends no event"
    await running.stop()


async def test_a_lease(client: Client, ns: str) -> None:
    times = Times(duration=2.0, renew_deadline=1.5, retry=0.2)
    one, two, three = (Lease(client, ns, "l", who, times=times) for who in ("one", "two", "three"))

    async def get(lease: Lease, seconds: float) -> None:
        async with asyncio.timeout(seconds):
            while not lease.held:
                await lease.turn()
                await asyncio.sleep(lease.pause())

    await get(one, 60)
    await two.turn()
    assert two.holder == "one"
    began = asyncio.get_running_loop().time()
    await get(two, 60)  # The first is gone and does not release it.
    assert asyncio.get_running_loop().time() - began > 1.5
    assert not one.valid()
    spec = (await client.get(LEASES, ns, "l"))["spec"]
    assert (spec["holderIdentity"], spec["leaseTransitions"]) == ("two", 1)
    await two.release()
    await three.turn()
    assert three.held


async def test_a_membership(client: Client, ns: str) -> None:
    one, two = (Membership(client, ns, "l", who, 4) for who in ("one", "two"))
    single = Lease(client, ns, "l", "single")
    for each in (one, two):
        each.able = True
        await each.turn()
    assert one.valid()
    await asyncio.gather(*(each.turn() for each in (one, two)))
    await one.turn()
    assert one.live() == two.live() == {"one", "two"}
    await single.turn()
    assert single.holder == "4-shards"
    # Somebody removes the annotations: they come back.
    nothing = {"metadata": {"annotations": None}}
    await client.patch(LEASES, ns, "l", nothing)
    for each in (one, two, one):
        await each.turn()
        assert each.valid()
    assert one.live() == {"one", "two"}
    await asyncio.gather(one.release(), two.release())
    await single.turn()
    assert single.valid(), "the last one frees the Lease"
    await one.turn()
    assert not one.held
    assert one.holder == "single"


async def test_events(client: Client, ns: str) -> None:
    made = await client.create(PODS, ns, pod("a"))
    about = {
        "apiVersion": "v1",
        "kind": "Pod",
        "namespace": ns,
        "name": "a",
        "uid": made["metadata"]["uid"],
    }
    clock, dropped = Clock(), []
    recorder = Recorder(
        client, controller="echelon.dev/controller", instance="me", clock=clock,
        on_drop=lambda: dropped.append(1),
    )  # fmt: skip
    for _ in range(3):
        recorder.record(about, "Warning", "Tested", "said three times", "Testing")
    await recorder._write_next()
    clock.pass_by(11)
    recorder._queue.promote()
    await recorder._write_next()
    (event,) = [event async for event in client.list(EVENTS, ns)]
    assert event["note"] == "said three times"
    assert event["series"]["count"] == 3
    assert not dropped
    # Without a controller-manager the namespace stays in phase Terminating.
    await client.delete(NAMESPACES, None, ns)
    with pytest.raises(Forbidden, match="being terminated"):
        await client.create(PODS, ns, pod("b"))
    recorder.record(about, "Normal", "Tested", "too late", "Testing")
    await recorder._write_next()
    assert not dropped


async def test_the_feed_of_jobs(client: Client, ns: str, cluster: Cluster) -> None:
    """The feed waits for the CRD, survives restarts of the API server, misses no event, writes
    nothing, and ends at once."""
    told: list[tuple[str, str]] = []

    def on_event(type: str, body: dict[str, Any]) -> None:
        told.append((type, body["metadata"]["name"]))

    watching = asyncio.Event()
    feed = JobFeed(
        on_event,
        JOBS,
        loop=asyncio.get_running_loop(),
        user_agent="kopf/test",
        on_watch=watching.set,
    )
    feed.start()
    await asyncio.sleep(0.3)
    await asyncio.to_thread(cluster.kubectl, "apply", "-f", str(FOLDER))
    await until(lambda: feed.starts)
    template = {"spec": pod("x")["spec"]}
    job = {"apiVersion": JOBS.api_version, "kind": "EchelonJob", "spec": {"template": template}}
    await client.create(JOBS, ns, {**job, "metadata": {"name": "one"}})
    await until(lambda: told)
    cluster.kill("kube-apiserver")
    await asyncio.sleep(2)
    await asyncio.to_thread(cluster.begin, "kube-apiserver")
    await client.create(JOBS, ns, {**job, "metadata": {"name": "two"}})
    await until(lambda: ("ADDED", "two") in told or ("LISTED", "two") in told, 120)
    await client.delete(JOBS, ns, "one")
    await until(lambda: ("DELETED", "one") in told)
    assert feed.alive()
    await asyncio.wait_for(watching.wait(), 60)
    await feed.stop()
    assert not feed.alive()
    requests = [json.loads(line) for line in cluster.audit_log.read_text().splitlines()]
    verbs = {entry["verb"] for entry in requests if entry.get("userAgent") == "kopf/test"}
    assert verbs == {"get", "list", "watch"}
