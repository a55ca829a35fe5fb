from __future__ import annotations

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.gates.addresses import Guard, RefusedError, why_refused


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


@pytest.mark.parametrize("address", ["127.0.0.1", "127.1.2.3", "::1", "0.0.0.0", "::ffff:7f00:1"])
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
    guard.check("127.0.0.1", 8001)


async def test_its_address_is_learned_anew() -> None:
    now = [0.0]
    guard = Guard(("https://localhost:1",), allow_loopback=True, clock=lambda: now[0])
    await guard.refresh()
    guard._servers = (("127.0.0.9", 1),)
    now[0] = 59.0
    await guard.refresh()
    guard.check("127.0.0.9", 1)
    now[0] = 61.0
    await guard.refresh()
    with pytest.raises(RefusedError):
        guard.check("127.0.0.9", 1)


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
