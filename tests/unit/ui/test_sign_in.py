"""Signing in by token: who is let in, what ends it, and what other sites and thieves try."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator

import pytest

from controller.kube.errors import Unreachable
from controller.ui import attempts
from controller.ui.render import Renderer
from controller.ui.sign_in import local
from tests.unit.ui.many import STEER, VIEW, Many
from tests.unit.ui.objects import job, pod, put, update

HTML = {"Accept": "text/html"}
ADA, EVE = "ada-token-1234567890", "eve-token-1234567890"
PAUSE = "/updates/shop/web-g2/pause"


@pytest.fixture
async def page(renderer: Renderer) -> AsyncIterator[Many]:
    many = Many(renderer)
    many.api.users = {ADA: "ada", EVE: "eve"}
    many.api.rights = {("ada", "shop"): STEER}
    put(many.store, job(), update(), pod(0))
    async with many.serve(many.by_token()) as served:
        yield served


async def test_who_is_not_signed_in_is_led_to_the_form_and_back(page: Many) -> None:
    async with page.browser.get("/jobs/shop/web?tab=updates", headers=HTML) as response:
        assert response.url.path == "/signin"
        assert response.status == 200
    fields = await page.form("/signin?next=/jobs/shop/web?tab=updates")
    status, _, headers = await page.post("/signin", {**fields, "token": f" Bearer {ADA}\n"})
    assert (status, headers["Location"]) == (303, "/jobs/shop/web?tab=updates")
    status, html = await page.get("/jobs/shop/web")
    assert status == 200
    assert "ada" in html
    assert "/signout" in html


@pytest.mark.parametrize(
    "path",
    ["/", "/jobs/shop/web", "/jobs/no/no", "/live/", "/live/jobs/shop/web", PAUSE, "/nodes/n1",
     "/log/shop/web-0/main", "/no-such-page", "/signout"],
)  # fmt: skip
async def test_without_a_session_every_address_answers_the_same(page: Many, path: str) -> None:
    status, html = await page.get(path)
    assert status == 401
    assert "You are not signed in" in html
    assert "web" not in html.replace(path.replace("/", "%2F"), "").replace(path, "")
    assert page.api.reviews == []


@pytest.mark.parametrize("word", ["session", "form"])
async def test_a_cookie_that_cannot_be_ours_is_none(page: Many, word: str) -> None:
    cookie = ("Cookie", f"echelon-{word}-{page.browser.port}=".encode() + b"\xff" * 40)
    assert await page.raw("/", cookie) == 401
    assert await page.raw("/signin", cookie) == 200


async def test_scripts_get_a_401_and_not_a_form(page: Many) -> None:
    for path, headers in (
        ("/live/", HTML),
        ("/", {**HTML, "HX-Request": "true"}),
        ("/", {"Accept": "*/*"}),
    ):
        async with page.browser.get(path, headers=headers, allow_redirects=False) as response:
            assert response.status == 401
            assert response.headers["WWW-Authenticate"] == "Bearer"
    assert (await page.post(PAUSE, {}))[0] == 401


async def test_a_token_that_is_not_accepted_opens_nothing(page: Many) -> None:
    status, html, headers = await page.sign_in("stolen-token-00000000")
    assert status == 401
    assert "does not accept this token" in html
    assert "stolen-token" not in html
    assert "session" not in headers.get("Set-Cookie", "")
    for bad in ("", "two words", "ä", "x" * 20_000):
        assert (await page.sign_in(bad))[0] == 400
    assert len(page.sessions) == 0


async def test_the_id_is_new_at_each_sign_in(page: Many) -> None:
    name = f"echelon-session-{page.browser.port}"
    page.browser.session.cookie_jar.update_cookies({name: "x" * 43})
    ids = []
    for token in (ADA, EVE):
        assert (await page.sign_in(token))[0] == 303
        cookies = {each.key: each.value for each in page.browser.session.cookie_jar}
        ids.append(cookies[name])
    assert "x" * 43 not in ids
    assert ids[0] != ids[1]
    assert len(page.sessions) == 1, "the session of before has ended"
    page.browser.session.cookie_jar.clear()
    for old, status in zip(ids, (401, 200), strict=True):
        assert (await page.get("/", Cookie=f"{name}={old}"))[0] == status


async def test_the_cookie_says_nothing_and_is_guarded(page: Many) -> None:
    _, _, headers = await page.sign_in(ADA)
    cookie = headers["Set-Cookie"]
    assert ADA not in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Domain" not in cookie
    assert "Secure" not in cookie, "on this machine alone there is no HTTPS"
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")


async def test_by_https_the_cookies_are_of_this_host_alone(page: Many) -> None:
    page.guard.serve(["echelon.example.com"], ["echelon.example.com"])
    host = {"Host": "echelon.example.com"}
    async with page.browser.get("/signin", headers=host) as response:
        cookie = response.headers["Set-Cookie"]
    assert cookie.startswith("__Host-echelon-form=")
    assert "Secure" in cookie
    assert "Path=/" in cookie
    status, _, _ = await page.post("/signin", {}, **host, Origin="http://echelon.example.com")
    assert status == 403


async def test_the_form_of_another_site_signs_nobody_in(page: Many) -> None:
    fields = {**await page.form("/signin"), "token": ADA}
    for origin in ("http://evil.example", "null"):
        assert (await page.post("/signin", fields, Origin=origin))[0] == 403
    assert (await page.post("/signin", {**fields, "csrf": "0" * 64}))[0] == 403
    assert (await page.post("/signin", {**fields, "csrf": "ä"}))[0] == 403
    page.browser.session.cookie_jar.clear()
    assert (await page.post("/signin", fields))[0] == 403
    assert len(page.sessions) == 0
    assert page.api.reviews == []


async def test_a_form_from_before_the_sign_in_is_worth_nothing(page: Many) -> None:
    await page.sign_in(ADA)
    fields = await page.form(PAUSE)
    await page.sign_in(ADA)
    assert (await page.post(PAUSE, fields))[0] == 403
    assert (await page.post(PAUSE, await page.form(PAUSE)))[0] == 303
    assert page.api.acts == [ADA]


@pytest.mark.parametrize(
    "where",
    ["//evil.example", "/\\evil.example", "https://evil.example", "/\t/evil.example", "evil",
     "/a\nSet-Cookie: x", "javascript:alert(1)", "", "/" + "x" * 3000],
)  # fmt: skip
async def test_a_sign_in_leads_nowhere_else(page: Many, where: str) -> None:
    assert str(local(where)) == "/"
    fields = {**await page.form("/signin"), "next": where, "token": ADA}
    status, _, headers = await page.post("/signin", fields)
    assert (status, headers["Location"]) == (303, "/")


async def test_signing_out_ends_the_session_and_its_streams(page: Many) -> None:
    await page.sign_in(ADA)
    assert (await page.get("/signout"))[0] == 200
    assert len(page.sessions) == 1, "to look at the question ends nothing"
    async with page.browser.get("/live/jobs/shop/web") as stream:
        await stream.content.readuntil(b"\n\n")
        fields = await page.form("/signout")
        assert (await page.post("/signout", {}))[0] == 403
        status, _, headers = await page.post("/signout", fields)
        assert (status, headers["Location"]) == (303, "/signin")
        async with asyncio.timeout(60):
            await stream.content.read()
    assert len(page.sessions) == 0
    assert (await page.get("/"))[0] == 401


async def test_a_revoked_token_ends_the_session_and_its_streams(page: Many) -> None:
    await page.sign_in(ADA)
    async with page.browser.get("/live/jobs/shop/web") as stream:
        await stream.content.readuntil(b"\n\n")
        del page.api.users[ADA]
        assert (await page.get("/jobs/shop/web"))[0] == 200, "it is believed for a minute"
        page.now[0] = 61.0
        put(page.store, job(availableInstances=2))
        async with asyncio.timeout(60):
            await stream.content.read()
    assert (await page.get("/jobs/shop/web"))[0] == 401
    assert len(page.sessions) == 0
    assert (await page.get("/live/jobs/shop/web"))[0] == 401


async def test_a_session_ends_after_its_time(page: Many) -> None:
    await page.sign_in(ADA)
    page.now[0] = 3600.0
    assert (await page.get("/"))[0] == 401


async def test_a_stream_ends_when_a_right_is_taken_away(page: Many) -> None:
    await page.sign_in(ADA)
    async with page.browser.get("/live/updates/shop/web-g2") as stream:
        await stream.content.readuntil(b'id="head"')
        page.api.rights = {}
        page.now[0] = 61.0
        put(page.store, update(message="secret"))
        async with asyncio.timeout(60):
            await stream.content.read()
    assert (await page.get("/updates/shop/web-g2"))[0] == 404


async def test_a_bearer_token_with_each_request_needs_no_session(page: Many) -> None:
    status, html = await page.get("/jobs/shop/web", Authorization=f"Bearer {ADA}")
    assert status == 200
    assert "/signout" not in html
    assert (await page.get("/jobs/shop/web", Authorization=f"Bearer {EVE}"))[0] == 404
    for wrong in ("Bearer wrong-token", "Bearer", "Basic YTpi", "Bearer a b"):
        assert (await page.get("/jobs/shop/web", Authorization=wrong))[0] == 401
    assert len(page.sessions) == 0


async def test_the_token_of_the_header_counts_and_not_that_of_the_session(page: Many) -> None:
    await page.sign_in(ADA)
    assert (await page.get("/jobs/shop/web", Authorization=f"Bearer {EVE}"))[0] == 404


async def test_headers_of_a_proxy_are_not_believed(page: Many) -> None:
    spoofed = {"X-Remote-User": "ada", "X-Remote-Group": "system:masters"}
    assert (await page.get("/jobs/shop/web", **spoofed))[0] == 401
    spoofed |= {"Authorization": f"Bearer {EVE}", "Impersonate-User": "ada"}
    assert (await page.get("/jobs/shop/web", **spoofed))[0] == 404


async def test_the_viewer_acts_with_his_own_token(page: Many) -> None:
    page.api.rights |= {("eve", "shop"): VIEW}
    await page.sign_in(EVE)
    assert ">Pause<" not in (await page.get("/updates/shop/web-g2"))[1]
    assert (await page.get(PAUSE))[0] == 403
    await page.sign_in(ADA)
    assert ">Pause<" in (await page.get("/updates/shop/web-g2"))[1]
    await page.get("/log/shop/web-0/main")
    assert (await page.post(PAUSE, await page.form(PAUSE)))[0] == 303
    assert page.api.acts == [ADA, ADA]


async def test_a_token_that_died_meanwhile_is_said(page: Many) -> None:
    await page.sign_in(ADA)
    fields = await page.form(PAUSE)
    del page.api.users[ADA]
    status, html, _ = await page.post(PAUSE, fields)
    assert status == 409
    assert "Sign in again" in html


async def test_too_many_refused_tokens_have_to_wait(page: Many) -> None:
    await page.sign_in(ADA)
    for number in range(attempts.MOST):
        wrong = f"Bearer wrong-{number}"
        assert (await page.get("/", Authorization=wrong))[0] == 401
    asked = len(page.api.reviews)
    async with page.browser.get("/", headers={"Authorization": "Bearer wrong-x"}) as response:
        assert response.status == 429
        assert int(response.headers["Retry-After"]) > 0
    assert (await page.sign_in("wrong-y"))[0] == 429
    assert (await page.sign_in(EVE))[0] == 429
    assert len(page.api.reviews) == asked
    assert (await page.get("/", Authorization=f"Bearer {ADA}"))[0] == 200, "it is known"
    assert (await page.get("/"))[0] == 200, "who is signed in stays so"


async def test_without_the_api_server_nobody_is_let_in_and_nobody_thrown_out(page: Many) -> None:
    await page.sign_in(ADA)
    assert (await page.get("/jobs/shop/web"))[0] == 200
    page.api.broken = Unreachable("cannot connect to 192.0.2.1:6443: secret words")
    page.now[0] = 61.0
    assert (await page.get("/jobs/shop/web"))[0] == 200
    status, html = await page.get("/", Authorization=f"Bearer {EVE}")
    assert status == 502
    assert "its log says more" in html
    assert "192.0.2.1" not in html
    page.now[0] = 400.0
    assert (await page.get("/jobs/shop/web"))[0] == 502


async def test_no_token_is_logged_or_shown(page: Many, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    shown = [(await page.sign_in("unknown-token-123456"))[1]]
    await page.sign_in(ADA)
    for path in ("/", "/jobs/shop/web", "/updates/shop/web-g2", "/signin", "/signout", PAUSE):
        shown.append((await page.get(path))[1])
    page.api.broken = Unreachable("no answer")
    shown.append((await page.get("/", Authorization=f"Bearer {EVE}"))[1])
    for text in (*shown, caplog.text):
        assert not any(token in text for token in (ADA, EVE, "unknown-token"))
    assert "/" in caplog.text


async def test_the_form_itself_is_open_and_shows_nothing(page: Many) -> None:
    status, html = await page.get("/signin")
    assert status == 200
    assert "web" not in html.replace("webkit", "")
    assert (await page.get(f"/static/{page.renderer.version}/page.js"))[0] == 200
