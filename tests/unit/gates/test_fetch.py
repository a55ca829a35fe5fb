"""Redirects, sizes, certificates and addresses, tested with real sockets."""

from __future__ import annotations

import asyncio
import socket
import ssl
from typing import Any

import pytest
from aiohttp import web
from yarl import URL

from controller.gates.clients import GateClients
from controller.gates.fetch import MOST_BYTES, Fetched, FetchError, Question, fetch, shown, url_of
from hack.devcluster.certs import Authority
from tests.unit.gates.conftest import Api, MakeClients, Serve


async def ok(_: web.Request) -> web.Response:
    return web.Response(text="fine")


async def get(clients: GateClients, url: str, **more: Any) -> Fetched:
    async with clients.session() as session:
        return await fetch(session, Question(URL(url), **more))


def redirecting(to: str, status: int = 302) -> Any:
    async def handler(_: web.Request) -> web.Response:
        return web.Response(status=status, headers={"Location": to})

    return handler


async def test_an_answer(clients: GateClients, serve: Serve) -> None:
    server = await serve(ok)
    assert await get(clients, f"{server.url}/x") == Fetched(200, b"fine")
    assert server.seen[0].headers["User-Agent"] == "echelon-controller"
    assert await get(clients, server.url, wants_body=False) == Fetched(200)


async def test_three_redirects_are_followed_and_no_more(clients: GateClients, serve: Serve) -> None:
    async def count_down(request: web.Request) -> web.Response:
        left = int(request.path[1:])
        if not left:
            return web.Response(text="there")
        return web.Response(status=302, headers={"Location": f"/{left - 1}"})

    server = await serve(count_down)
    assert (await get(clients, f"{server.url}/3")).body == b"there"
    with pytest.raises(FetchError, match="more than 3 redirects"):
        await get(clients, f"{server.url}/4")


@pytest.mark.parametrize(
    "to", ["ftp://example.com/", "file:///etc/passwd", "javascript:x", "http://["]
)
async def test_redirects_lead_only_to_http(clients: GateClients, serve: Serve, to: str) -> None:
    server = await serve(redirecting(to))
    with pytest.raises(FetchError, match="redirected to a"):
        await get(clients, server.url)


async def test_a_redirect_may_be_the_answer(clients: GateClients, serve: Serve) -> None:
    server = await serve(redirecting("/elsewhere"))
    assert (await get(clients, server.url, final=(302,))).status == 302
    assert len(server.seen) == 1


async def test_a_post_stays_a_post(clients: GateClients, serve: Serve) -> None:
    target = await serve(ok)
    keeping = await serve(redirecting(target.url, 307))
    assert (await get(clients, keeping.url, method="POST", body=b"it")).status == 200
    assert (target.seen[0].method, target.bodies) == ("POST", [b"it"])
    changing = await serve(redirecting(target.url, 302))
    assert (await get(clients, changing.url, method="POST", body=b"it")).status == 302


async def test_secrets_stay_with_their_origin(clients: GateClients, serve: Serve) -> None:
    target = await serve(ok)

    async def twice(request: web.Request) -> web.Response:
        to = "/again" if request.path == "/" else target.url
        return web.Response(status=307, headers={"Location": to})

    server = await serve(twice)
    await get(clients, f"{server.url}/", headers={"X-Open": "1"}, secret={"X-Token": "hush"})
    assert [seen.headers.get("X-Token") for seen in server.seen] == ["hush", "hush"]
    assert "X-Token" not in target.seen[0].headers
    assert target.seen[0].headers["X-Open"] == "1"


@pytest.mark.parametrize("to", ["http://169.254.169.254/latest", "http://[fe80::1]/"])
async def test_redirects_do_not_lead_to_refused_addresses(
    clients: GateClients, serve: Serve, to: str
) -> None:
    server = await serve(redirecting(to))
    with pytest.raises(FetchError, match="is link-local"):
        await get(clients, server.url)


async def test_the_api_server_is_refused(clients: GateClients, api: Api) -> None:
    port = api._server.port
    for host in ("127.0.0.1", "localhost"):
        with pytest.raises(FetchError, match="is the API server"):
            await get(clients, f"http://{host}:{port}/")
    assert not api.seen


async def test_names_are_judged_by_what_they_resolve_to(
    clients: GateClients, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = await serve(ok)
    address = "127.0.0.1"

    def resolve(host: str, port: int, *_: object) -> Any:
        kind = (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "")
        return [(*kind, ("127.0.0.1" if host != "moody.example" else address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    url = f"http://moody.example:{server.port}/"
    assert (await get(clients, url)).status == 200
    address = "169.254.169.254"
    with pytest.raises(FetchError, match=r"refused: 169\.254\.169\.254 is link-local"):
        await get(clients, url)


async def test_loopback_is_refused_unless_allowed(make_clients: MakeClients, serve: Serve) -> None:
    server = await serve(ok)
    with pytest.raises(FetchError, match=r"refused: 127\.0\.0\.1 is the operator's own"):
        await get(await make_clients(allow_loopback=False), server.url)


async def test_large_answers_are_refused(clients: GateClients, serve: Serve) -> None:
    async def sized(request: web.Request) -> web.Response:
        return web.Response(body=b"x" * int(request.path[1:]))

    server = await serve(sized)
    assert len((await get(clients, f"{server.url}/{MOST_BYTES}")).body) == MOST_BYTES
    with pytest.raises(FetchError, match="larger than 1 MiB"):
        await get(clients, f"{server.url}/{MOST_BYTES + 1}")


async def test_nothing_is_decompressed(clients: GateClients, serve: Serve) -> None:
    async def bomb(_: web.Request) -> web.Response:
        return web.Response(body=b"no gzip", headers={"Content-Encoding": "gzip"})

    server = await serve(bomb)
    assert (await get(clients, server.url)).body == b"no gzip"
    assert server.seen[0].headers["Accept-Encoding"] == "identity"


async def test_a_private_ca_is_trusted_if_configured(
    make_clients: MakeClients, serve: Serve, authority: Authority, tls: ssl.SSLContext
) -> None:
    server = await serve(ok, tls)
    with pytest.raises(FetchError, match=r"certificate of 127\.0\.0\.1 is not accepted: .*issuer"):
        await get(await make_clients(), server.url)
    clients = await make_clients(ca_file=str(authority.folder / "ca.crt"))
    assert (await get(clients, server.url)).status == 200
    authority.server("elsewhere", ("10.9.9.9",))
    files = (authority.folder / f"elsewhere.{kind}" for kind in ("crt", "key"))
    other = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    other.load_cert_chain(*files)
    with pytest.raises(FetchError, match="is not accepted: IP address mismatch"):
        await get(clients, (await serve(ok, other)).url)


async def test_a_renewed_ca_file_is_read_again(
    make_clients: MakeClients,
    serve: Serve,
    authority: Authority,
    tls: ssl.SSLContext,
    tmp_path: Any,
) -> None:
    server = await serve(ok, tls)
    file = tmp_path / "trusted.crt"
    file.write_bytes((Authority(tmp_path / "other").folder / "ca.crt").read_bytes())
    clients = await make_clients(ca_file=str(file))
    with pytest.raises(FetchError, match="not accepted"):
        await get(clients, server.url)
    (tmp_path / "new.crt").write_bytes((authority.folder / "ca.crt").read_bytes())
    (tmp_path / "new.crt").rename(file)
    assert (await get(clients, server.url)).status == 200


async def test_a_ca_file_that_cannot_be_used_is_reported(
    make_clients: MakeClients, tmp_path: Any
) -> None:
    with pytest.raises(FetchError, match=r"cannot use the CA file /no/such\.crt: No such file"):
        await get(await make_clients(ca_file="/no/such.crt"), "http://127.0.0.1/")
    (tmp_path / "bad.crt").write_text("nonsense")
    with pytest.raises(FetchError, match="cannot use the CA file"):
        await get(await make_clients(ca_file=str(tmp_path / "bad.crt")), "http://127.0.0.1/")


async def test_failures_have_words_without_secrets(clients: GateClients, serve: Serve) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(FetchError) as caught:
        await get(clients, f"http://user:hush@127.0.0.1:{port}/?token=hush")
    assert str(caught.value).startswith(f"cannot connect to 127.0.0.1:{port}: Connect call failed")
    assert "hush" not in str(caught.value)
    with pytest.raises(FetchError, match=r"cannot resolve no-such-host\.invalid"):
        await get(clients, "http://no-such-host.invalid/")

    async def hang_up(request: web.Request) -> web.Response:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    server = await serve(hang_up)
    with pytest.raises(FetchError, match="the connection was closed before the answer"):
        await get(clients, server.url)


async def test_an_answer_that_is_not_http_is_reported(clients: GateClients) -> None:
    async def babble(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0 hush\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(babble, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(FetchError, match="the answer is not HTTP"):
            await get(clients, f"http://127.0.0.1:{port}/")


@pytest.mark.parametrize("text", ["", "x", "ftp://a/", "http://", "http://a:99999/", "http://[::/"])
def test_urls_that_cannot_be_asked(text: str) -> None:
    with pytest.raises(FetchError, match="the URL is not of the form"):
        url_of(text)


def test_urls_are_shown_without_secrets() -> None:
    assert shown(URL("https://u:p@h:8443/a/b?token=x#y")) == "https://h:8443/a/b"
