"""Signing in and out in a real browser, and what an open page says when its viewer is out."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from controller.ui.render import Renderer
from tests.ui.window import Window
from tests.unit.ui.many import STEER, Many
from tests.unit.ui.objects import Object, job, pod, put, update

TOKEN = "ada-token-1234567890"
#: What Chromium writes into the console when an answer is a 401.
REFUSED = "status of 401"


class Serving:
    """`Many` in a thread of its own."""

    def __init__(self) -> None:
        self.many = Many(Renderer())
        self.many.api.users = {TOKEN: "ada"}
        self.many.api.rights = {("ada", "shop"): STEER}
        self._loop = asyncio.new_event_loop()
        self._serving = self.many.serve(self.many.by_token())
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Serving:
        self._thread.start()
        self.do(self._serving.__aenter__)
        self.put(job(), update(), pod(0))
        return self

    def __exit__(self, *_: object) -> None:
        self.do(lambda: self._serving.__aexit__(None, None, None))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def do(self, make: Callable[[], Any]) -> None:
        async def done() -> None:
            await make()

        asyncio.run_coroutine_threadsafe(done(), self._loop).result(20)

    def put(self, *objects: Object) -> None:
        async def there() -> None:
            put(self.many.store, *objects)

        self.do(there)

    def revoke(self) -> None:
        """The API server no longer accepts the token, and the page asks it again."""
        self.many.api.users = {}
        self.many.now[0] += 61.0
        self.put(job(availableInstances=2))


@pytest.fixture
def serving() -> Iterator[Serving]:
    with Serving() as made:
        yield made


def sign_in(window: Window, url: str) -> None:
    window.page.goto(url)
    window.page.get_by_label("Token").fill(TOKEN)
    window.page.get_by_role("button", name="Sign in").click()
    window.wait_live()


def test_signing_in_leads_back_and_signing_out_asks(serving: Serving, window: Window) -> None:
    url = f"{serving.many.origin}/jobs/shop/web?tab=updates"
    sign_in(window, url)
    assert window.page.url == url
    assert "ada" in window.text("header")
    assert TOKEN not in window.page.content()
    window.page.get_by_role("link", name="Sign out").click()
    window.page.locator("#dialog").get_by_text("Cancel").click()
    assert len(serving.many.sessions) == 1
    window.page.get_by_role("link", name="Sign out").click()
    window.page.locator("#dialog").get_by_role("button", name="Sign out").click()
    window.wait("Paste a bearer token")
    assert len(serving.many.sessions) == 0
    assert window.page.context.cookies() == [
        each for each in window.page.context.cookies() if "session" not in each["name"]
    ]


def test_an_open_page_says_that_its_viewer_is_out(serving: Serving, window: Window) -> None:
    sign_in(window, f"{serving.many.origin}/jobs/shop/web")
    serving.revoke()
    link = window.page.locator("#live").get_by_role("link", name="signed out")
    link.wait_for()
    assert window.page.url.endswith("/jobs/shop/web"), "what was shown stays"
    link.click()
    window.wait("Paste a bearer token")
    assert window.page.url.endswith("/signin?next=%2Fjobs%2Fshop%2Fweb")
    assert all(REFUSED in each or "sse" in each.lower() for each in window.errors), window.errors
    window.errors.clear()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_forms_are_accessible_and_fit_a_telephone(
    serving: Serving, chromium: Any, scheme: str
) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    window = Window(chromium, scheme=scheme, width=360)
    sign_in(window, serving.many.origin)
    for address in ("/signin", "/signout", "/"):
        window.page.goto(serving.many.origin + address)
        window.page.wait_for_load_state()
        found = axe.run(window.page).response["violations"]
        said = [(each["id"], [node["html"][:160] for node in each["nodes"]][:3]) for each in found]
        assert said == [], address
        assert window.overflow == 0, address
    window.close()
