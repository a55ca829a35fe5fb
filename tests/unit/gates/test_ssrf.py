"""What a user may try in order to reach, through a gate, what the operator reaches and he does not.

All of it goes through the sessions that gates use, with real sockets and, where a name is asked
for, a resolver that lies.
"""

from __future__ import annotations

import socket
from typing import Any

import pytest
from aiohttp import web
from yarl import URL

from controller.gates.addresses import Guard
from controller.gates.clients import GateClients
from controller.gates.fetch import FetchError, Question, fetch, url_of
from tests.unit.gates.conftest import Api, MakeClients, Serve, Server

#: The metadata service in the forms in which libraries of URLs and of sockets read addresses.
METADATA = [
    "169.254.169.254",
    "2852039166",
    "0xa9fea9fe",
    "0xa9.0xfe.0xa9.0xfe",
    "0251.0376.0251.0376",
    "0251.254.169.254",
    "169.254.43518",
    "169.16689662",
    "169.254.169.254.",
    "１６９.254.169.254",
    "169。254。169。254",
    "%31%36%39.254.169.254",
    "[::ffff:169.254.169.254]",
    "[::ffff:a9fe:a9fe]",
    "[0:0:0:0:0:ffff:a9fe:a9fe]",
    "[64:ff9b::169.254.169.254]",
    "[2002:a9fe:a9fe::]",
    "[fd00:c1::a9fe:a9fe]",
    "[fe80::a9fe:a9fe%25lo]",
]
LOOPBACK = ["127.0.0.1", "127.1", "2130706433", "0x7f.1", "017700000001", "0", "0.0.0.0", "[::1]"]
LOOPBACK += ["[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "localhost", "LOCALHOST."]


async def get(clients: GateClients, url: str) -> int:
    async with clients.session() as session:
        return (await fetch(session, Question(url_of(url)))).status


async def ok(_: web.Request) -> web.Response:
    return web.Response(text="fine")


def redirecting(to: str) -> Any:
    async def handler(_: web.Request) -> web.Response:
        return web.Response(status=307, headers={"Location": to})

    return handler


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses for which gates made sockets."""
    found: list[str] = []

    def make(guard: Guard, info: tuple[Any, ...]) -> socket.socket:
        made = real(guard, info)
        found.append(str(info[4][0]))
        return made

    real = Guard.socket
    monkeypatch.setattr(Guard, "socket", make)
    return found


@pytest.mark.parametrize("host", METADATA)
async def test_no_form_of_an_address_reaches_the_metadata_service(
    clients: GateClients, serve: Serve, opened: list[str], host: str
) -> None:
    with pytest.raises(FetchError):
        await get(clients, f"http://{host}/latest/meta-data")
    assert opened == []
    server = await serve(redirecting(f"http://{host}/latest/meta-data"))
    with pytest.raises(FetchError):
        await get(clients, server.url)
    assert opened == ["127.0.0.1"], "the one for the server that redirects"


@pytest.mark.parametrize("host", LOOPBACK)
async def test_no_form_of_an_address_reaches_the_operators_own(
    make_clients: MakeClients, serve: Serve, opened: list[str], host: str
) -> None:
    server = await serve(ok)
    with pytest.raises(FetchError):
        await get(await make_clients(allow_loopback=False), f"http://{host}:{server.port}/")
    assert opened == []
    assert server.seen == []


@pytest.mark.parametrize("host", LOOPBACK)
async def test_no_form_of_an_address_reaches_the_api_server(
    clients: GateClients, api: Api, serve: Serve, host: str
) -> None:
    """It is on loopback here, and gates may ask others there."""
    url = f"http://{host}:{api._server.port}/api"
    with pytest.raises(FetchError):
        await get(clients, url)
    with pytest.raises(FetchError):
        await get(clients, (await serve(redirecting(url))).url)
    assert api.seen == []


Answers = dict[str, list[str]]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Answers:
    """Name -> its addresses; a name with several lists takes the next at each lookup."""
    told: Answers = {}

    def resolve(host: str, port: int, *_: object) -> Any:
        given = told.get(host, [host])
        one = given.pop(0) if len(given) > 1 else given[0]
        kind = (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "")
        return [(*kind, (address, port)) for address in one.split()]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return told


async def test_a_name_that_changes_its_address_is_refused_when_it_is_connected_to(
    clients: GateClients, serve: Serve, names: Answers
) -> None:
    """DNS rebinding: what is checked is the address of the socket, so an earlier answer counts for
    nothing."""
    server = await serve(ok)
    names["moody.example"] = ["127.0.0.1", "169.254.169.254", "127.0.0.1"]
    url = f"http://moody.example:{server.port}/"
    assert await get(clients, url) == 200
    with pytest.raises(FetchError, match=r"refused: 169\.254\.169\.254 is link-local"):
        await get(clients, url)
    assert await get(clients, url) == 200


async def test_a_redirect_looks_the_name_up_for_itself(
    clients: GateClients, serve: Serve, names: Answers
) -> None:
    names["first.example"], names["second.example"] = ["127.0.0.1"], ["169.254.169.254"]
    server = await serve(redirecting("http://second.example/"))
    with pytest.raises(FetchError, match="is link-local"):
        await get(clients, f"http://first.example:{server.port}/")


async def test_of_several_addresses_only_the_allowed_are_connected_to(
    clients: GateClients, serve: Serve, names: Answers, opened: list[str]
) -> None:
    server = await serve(ok)
    names["two.example"] = ["169.254.169.254 127.0.0.1"]
    assert await get(clients, f"http://two.example:{server.port}/") == 200
    assert opened == ["127.0.0.1"]
    names["two.example"] = ["127.0.0.1 169.254.169.254"]
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        opened.clear()
        with pytest.raises(FetchError):
            await get(clients, f"http://two.example:{closed.getsockname()[1]}/")
    assert opened == ["127.0.0.1"], "the forbidden one is not tried when the allowed one fails"


async def test_the_environment_names_no_proxy(
    clients: GateClients, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy would connect for the operator, and look at no address."""
    proxy, server = await serve(ok), await serve(ok)
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, proxy.url)
        monkeypatch.setenv(name.upper(), proxy.url)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    assert await get(clients, server.url) == 200
    with pytest.raises(FetchError, match="is link-local"):
        await get(clients, "http://169.254.169.254/")
    assert proxy.seen == []


async def test_no_credentials_of_the_operator_are_sent(
    clients: GateClients, serve: Serve, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password hush\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    server: Server = await serve(ok)
    await get(clients, server.url)
    assert not {"Authorization", "Cookie"} & server.seen[0].headers.keys()


def test_only_http_is_spoken() -> None:
    for url in ("file:///var/run/secrets", "gopher://x/", "unix:///run/x.sock", "//x/"):
        with pytest.raises(FetchError):
            url_of(url)
    assert url_of("HTTP://example.com:80/").scheme == URL("http://x").scheme
