"""Who asks about which token, and how many invented ones are asked about."""

from __future__ import annotations

import asyncio
from typing import Any

from controller.ui import attempts
from controller.ui.render import Renderer
from controller.ui.sessions import Token
from controller.ui.tokens import Tokens
from tests.unit.ui.many import FakeServer, Many


async def test_tokens_that_were_not_accepted_before_do_not_delay_the_others() -> None:
    usual, strangers = FakeServer(), FakeServer()
    usual.users = strangers.users = {"ada-1": "ada"}
    first: Any = usual
    second: Any = strangers
    now = [0.0]
    tokens = Tokens(first, second, clock=lambda: now[0])
    assert await tokens.identity(Token("invented")) is None
    assert await tokens.identity(Token("ada-1")) is not None
    assert (len(usual.reviews), len(strangers.reviews)) == (0, 2)
    now[0] = 61.0
    assert await tokens.identity(Token("ada-1")) is not None
    assert await tokens.identity(Token("invented")) is None
    assert (len(usual.reviews), len(strangers.reviews)) == (1, 3)


async def test_many_invented_tokens_at_once_are_not_all_asked_about(renderer: Renderer) -> None:
    page = Many(renderer)
    async with page.serve(page.by_token()):
        sent = [page.get("/", Authorization=f"Bearer invented-{i}") for i in range(100)]
        found = [status for status, _ in await asyncio.gather(*sent)]
    assert found.count(401) == len(page.api.reviews) == attempts.MOST
    assert found.count(429) == 100 - attempts.MOST
