"""How many refused tokens an address has, and which address a request has."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import Any

import pytest
from aiohttp.test_utils import make_mocked_request

from controller.ui import attempts as module
from controller.ui.attempts import Attempts, sender

ONE, OTHER = ip_address("192.0.2.1"), ip_address("192.0.2.2")
PROXY = (ip_network("10.0.0.0/8"),)


def test_after_so_many_an_address_has_to_wait_and_others_do_not() -> None:
    now = 0.0
    attempts = Attempts(clock=lambda: now)
    for _ in range(module.MOST):
        assert attempts.wait(ONE) == 0
        attempts.refused(ONE)
    now = 20.0
    assert attempts.wait(ONE) == 40
    assert attempts.wait(OTHER) == 0
    now = 60.0
    assert attempts.wait(ONE) == 0
    attempts.refused(ONE)
    assert attempts.wait(ONE) == 0, "it is counted anew"


def test_a_network_of_ipv6_is_one_address() -> None:
    attempts = Attempts(clock=lambda: 0.0)
    for number in range(module.MOST):
        attempts.refused(ip_address(f"2001:db8::{number:x}"))
    assert attempts.wait(ip_address("2001:db8::ffff"))
    assert not attempts.wait(ip_address("2001:db8:0:1::1"))


def test_only_so_many_addresses_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_ADDRESSES", 2)
    attempts = Attempts(clock=lambda: 0.0)
    for _ in range(module.MOST):
        attempts.refused(ONE)
    for number in (8, 9):
        attempts.refused(ip_address(f"192.0.2.{number}"))
    assert not attempts.wait(ONE)


def request(remote: str, *forwarded: str) -> Any:
    made = make_mocked_request("GET", "/")
    headers = made.headers.copy()
    for each in forwarded:
        headers.add("X-Forwarded-For", each)
    return made.clone(headers=headers, remote=remote)


@pytest.mark.parametrize(
    ("remote", "forwarded", "found"),
    [
        ("192.0.2.1", (), "192.0.2.1"),
        ("::ffff:192.0.2.1", (), "192.0.2.1"),
        ("192.0.2.1", ("198.51.100.7",), "192.0.2.1"),
        ("10.1.2.3", ("198.51.100.7",), "198.51.100.7"),
        ("10.1.2.3", ("203.0.113.9, 198.51.100.7",), "198.51.100.7"),
        ("10.1.2.3", ("203.0.113.9", "198.51.100.7"), "198.51.100.7"),
        ("::ffff:10.1.2.3", ("198.51.100.7",), "198.51.100.7"),
        ("10.1.2.3", ("nonsense",), "10.1.2.3"),
        ("10.1.2.3", (), "10.1.2.3"),
        ("", (), None),
    ],
)
def test_whose_a_request_is(remote: str, forwarded: tuple[str, ...], found: str | None) -> None:
    address = sender(request(remote, *forwarded), PROXY)
    assert address == (ip_address(found) if found else None)
