"""Who asks about which token, and how many invented ones are asked about."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from controller.ui import attempts
from controller.ui.render import Renderer
from controller.ui.sessions import Sessions, Token
from controller.ui.tokens import TokenAccess, Tokens
from tests.unit.ui.many import STEER, FakeServer, Many
from tests.unit.ui.objects import job, pod, put, update


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


async def test_what_a_viewer_does_does_not_wait_for_logs(renderer: Renderer) -> None:
    page, acts, logs = Many(renderer), FakeServer(), FakeServer()
    page.api.users = acts.users = {"ada-1": "ada"}
    page.api.rights = {("ada", "shop"): STEER}
    put(page.store, job(), update(), pod(0))
    usual: Any = page.api
    first: Any = acts
    second: Any = logs
    tokens, sessions = Tokens(usual, usual), Sessions(60.0, page.hub.end)
    access = TokenAccess(page.guard, first, second, tokens, sessions, page.reviews)
    async with page.serve(access):
        assert (await page.sign_in("ada-1"))[0] == 303
        await page.get("/log/shop/web-0/main")
        pause = "/updates/shop/web-g2/pause"
        assert (await page.post(pause, await page.form(pause)))[0] == 303
    assert (acts.acts, logs.acts, page.api.acts) == (["ada-1"], ["ada-1"], [])
    assert len(logs.asked) == 1


@pytest.mark.parametrize(
    ("lifetime", "asked"), [(28800.0, "8h"), (172800.0, "48h"), (604799.0, "604799s"), (60, "600s")]
)
async def test_the_command_of_the_form_is_one_that_kubectl_takes(
    renderer: Renderer, lifetime: float, asked: str
) -> None:
    page = Many(renderer)
    async with page.serve(page.by_token(lifetime)):
        assert f"--duration {asked}</pre>" in (await page.get("/signin"))[1]
