"""Behind a proxy: whose headers are believed, and that the page is read-only there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from controller.ui.proxies import Headers, ProxyAccess
from controller.ui.render import Renderer
from tests.unit.ui.many import STEER, VIEW, Many
from tests.unit.ui.objects import job, pod, put, update

HERE = (ip_network("127.0.0.0/8"),)
ELSEWHERE = (ip_network("10.0.0.0/8"),)
USUAL = Headers("X-Remote-User", "X-Remote-Group")
ADA = {"X-Remote-User": "ada"}

Serving = Callable[..., AbstractAsyncContextManager[Many]]


@pytest.fixture
def serving(renderer: Renderer) -> Serving:
    """Serves the page behind a proxy; arguments are those of the access."""

    @asynccontextmanager
    async def serve(
        headers: Headers = USUAL, proxies: Any = HERE, secret: str = ""
    ) -> AsyncIterator[Many]:
        many = Many(renderer)
        many.api.rights = {("ada", "shop"): STEER, ("oidc:ada", "shop"): VIEW}
        put(many.store, job(), update(), pod(0))
        client: Any = many.api
        access = ProxyAccess(headers, proxies, secret, many.reviews, client, clock=many.clock)
        async with many.serve(access) as served:
            yield served

    return serve


async def test_the_user_of_the_header_sees_what_he_may_see(serving: Serving) -> None:
    async with serving() as page:
        status, html = await page.get("/jobs/shop/web", **ADA)
        assert status == 200
        assert "/signout" not in html
        assert (await page.get("/jobs/shop/web", **{"X-Remote-User": "eve"}))[0] == 404
        assert (await page.get("/jobs/shop/web"))[0] == 401
        assert (await page.get("/jobs/shop/web", **{"X-Remote-User": " "}))[0] == 401
        assert (await page.get("/signin", **ADA))[0] == 404


async def test_from_elsewhere_nobody_is_believed(serving: Serving) -> None:
    async with serving(proxies=ELSEWHERE) as page:
        for path in ("/", "/jobs/shop/web", "/live/", "/no-such-page"):
            for more in ({}, {"X-Forwarded-For": "10.0.0.1"}, {"X-Real-Ip": "10.0.0.1"}):
                assert (await page.get(path, **ADA, **more))[0] == 403
        assert page.api.reviews == []


async def test_two_users_are_none(serving: Serving) -> None:
    async with serving() as page:
        headers = [("X-Remote-User", "ada"), ("X-Remote-User", "eve")]
        async with page.browser.get("/", headers=headers) as response:
            assert response.status == 401


@pytest.mark.parametrize("header", ["X-Remote-User", "X-Remote-Group"])
async def test_a_name_that_cannot_be_read_is_nobodys(serving: Serving, header: str) -> None:
    async with serving() as page:
        others = [(name, user.encode()) for name, user in ADA.items() if name != header]
        assert await page.raw("/", *others, (header, b"a\xff")) == 400
        assert page.api.reviews == []


async def test_a_secret_must_be_there_and_may_change(serving: Serving, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("first\n")
    async with serving(secret=str(file)) as page:
        right = {**ADA, "X-Echelon-Proxy-Secret": "first"}
        assert (await page.get("/jobs/shop/web", **right))[0] == 200
        for wrong in ({}, {"X-Echelon-Proxy-Secret": ""}, {"X-Echelon-Proxy-Secret": "firs"}):
            assert (await page.get("/jobs/shop/web", **ADA, **wrong))[0] == 403
        ada = [(name, user.encode()) for name, user in ADA.items()]
        assert await page.raw("/", *ada, ("X-Echelon-Proxy-Secret", b"first\xff")) == 403
        file.write_text("second")
        page.now[0] = 11.0
        assert (await page.get("/jobs/shop/web", **right))[0] == 403
        new = {**ADA, "X-Echelon-Proxy-Secret": "second"}
        assert (await page.get("/jobs/shop/web", **new))[0] == 200
        file.write_text("")
        page.now[0] = 22.0
        assert (await page.get("/", **ADA, **{"X-Echelon-Proxy-Secret": ""}))[0] == 403


async def asked(page: Many, *headers: tuple[str, str]) -> tuple[str, list[str]]:
    """The user and the groups about whom the API server is asked."""
    async with page.browser.get("/jobs/shop/web", headers=list(headers)):
        spec = page.api.reviews[-1]["spec"]
        return spec["user"], spec["groups"]


async def test_groups_are_headers_of_their_own(serving: Serving) -> None:
    async with serving() as page:
        given = ("X-Remote-Group", "cn=devs,ou=shop"), ("X-Remote-Group", "ops")
        found = await asked(page, ("X-Remote-User", "ada"), *given)
    assert found == ("ada", ["cn=devs,ou=shop", "ops", "system:authenticated"])


async def test_names_and_groups_as_another_proxy_has_them(serving: Serving) -> None:
    headers = Headers("X-Forwarded-User", "X-Forwarded-Groups", ",", "oidc:", "oidc:")
    async with serving(headers) as page:
        given = ("X-Forwarded-User", "ada"), ("X-Forwarded-Groups", "devs, ops,")
        found = await asked(page, *given, ("X-Remote-Group", "system:masters"))
        assert (await page.get("/jobs/shop/web", **{"X-Forwarded-User": "ada"}))[0] == 200
        assert (await page.get("/jobs/shop/web", **ADA))[0] == 401
    assert found == ("oidc:ada", ["oidc:devs", "oidc:ops", "system:authenticated"])


@pytest.mark.parametrize(
    "given",
    [
        [("X-Remote-User", "system:admin")],
        [("X-Remote-User", "ada"), ("X-Remote-Group", "system:masters")],
        [("X-Remote-User", "ada"), ("X-Remote-Group", "devs"), ("X-Remote-Group", "system:nodes")],
    ],
)
async def test_names_of_kubernetes_itself_are_refused_where_there_is_no_prefix(
    serving: Serving, given: list[tuple[str, str]]
) -> None:
    async with serving() as page:
        async with page.browser.get("/", headers=given) as response:
            assert response.status == 403
            assert "one of Kubernetes" in await response.text()
        assert page.api.reviews == []
        everybody = ("X-Remote-Group", "system:authenticated")
        _, groups = await asked(page, ("X-Remote-User", "ada"), everybody)
        assert groups == ["system:authenticated"]
    prefixed = Headers("X-Remote-User", "X-Remote-Group", "", "oidc:", "oidc:")
    async with serving(prefixed) as page:
        user, groups = await asked(page, *given)
    assert all(name.startswith("oidc:") for name in (user, *groups[:-1]))


async def test_it_is_read_only_and_tokens_count_for_nothing(serving: Serving) -> None:
    async with serving() as page:
        page.api.users = {"eve-token": "ada"}
        assert (await page.get("/", Authorization="Bearer eve-token"))[0] == 401
        assert ">Pause<" not in (await page.get("/updates/shop/web-g2", **ADA))[1]
        ask = "/updates/shop/web-g2/pause"
        assert (await page.get(ask, **ADA))[0] == 403
        assert (await page.post(ask, {"csrf": "x"}, **ADA))[0] == 403
        assert page.api.patches == []


async def test_logs_are_read_for_those_who_may(serving: Serving) -> None:
    async with serving() as page:
        page.api.log = b"hello from the container"
        log = "/log/shop/web-0/main"
        assert "hello" in (await page.get(log, **ADA))[1]
        page.api.rights["ada", "shop"] = VIEW - {"pods/log"}
        page.now[0] = 61.0
        html = (await page.get(log, **ADA))[1]
        assert "You may not read logs" in html
        assert "hello" not in html
        assert page.api.acts == [""]
