from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from controller.gates.asker import Asker
from controller.gates.clients import GateClients, GateSettings
from controller.gates.context import Context
from controller.kube.client import Client
from hack.devcluster.certs import Authority
from tests.unit.kube.fake import FakeApi, Seen
from tests.unit.virtual import VirtualTime

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Api(FakeApi):
    """A fake API server that also has container logs."""

    def __init__(self) -> None:
        super().__init__()
        #: Path of a log -> its text.
        self.logs: dict[str, str] = {}

    def _answer(self, verb: str, seen: Seen) -> web.Response:
        if seen.path in self.logs:
            return web.Response(text=self.logs[seen.path])
        return super()._answer(verb, seen)


@dataclass
class Server:
    """A server with one handler; ``url`` does not end with a slash."""

    url: str
    port: int
    seen: list[web.Request] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)


Serve = Callable[..., Awaitable[Server]]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """``await serve(handler, tls=None)`` starts a server on loopback."""
    running: list[TestServer] = []

    async def start(handler: Handler, tls: ssl.SSLContext | None = None) -> Server:
        made = Server("", 0)

        async def answer(request: web.Request) -> web.StreamResponse:
            made.bodies.append(await request.read())
            made.seen.append(request)
            return await handler(request)

        app = web.Application()
        app.router.add_route("*", "/{tail:.*}", answer)
        server = TestServer(app, scheme="https" if tls else "http")
        await server.start_server(ssl=tls)
        running.append(server)
        made.port = server.port or 0
        made.url = f"{server.scheme}://127.0.0.1:{made.port}"
        return made

    yield start
    for server in running:
        await server.close()


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """The folder of a private CA; its certificate is the file ``ca.crt``."""
    return Authority(tmp_path / "pki")


@pytest.fixture
def tls(authority: Authority) -> ssl.SSLContext:
    """TLS settings of a server whose certificate the private CA signed."""
    authority.server("server")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(authority.folder / "server.crt", authority.folder / "server.key")
    return context


@pytest.fixture
async def api() -> AsyncIterator[Api]:
    fake = Api()
    yield fake
    await fake.stop()


MakeClients = Callable[..., Awaitable[GateClients]]


@pytest.fixture
async def make_clients(api: Api) -> AsyncIterator[MakeClients]:
    """``await make_clients(**settings)``; loopback is allowed unless the settings forbid it."""
    connection = await api.start()
    async with Client(connection) as client:

        async def make(**settings: object) -> GateClients:
            given = {"allow_loopback": True, **settings}
            return GateClients(client, (connection.server,), GateSettings(**given))  # type: ignore[arg-type]

        yield make


@pytest.fixture
async def clients(make_clients: MakeClients) -> GateClients:
    return await make_clients()


@pytest.fixture
async def time(monkeypatch: pytest.MonkeyPatch) -> VirtualTime:
    """An answer that comes is in time, however slow the machine is; one that hangs is not waited
    for."""
    return VirtualTime(monkeypatch)


@pytest.fixture
def asker(clients: GateClients, time: VirtualTime) -> Asker:
    assert time
    return Asker(clients)


@pytest.fixture
def context() -> Context:
    return Context(
        namespace="ns",
        job="web",
        update="web-g2",
        update_uid="u-1",
        revision="web-abc",
        digest="abc",
        group=3,
        run="r1",
        updated=((0, "web-0", "127.0.0.1"), (1, "web-1", "127.0.0.1")),
        baseline=((2, "web-2", "127.0.0.1"), (3, "web-3-s", "127.0.0.1")),
    )
