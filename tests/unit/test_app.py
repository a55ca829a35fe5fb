"""The probes of a whole operator: which faults are its own, and which are the world's."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import aiohttp
import pytest

from controller.app import Operator
from controller.kube.config import Connection
from controller.settings import load
from tests.unit.kube.conftest import until
from tests.unit.kube.fake import FakeApi

FLAGS = [
    "--health-address=127.0.0.1:0",
    "--metrics-address=127.0.0.1:0",
    "--lease-namespace=ns",
    "--lease-duration-seconds=600",
    "--lease-renew-deadline-seconds=400",
    "--lease-retry-seconds=0.2",
]
#: Where a Lease is to be lost.
SHORT = ["--lease-duration-seconds=2", "--lease-renew-deadline-seconds=1.5"]
LEASE = "/apis/coordination.k8s.io/v1/namespaces/ns/leases"

Start = Callable[..., Awaitable[Operator]]


@pytest.fixture
async def api() -> AsyncIterator[FakeApi]:
    fake = FakeApi()
    # Not everybody may read the schemas; then the operator serves without comparing the CRDs.
    fake.forbidden.add("/openapi/v3/apis/echelon.dev/v1alpha1")
    yield fake
    await fake.stop()


@pytest.fixture
async def start(api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Start]:
    # kopf, which makes its own connection, waits for a cluster.
    monkeypatch.setenv("KUBECONFIG", "/there/is/none")
    server, running = (await api.start()).server, list[tuple[Operator, asyncio.Task[None]]]()

    async def started(*flags: str) -> Operator:
        connections = (Connection(server) for _ in range(2))
        operator = Operator(load([*FLAGS, *flags], {}), *connections)
        task = asyncio.create_task(operator.run())
        running.append((operator, task))
        await until(lambda: operator._servers.health.port)
        return operator

    yield started
    for operator, task in running:
        operator.stop()
        await asyncio.wait_for(task, 60)


async def probe(operator: Operator, name: str) -> tuple[int, str]:
    url = f"http://{operator._servers.health}/{name}"
    async with aiohttp.ClientSession() as http, http.get(url) as answer:
        return answer.status, await answer.text()


def leads(operator: Operator) -> bool:
    return operator._shards.leader() == {"": 1.0}


async def test_a_leader_is_alive_and_ready(start: Start) -> None:
    operator = await start()
    await until(lambda: leads(operator))
    status, text = await probe(operator, "healthz")
    assert status == 200
    assert "[+]leases ok" in text
    assert (await probe(operator, "readyz"))[0] == 200


async def test_a_standby_is_alive_and_ready(start: Start, api: FakeApi) -> None:
    api.put(LEASE, "echelon", holderIdentity="another", leaseDurationSeconds=3600)
    operator = await start()
    await until(lambda: operator._feeds.synced)
    assert (await probe(operator, "healthz"))[0] == 200
    assert (await probe(operator, "readyz"))[0] == 200
    assert not leads(operator)


async def test_an_operator_of_another_number_of_shards_waits_alive_and_ready(
    start: Start, api: FakeApi
) -> None:
    api.put(LEASE, "echelon", holderIdentity="another", leaseDurationSeconds=3600)
    operator = await start("--shards=4")
    await until(lambda: operator._feeds.synced)
    await until(lambda: operator._elector._membership.holder == "another")  # type: ignore[union-attr]
    assert (await probe(operator, "healthz"))[0] == 200
    assert (await probe(operator, "readyz"))[0] == 200
    assert set(operator._shards.leader().values()) == {0.0}


async def test_one_that_lost_its_lease_for_an_api_server_that_is_silent_is_alive_and_ready(
    start: Start, api: FakeApi
) -> None:
    operator = await start(*SHORT)
    await until(lambda: leads(operator))
    api.silent |= {"GET", "PATCH", "LIST", "WATCH", "POST"}
    await until(lambda: not leads(operator))
    assert (await probe(operator, "healthz"))[0] == 200
    assert (await probe(operator, "readyz"))[0] == 200, "its caches are filled still"
    api.silent.clear()
    await until(lambda: leads(operator))


def lease_writes(api: FakeApi) -> int:
    about = [seen for seen in api.seen if seen.path.startswith(LEASE)]
    return sum(seen.method != "GET" for seen in about)


async def test_one_that_starts_alone_lists_once(start: Start, api: FakeApi) -> None:
    api.put("/api/v1/pods", "web-0")
    operator = await start()
    await until(lambda: leads(operator))
    paths = [seen.path for seen in api.seen if "limit" in seen.query]
    assert len(paths) == len(set(paths)) == 5, "each kind once"
    first = [seen.path.startswith(LEASE) for seen in api.seen].index(True)
    assert first < min(n for n, seen in enumerate(api.seen) if "limit" in seen.query)


async def test_one_that_cannot_list_leaves_the_lease_alone_until_it_can(
    start: Start, api: FakeApi
) -> None:
    api.forbidden.add("/api/v1/pods")
    operator = await start()
    looks = lambda: sum(seen.path == f"{LEASE}/echelon" for seen in api.seen)  # noqa: E731
    await until(lambda: looks() > 10)
    assert lease_writes(api) == 0
    assert "[-]caches failed: not filled yet" in (await probe(operator, "readyz"))[1]
    api.forbidden.discard("/api/v1/pods")
    await until(lambda: leads(operator))


async def test_a_leader_that_is_refused_for_long_gives_the_lease_up_and_comes_back(
    start: Start, api: FakeApi, caplog: pytest.LogCaptureFixture
) -> None:
    operator = await start(*SHORT)
    await until(lambda: leads(operator))
    api.forbidden.add("/api/v1/pods")
    for _ in operator._feeds.informers:
        (await api.watches.get()).end()
    await until(lambda: not leads(operator))
    await until(lambda: api.objects[f"{LEASE}/echelon"]["spec"]["holderIdentity"] == "")
    assert "this operator stands for no Lease: it cannot follow pods: 403" in caplog.text
    assert (await probe(operator, "healthz"))[0] == 200, "a restart would not help"
    assert "[-]caches failed: cannot follow pods" in (await probe(operator, "readyz"))[1]
    writes = lease_writes(api)
    await asyncio.sleep(1)
    assert lease_writes(api) == writes
    api.forbidden.discard("/api/v1/pods")
    await until(lambda: leads(operator))
    assert (await probe(operator, "readyz"))[0] == 200


async def test_without_an_answer_since_its_start_it_is_alive_and_not_ready(
    start: Start, api: FakeApi
) -> None:
    api.silent |= {"GET", "LIST", "WATCH", "POST"}
    operator = await start()
    await asyncio.sleep(0.5)
    assert (await probe(operator, "healthz"))[0] == 200
    status, text = await probe(operator, "readyz")
    assert status == 500
    assert "[-]caches failed: not filled yet" in text
    api.silent.clear()


async def test_a_dead_thread_of_the_leases_is_a_fault(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    operator = await start()
    await until(lambda: leads(operator))

    def broken() -> float:
        raise RuntimeError("oh")

    monkeypatch.setattr(operator._elector._leases[0], "pause", broken)
    await until(lambda: operator._elector.problem())
    status, text = await probe(operator, "healthz")
    assert status == 500
    assert "[-]leases failed: its thread has ended" in text
    await until(lambda: not leads(operator))


async def test_a_stuck_key_is_a_fault(start: Start) -> None:
    operator = await start("--stuck-seconds=10")
    await until(lambda: leads(operator))
    operator._queue._processing[("ns", "web")] = time.monotonic() - 11
    status, text = await probe(operator, "healthz")
    assert status == 500
    assert re.search(r"\[-\]queue failed: nothing has moved for \d\d+ s", text)
    operator._queue._processing.clear()
    assert (await probe(operator, "healthz"))[0] == 200
