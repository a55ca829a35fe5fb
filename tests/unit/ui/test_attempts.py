"""How many refused tokens an address has, and which address a request has."""

from __future__ import annotations

import asyncio
from ipaddress import ip_address, ip_network
from typing import Any

import pytest
from aiohttp.test_utils import make_mocked_request

from controller.kube.errors import ServerError
from controller.ui import attempts as module
from controller.ui.attempts import Attempts, TooManyError, sender

ONE, OTHER = ip_address("192.0.2.1"), ip_address("192.0.2.2")
PROXY = (ip_network("10.0.0.0/8"),)


async def refused() -> None:
    return None


async def accepted() -> str:
    return "ada"


async def wait(attempts: Attempts, address: Any) -> int:
    """Seconds that the address has to wait before it is asked about another token; 0: none."""
    try:
        assert await attempts.ask(address, accepted) == "ada"
    except TooManyError as error:
        return error.seconds
    return 0


async def test_after_so_many_an_address_has_to_wait_and_others_do_not() -> None:
    now = 0.0
    attempts = Attempts(clock=lambda: now)
    for _ in range(module.MOST):
        assert await wait(attempts, ONE) == 0
        await attempts.ask(ONE, refused)
    now = 20.0
    assert await wait(attempts, ONE) == 40
    assert await wait(attempts, OTHER) == 0
    now = 60.0
    assert await wait(attempts, ONE) == 0
    await attempts.ask(ONE, refused)
    assert await wait(attempts, ONE) == 0, "it is counted anew"


async def test_a_network_of_ipv6_is_one_address() -> None:
    attempts = Attempts(clock=lambda: 0.0)
    for number in range(module.MOST):
        await attempts.ask(ip_address(f"2001:db8::{number:x}"), refused)
    assert await wait(attempts, ip_address("2001:db8::ffff"))
    assert not await wait(attempts, ip_address("2001:db8:0:1::1"))


async def test_only_so_many_addresses_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_ADDRESSES", 2)
    attempts = Attempts(clock=lambda: 0.0)
    for _ in range(module.MOST):
        await attempts.ask(ONE, refused)
    for number in (8, 9):
        await attempts.ask(ip_address(f"192.0.2.{number}"), refused)
    assert not await wait(attempts, ONE)


class Slow:
    """Answers when it is let. ``asked``: how often it was."""

    def __init__(self, answer: str | None) -> None:
        self.asked = 0
        self.go = asyncio.Event()
        self._answer = answer

    async def __call__(self) -> str | None:
        self.asked += 1
        await self.go.wait()
        return self._answer


async def test_of_many_at_once_only_so_many_are_asked_about() -> None:
    attempts, api = Attempts(clock=lambda: 0.0), Slow(None)
    tasks = [asyncio.create_task(attempts.ask(ONE, api)) for _ in range(500)]
    await asyncio.sleep(0)
    assert api.asked == module.MOST
    api.go.set()
    found = await asyncio.gather(*tasks, return_exceptions=True)
    assert api.asked == module.MOST
    assert [type(each) for each in found].count(TooManyError) == 500 - module.MOST


async def test_many_at_once_that_are_accepted_have_to_wait_for_each_other_only() -> None:
    attempts, api = Attempts(clock=lambda: 0.0), Slow("ada")
    tasks = [asyncio.create_task(attempts.ask(ONE, api)) for _ in range(100)]
    await asyncio.sleep(0)
    assert api.asked == module.MOST
    api.go.set()
    assert await asyncio.gather(*tasks) == ["ada"] * 100


async def test_an_error_is_no_refusal() -> None:
    attempts = Attempts(clock=lambda: 0.0)

    async def broken() -> None:
        raise ServerError(500, "", "")

    for _ in range(module.MOST + 1):
        with pytest.raises(ServerError):
            await attempts.ask(ONE, broken)
    assert await wait(attempts, ONE) == 0


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
