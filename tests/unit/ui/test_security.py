"""What other web sites, other users and hostile texts of the cluster try."""

from __future__ import annotations

import re
from typing import Any

import pytest

from controller.ui.pages.jobs import JobsPage
from controller.ui.watch import Trouble
from tests.unit.ui.conftest import Setting
from tests.unit.ui.fakes import forbidden
from tests.unit.ui.objects import NOW, condition, job, pod, put, update
from tests.values import replace

EVIL = "<script>alert(1)</script>'\"><img src=x onerror=alert(1)>"
ASK = "/updates/shop/web-g2/pause"


async def form(page: Setting, path: str = ASK) -> dict[str, str]:
    """The hidden fields of a question, as a browser sends them back."""
    _, html = await page.get(path)
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', html))


async def post(page: Setting, data: dict[str, str], origin: str | None = "own", **more: Any) -> int:
    headers = {"Origin": page.origin if origin == "own" else origin} if origin else {}
    path = more.pop("path", ASK)
    async with page.client.post(
        path, data=data, headers=headers, allow_redirects=False, **more
    ) as response:
        return response.status


async def test_every_answer_forbids_frames_and_foreign_or_inline_code(page: Setting) -> None:
    put(page.store, job(), update())
    asset = f"/static/{page.renderer.version}/page.js"
    for path in ("/", "/jobs/shop/web", "/jobs/shop/nothing", ASK, asset, "/live/"):
        async with page.client.get(path) as response:
            policy = response.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert "script-src 'self'" in policy
            assert "unsafe" not in policy
            assert "frame-ancestors 'none'" in policy
            assert response.headers["X-Frame-Options"] == "DENY"
            assert response.headers["X-Content-Type-Options"] == "nosniff"


async def test_pages_have_no_inline_script_style_or_handler(page: Setting) -> None:
    put(page.store, job(), update(), pod(0))
    for path in ("/", "/jobs/shop/web", "/updates/shop/web-g2", "/instances/shop/web/0", ASK):
        _, html = await page.get(path)
        assert not re.search(r"<script(?![^>]* src=)|<style|\sstyle=|\son\w+=|javascript:", html)
        assert not re.findall(r'(?:src|href)="(?:https?:)?//', html)


async def test_hostile_texts_are_only_text(page: Setting) -> None:
    bad = job(conditions=[condition("Stalled", reason="Bad", message=EVIL)])
    entry = {"time": "2026-01-01T00:00:00Z", "phase": "RollingForward", "message": EVIL, "by": EVIL}
    failure = {
        "instance": 0,
        "attempt": 1,
        "reason": "Error",
        "message": EVIL,
        "time": "2026-01-01T00:00:00Z",
    }
    changed = update(message=EVIL, history=[entry], failures=[failure])
    put(page.store, bad, changed, pod(0, ready=False, waiting=EVIL))
    page.api.objects["pods", "shop", "web-0"] = pod(0, ready=False, waiting=EVIL)
    page.api.log = EVIL.encode()
    for path in (
        "/",
        "/jobs/shop/web",
        "/jobs/shop/web?tab=completed",
        "/updates/shop/web-g2",
        "/instances/shop/web/0",
        "/log/shop/web-0/main",
        f"/?q={EVIL}",
        f"/jobs/shop/web?at={EVIL}",
    ):
        _, html = await page.get(path)
        assert "alert(1)" in html
        assert "<script>alert" not in html
        assert "<img" not in html


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1:1", "localhost", ""])
async def test_a_foreign_host_is_refused(page: Setting, host: str) -> None:
    put(page.store, job())
    status, html = await page.get("/", headers={"Host": host})
    assert status == 421
    assert "web" not in re.sub(r"<[^>]+>", "", html)


async def test_the_question_then_the_change(page: Setting) -> None:
    put(page.store, job(), update())
    fields = await form(page)
    assert await post(page, {**fields, "message": "lunch"}) == 303
    ((namespace, name, body),) = page.api.patches
    assert (namespace, name) == ("shop", "web-g2")
    spec = {"paused": True, "message": "lunch"}
    assert body == {"metadata": {"uid": "uid-shop-web-g2"}, "spec": spec}


async def test_a_request_of_another_site_changes_nothing(page: Setting) -> None:
    put(page.store, job(), update())
    fields = await form(page)
    assert await post(page, fields, origin="http://evil.example") == 403
    assert await post(page, fields, origin="null") == 403
    assert await post(page, fields, origin=None) == 403
    assert await post(page, {**fields, "csrf": "0" * 64}) == 403
    assert await post(page, {"uid": fields["uid"]}) == 403
    page.client.session.cookie_jar.clear()
    assert await post(page, fields) == 403
    assert page.api.patches == []


async def test_a_get_changes_nothing(page: Setting) -> None:
    put(page.store, job(), update())
    for verb in ("pause", "rollback", "abort"):
        assert (await page.get(f"/updates/shop/web-g2/{verb}"))[0] == 200
    assert (await page.get("/updates/shop/web-g2/delete"))[0] == 404
    assert page.api.patches == []


async def test_the_cookie_is_not_for_scripts_nor_for_other_sites(page: Setting) -> None:
    put(page.store, job(), update())
    async with page.client.get(ASK) as response:
        cookie = response.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


async def test_another_update_of_the_same_name_is_not_changed(page: Setting) -> None:
    put(page.store, job(), update())
    fields = await form(page)
    assert await post(page, {**fields, "uid": "another"}) == 409
    assert page.api.patches == []


async def test_what_the_api_server_refuses_is_said(page: Setting) -> None:
    put(page.store, job(), update())
    fields = await form(page)
    page.api.refusal = forbidden()
    headers = {"Origin": page.origin}
    async with page.client.post(ASK, data=fields, headers=headers) as response:
        assert response.status == 409
        assert "You may not do this" in await response.text()


@pytest.mark.parametrize(
    "path",
    [
        "/jobs/secret/web",
        "/updates/secret/web-g2",
        "/instances/secret/web/0",
        "/updates/secret/web-g2/pause",
        "/log/secret/web-0/main",
        "/live/jobs/secret/web",
        "/live/updates/secret/web-g2",
    ],
)
async def test_a_hidden_namespace_looks_as_if_it_were_not(page: Setting, path: str) -> None:
    hidden = [job(namespace="secret"), update(namespace="secret"), pod(0, namespace="secret")]
    put(page.store, job(), *hidden)
    page.viewer.denied = {"secret"}
    shown = await page.get(path)
    nothing = await page.get(path.replace("secret", "nothing"))
    assert shown[0] == nothing[0] == 404
    assert shown[1].replace("secret", "nothing") == nothing[1]


async def test_lists_leave_a_hidden_namespace_out(page: Setting) -> None:
    put(page.store, job(), job("plan", "secret"), pod(0), pod(0, "plan", "secret"))
    page.viewer.denied = {"secret"}
    for path in ("/", "/?q=plan", "/?ns=secret", "/nodes/n1"):
        _, html = await page.get(path)
        text = re.sub(r"<[^>]+>", " ", html)
        assert "plan" not in text
        assert "secret" not in text or "ns=secret" in path


async def test_without_rights_to_steer_there_are_no_buttons(page: Setting) -> None:
    put(page.store, job(), update())
    fields = await form(page)
    page.viewer.denied = {"patch updates"}
    _, html = await page.get("/updates/shop/web-g2")
    assert ">Pause<" not in html
    assert (await page.get(ASK))[0] == 403
    assert await post(page, fields) == 403
    assert page.api.patches == []


async def test_who_may_only_look_gets_no_buttons_and_no_logs(page: Setting) -> None:
    put(page.store, job(), update(), pod(0))
    page.viewer.client = None
    _, html = await page.get("/updates/shop/web-g2")
    assert ">Pause<" not in html
    assert "You may not read logs" in (await page.get("/log/shop/web-0/main"))[1]
    assert not any("log" in asked for asked in page.api.asked)


@pytest.mark.parametrize(
    "path",
    [
        "/nodes/..%2f..%2fapi",
        "/log/shop/web-0/..%2fx",
        "/log/shop/web-0/main%3fx",
        "/jobs/shop/web%00",
        "/static/x/..%2f..%2fapp.py",
        "/static/x/../../app.py",
        "/instances/shop/web/99999",
    ],
)
async def test_addresses_lead_nowhere_else(page: Setting, path: str) -> None:
    put(page.store, job(), pod(0))
    status, _ = await page.get(path)
    assert status == 404
    assert page.api.asked == []


async def test_a_file_is_kept_under_the_address_of_its_own_version_alone(page: Setting) -> None:
    for version, kept in ((page.renderer.version, "immutable"), ("another", "no-store")):
        async with page.client.get(f"/static/{version}/page.js") as response:
            assert response.status == 200
            assert kept in response.headers["Cache-Control"]
            assert ("no-store" in response.headers["Cache-Control"]) is (kept == "no-store")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_other_methods_are_refused(page: Setting, method: str) -> None:
    async with page.client.request(method, "/") as response:
        assert response.status == 405


async def test_a_theme_is_one_of_two(page: Setting) -> None:
    for value, shown in (("dark", True), ("x%22onload=%22", False)):
        _, html = await page.get("/", headers={"Cookie": f"theme={value}"})
        assert ("data-theme" in html) is shown


def test_a_page_of_jobs_takes_any_query() -> None:
    for text in ("0", "-1", "9" * 30, "x", "１"):
        assert JobsPage.of({}, {"page": text}).number >= 1


async def test_what_cannot_be_read_in_a_hidden_namespace_is_not_counted(page: Setting) -> None:
    put(page.store, job(), job(namespace="secret"))
    page.store.unreadable["update", "secret", "web-g9"] = "a newer phase"
    for path, shown in (("/", True), ("/jobs/secret/web", True), ("/jobs/shop/web", False)):
        assert ("1 object cannot be read" in (await page.get(path))[1]) is shown
    page.viewer.denied = {"secret"}
    assert "cannot be read" not in (await page.get("/"))[1]


async def test_what_the_api_server_says_to_the_page_is_not_for_its_viewers(page: Setting) -> None:
    put(page.store, job())
    words = 'echelonjobs is forbidden in the namespace "secret"'
    page.watch.troubles = [Trouble("job", words, NOW)]
    assert "secret" in (await page.get("/"))[1]
    discreet = replace(page.site, is_discreet=True)
    (notice,) = discreet.notices(lambda _kind, _where: True)
    assert "secret" not in notice.message


async def test_nothing_steers_the_terminal_of_who_asks_with_curl(page: Setting) -> None:
    words = "a\x1b[2Jb\x1b]0;title\x07c\x9b31md\u202ee\tf"
    bad = job(conditions=[condition("Stalled", reason=words, message=words)])
    entry = {"time": "2026-01-01T00:00:00Z", "phase": "RollingForward", "message": words}
    put(page.store, bad, update(message=words, history=[entry]))
    for path in ("/", "/jobs/shop/web", "/updates/shop/web-g2"):
        _, html = await page.get(path)
        assert "abcd e\tf" in html
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", html)


async def test_a_method_that_is_refused_is_told_those_that_are_not(page: Setting) -> None:
    async with page.client.put("/") as response:
        assert response.status == 405
        assert response.headers["Allow"] == "GET,HEAD,POST"
        assert "Python" not in response.headers["Server"]


async def test_the_answer_to_head_has_no_stream(page: Setting) -> None:
    async with page.client.head("/live/") as response:
        assert response.status == 405
    async with page.client.head("/") as response:
        assert response.status == 200
