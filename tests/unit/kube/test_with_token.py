"""A client for the bearer of a token uses nothing of what the process itself is known by."""

from __future__ import annotations

import ssl

from controller.kube.client import Client
from controller.kube.config import Connection, Credentials
from controller.kube.resources import PODS
from tests.unit.kube.fake import FakeApi


async def own(_force: bool) -> str:
    return "Bearer of-the-process"


async def test_its_requests_have_the_token_and_share_the_connections() -> None:
    api = FakeApi()
    server = (await api.start()).server
    api.put("/api/v1/namespaces/ns/pods", "a")
    connection = Connection(server, credentials=Credentials(own))
    async with Client(connection) as client:
        ada, eve = client.with_token("ada"), client.with_token("eve")
        for each in (client, ada, eve, ada, client):
            await each.get(PODS, "ns", "a")
        assert [seen.headers["Authorization"] for seen in api.seen] == [
            "Bearer of-the-process",
            "Bearer ada",
            "Bearer eve",
            "Bearer ada",
            "Bearer of-the-process",
        ]
        await ada.close()
        await client.get(PODS, "ns", "a")
        assert len({seen.headers["User-Agent"] for seen in api.seen}) == 1
    await api.stop()


def test_a_client_certificate_stays_behind() -> None:
    with_certificate, bare = ssl.create_default_context(), ssl.create_default_context()
    connection = Connection("https://api", with_certificate, bare_ssl_context=bare)
    assert connection.with_token("ada").ssl_context is bare
    assert connection.ssl_context is with_certificate


def test_without_a_context_for_it_no_server_is_trusted_blindly() -> None:
    connection = Connection("https://api", ssl.create_default_context())
    assert connection.with_token("ada").ssl_context is None, "the system's authorities"
