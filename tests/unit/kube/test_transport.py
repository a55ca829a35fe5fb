"""A write is checked in the moment before it is sent."""

from __future__ import annotations

import pytest

from controller.kube.client import Client
from controller.kube.config import Connection
from controller.kube.errors import ApiError, NotFound, NotHolderError
from controller.kube.resources import PODS
from tests.unit.kube.fake import FakeApi


async def test_a_write_is_checked_again_when_its_connection_is_there(
    connection: Connection, api: FakeApi
) -> None:
    """A process may be frozen while it connects."""
    checks = 0

    def guard() -> None:
        nonlocal checks
        checks += 1
        if checks > 1:
            raise NotHolderError

    async with Client(connection, guard=guard) as client:
        with pytest.raises(NotHolderError):
            await client.create(PODS, "ns", {"metadata": {"name": "a"}})
        assert api.seen == []
        with pytest.raises(NotFound):
            await client.get(PODS, "ns", "a")


async def test_a_delete_that_is_repeated_on_another_connection_is_checked(
    connection: Connection, api: FakeApi
) -> None:
    """aiohttp repeats it by itself when a connection that was kept turns out to be closed."""

    def guard() -> None:
        if api.count("DELETE"):
            raise NotHolderError

    async with Client(connection, guard=guard) as client:
        await client.create(PODS, "ns", {"metadata": {"name": "a"}})
        api.cuts.append("DELETE")
        with pytest.raises(ApiError):
            await client.delete(PODS, "ns", "a")
    assert api.count("DELETE") == 1
