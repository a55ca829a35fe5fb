"""A long list: the next page is on its way while one is handled."""

from __future__ import annotations

import asyncio
import json
from contextlib import aclosing
from typing import Any

import msgspec
import pytest

from controller.kube.client import Client
from controller.kube.errors import Gone
from controller.kube.pages import PAGE, pages
from controller.kube.resources import PODS


class Server(Client):
    """Answers with pages of one item; ``asked`` are the tokens asked for."""

    def __init__(self, answers: list[Any]) -> None:
        self.answers = answers
        self.asked: list[str | None] = []
        self.cancelled = 0

    async def list_page(self, *_: Any, **how: Any) -> bytes:
        assert (how["limit"], how["label_selector"]) == (PAGE, "a")
        self.asked.append(how["continue_token"])
        try:
            await asyncio.sleep(0)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        answer = self.answers[len(self.asked) - 1]
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, bytes) else page(answer)


def page(token: str) -> bytes:
    return json.dumps({"metadata": {"continue": token, "resourceVersion": "7"}}).encode()


async def test_the_next_page_is_asked_for_before_this_one_is_handled() -> None:
    server, seen = Server(["one", "two", ""]), list[list[str | None]]()
    async with aclosing(pages(server, PODS, None, label_selector="a")) as read:
        async for _ in read:
            seen.append(list(server.asked))
    assert seen == [[None, "one"], [None, "one", "two"], [None, "one", "two"]]


async def test_a_list_that_is_left_is_not_read_on() -> None:
    server = Server(["one", "two", ""])
    async with aclosing(pages(server, PODS, None, label_selector="a")) as read:
        async for _ in read:
            break
    assert (server.asked, server.cancelled) == ([None, "one"], 1)


async def test_a_page_that_is_refused_ends_the_list() -> None:
    server = Server(["one", Gone(410, "Expired", "too old")])
    with pytest.raises(Gone):
        [_ async for _ in pages(server, PODS, None, label_selector="a")]


async def test_what_is_no_list_ends_it() -> None:
    with pytest.raises(msgspec.MsgspecError):
        [_ async for _ in pages(Server([b"<html>"]), PODS, None, label_selector="a")]
