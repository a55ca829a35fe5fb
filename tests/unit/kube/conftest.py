from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from controller.kube.client import Client
from controller.kube.config import Connection
from tests.unit.kube.fake import FakeApi


class Clock:
    """A monotonic clock that a test moves forward by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def pass_by(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def api() -> AsyncIterator[FakeApi]:
    fake = FakeApi()
    yield fake
    await fake.stop()


@pytest.fixture
async def connection(api: FakeApi) -> Connection:
    return await api.start()


@pytest.fixture
async def client(connection: Connection) -> AsyncIterator[Client]:
    async with Client(connection) as made:
        yield made


@pytest.fixture
async def second(connection: Connection) -> AsyncIterator[Client]:
    """Another process's client."""
    async with Client(connection) as made:
        yield made


async def until(condition: Callable[[], object], seconds: float = 120.0) -> None:
    """Let other tasks run until the condition holds; fail if it never does."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - any condition, not only events
            await asyncio.sleep(0.002)
