"""The clients that the program makes for gates."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from controller.app import Operator
from controller.gates.clients import GateClients
from controller.kube.config import Connection
from controller.kube.errors import NotHolderError
from controller.kube.resources import PODS, SECRETS
from controller.settings import load
from tests.unit.gates.conftest import Api


async def test_gates_that_hang_hold_up_nothing_but_gates(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[GateClients] = []

    class Seen(GateClients):
        def __init__(self, *args: Any) -> None:
            super().__init__(*args)
            made.append(self)

    monkeypatch.setattr("controller.asking.GateClients", Seen)
    connection = await api.start()
    operator = Operator(load([], {}), *(Connection(connection.server) for _ in range(2)))
    (gate_clients,) = made
    api.put(PODS.path("ns"), "p")
    # The client of gates writes too, so it needs the Lease like the others.
    for client in (gate_clients.api, operator._client, operator._pod_client):
        with pytest.raises(NotHolderError):
            await client.create(SECRETS, "ns", {"metadata": {"name": "s"}})

    async def hang(_: object) -> bytes:
        return await asyncio.sleep(3600, b"")

    monkeypatch.setattr(gate_clients.api._transport, "_send", hang)
    asking = [asyncio.create_task(gate_clients.api.get(SECRETS, "ns", "s")) for _ in range(200)]
    await asyncio.sleep(0.05)
    clients = (operator._client, operator._pod_client)
    async with asyncio.timeout(60):
        for client in clients:
            assert await client.get(PODS, "ns", "p")
    for task in asking:
        task.cancel()
    await asyncio.gather(*asking, return_exceptions=True)
    for client in clients:
        await client.close()
