from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.gates import addresses
from controller.gates.addresses import Guard, RefusedError, in_pod, why_refused


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "169.254.0.1",
        "fe80::1",
        "fe80::1%lo",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "2002:a9fe:a9fe::1",
        "::169.254.169.254",
        "::ffff:0:a9fe:a9fe",
        "64:ff9b:1::a9fe:a9fe",
        "64:ff9b:1:a9fe:a9:fe00::",
        "fd00:ec2::23",
        "fd00:ec2::23%eth0",
        "fd00:ec2::254",
        "100.100.100.200",
        "224.0.0.1",
        "ff02::1",
        "0.1.2.3",
    ],
)
def test_refused_whatever_the_settings(address: str) -> None:
    assert why_refused(address, allow_loopback=False)
    assert why_refused(address, allow_loopback=True)


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "127.1.2.3", "::1", "0.0.0.0", "::", "::ffff:7f00:1", "::7f00:1"]
)
def test_loopback_is_a_setting(address: str) -> None:
    assert why_refused(address, allow_loopback=False)
    assert why_refused(address, allow_loopback=True) is None


@pytest.mark.parametrize(
    "address", ["10.0.0.1", "192.168.1.1", "8.8.8.8", "fd00::1", "2001:db8::1"]
)
def test_others_are_allowed(address: str) -> None:
    assert why_refused(address, allow_loopback=False) is None


@given(st.ip_addresses())
def test_every_address_has_an_answer(address: object) -> None:
    why_refused(str(address), allow_loopback=False)


async def test_the_api_server_is_refused_at_its_port_only() -> None:
    guard = Guard(("https://localhost:6443", "http://127.0.0.2:8001"), allow_loopback=True)
    await guard.refresh()
    for address, port in (("127.0.0.1", 6443), ("::ffff:127.0.0.1", 6443), ("127.0.0.2", 8001)):
        with pytest.raises(RefusedError, match="is the API server"):
            guard.check(address, port)
    guard.check("127.0.0.1", 8002)


async def test_an_api_server_on_this_machine_is_refused_at_each_address_of_it() -> None:
    guard = Guard(("https://127.0.0.1:6443", "https://10.0.0.9:8001"), allow_loopback=True)
    await guard.refresh()
    for address in ("0.0.0.0", "::", "::1", "127.9.9.9", "::ffff:0.0.0.0"):
        with pytest.raises(RefusedError, match="is the API server"):
            guard.check(address, 6443)
        guard.check(address, 8001)


async def test_its_address_is_learned_anew() -> None:
    now = [0.0]
    guard = Guard(("https://localhost:1",), allow_loopback=True, clock=lambda: now[0])
    await guard.refresh()
    guard._servers = (("10.0.0.9", 1),)
    now[0] = 59.0
    await guard.refresh()
    guard.check("10.0.0.9", 1)
    now[0] = 61.0
    await guard.refresh()
    with pytest.raises(RefusedError):
        guard.check("10.0.0.9", 1)


async def test_in_a_pod_its_service_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert in_pod({}) == ()
    environment = {"KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "6443"}
    assert in_pod(environment)[0] == "https://[fd00::1]:6443"
    known = True

    async def resolve(host: str, port: int, **_: object) -> Any:
        if host == "kubernetes.default.svc" and not known:
            await asyncio.sleep(60)
        kind = (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "")
        return [(*kind, ("10.0.0.9" if host == "kubernetes.default.svc" else host, port))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolve)
    monkeypatch.setattr(addresses, "_LOOKUP", 0.01)
    now = [0.0]
    servers = ("https://10.0.0.1:6443", *in_pod({"KUBERNETES_SERVICE_HOST": "10.96.0.1"}))
    guard = Guard(servers, allow_loopback=False, clock=lambda: now[0])
    await guard.refresh()
    # While the name does not resolve, its last known addresses stay refused.
    known, now[0] = False, 100.0
    await guard.refresh()
    for address, port in (("10.0.0.1", 6443), ("10.96.0.1", 443), ("10.0.0.9", 443)):
        with pytest.raises(RefusedError, match="is the API server"):
            guard.check(address, port)
    guard.check("10.0.0.1", 443)


async def test_an_unknown_api_server_is_an_error() -> None:
    guard = Guard(("https://no-such-host.invalid:1",), allow_loopback=True)
    with pytest.raises(OSError, match=r".+"):
        await guard.refresh()


def test_sockets_are_made_only_for_the_allowed() -> None:
    guard = Guard((), allow_loopback=True)
    info = (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("127.0.0.1", 80))
    guard.socket(info).close()
    with pytest.raises(RefusedError):
        guard.socket((*info[:4], ("169.254.169.254", 80)))
