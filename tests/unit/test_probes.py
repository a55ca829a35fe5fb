from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest
from prometheus_client import CollectorRegistry

from controller.metrics import Metrics
from controller.probes import Check, Heartbeat, Servers, is_set, not_older
from controller.setting_types import Address

ANY = Address("127.0.0.1", 0)


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


def servers(
    alive: dict[str, Check], ready: dict[str, Check], health: Address = ANY, metrics: Address = ANY
) -> Servers:
    registry = Metrics(CollectorRegistry(), version="1").registry
    return Servers(health=health, metrics=metrics, alive=alive, ready=ready, registry=registry)


async def get(http: aiohttp.ClientSession, address: Address, path: str) -> tuple[int, str]:
    async with http.get(f"http://{address}{path}") as response:
        return response.status, await response.text()


async def test_probes(http: aiohttp.ClientSession) -> None:
    age, synced = 3.0, asyncio.Event()
    alive = {"queue": not_older(lambda: age, 120, "the oldest key waits")}
    ready = {"pods": is_set(synced, "not listed yet")}
    served = servers(alive, ready)
    await served.start()
    assert served.health.port
    assert served.metrics.port not in (0, served.health.port)
    assert await get(http, served.health, "/healthz") == (
        200,
        "[+]queue ok\nhealthz check passed\n",
    )
    assert await get(http, served.health, "/readyz") == (
        500,
        "[-]pods failed: not listed yet\nreadyz check failed\n",
    )
    assert not served.is_ready()
    synced.set()
    age = 130.0
    assert served.is_ready()
    assert (await get(http, served.health, "/readyz"))[0] == 200
    assert await get(http, served.health, "/healthz") == (
        500,
        "[-]queue failed: the oldest key waits for 130 s\nhealthz check failed\n",
    )
    status, text = await get(http, served.metrics, "/metrics")
    assert status == 200
    assert "echelon_build_info" in text
    assert (await get(http, served.health, "/metrics"))[0] == 404
    await served.stop()


async def test_a_check_that_breaks_has_failed(http: aiohttp.ClientSession) -> None:
    def broken() -> str | None:
        raise RuntimeError("oh")

    served = servers({"odd": broken}, {})
    await served.start()
    assert (await get(http, served.health, "/healthz"))[0] == 500
    await served.stop()


async def test_one_address_for_both(http: aiohttp.ClientSession) -> None:
    first = servers({}, {})
    await first.start()
    port = first.health.port
    await first.stop()
    same = Address("127.0.0.1", port)
    served = servers({}, {}, same, same)
    await served.start()
    assert (await get(http, same, "/healthz"))[0] == 200
    assert (await get(http, same, "/metrics"))[0] == 200
    await served.stop()


async def test_an_address_that_is_taken() -> None:
    first = servers({}, {})
    await first.start()
    taken = first.health
    asked = servers({}, {}, health=Address(taken.host, taken.port))
    with pytest.raises(OSError, match="address already in use"):
        await asked.start()
    default = servers({}, {}, health=Address(taken.host, taken.port, spare=True))
    await default.start()
    assert default.health.port not in (0, taken.port)
    for server in (first, asked, default):
        await server.stop()


async def test_heartbeat() -> None:
    now = 100.0
    beats: list[float] = []
    heart = Heartbeat(lambda: now, lambda: beats.append(now))
    now = 140.0
    assert heart.age() == 40
    beating = asyncio.create_task(heart.run())
    await asyncio.sleep(0)
    assert heart.age() == 0
    assert beats == [140.0]
    beating.cancel()
