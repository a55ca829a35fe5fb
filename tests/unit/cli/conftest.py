"""A session with a small API server, for what is tested by its requests."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from controller.cli.session import Session
from controller.kube.client import Client
from tests.unit.kube.fake import FakeApi


@pytest.fixture
async def api() -> AsyncIterator[FakeApi]:
    fake = FakeApi()
    yield fake
    await fake.stop()


@pytest.fixture
def namespace() -> str:
    """The namespace of the session."""
    return "ns"


@pytest.fixture
async def session(api: FakeApi, namespace: str) -> AsyncIterator[Session]:
    async with Client(await api.start()) as client:
        yield Session(client, namespace)
