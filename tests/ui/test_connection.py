"""The connection of an open page, and errors where a question or a log should be."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from controller.ui import live
from tests.ui.inside import Inside
from tests.ui.scenes import running
from tests.ui.window import PATIENCE, Window
from tests.unit.ui.objects import job, pod, update

#: A page that nobody sees, until a test says otherwise.
HIDDEN = """
window.unseen = true;
Object.defineProperty(document, "hidden", { get: () => window.unseen });
"""
SHOW = "window.unseen = false; document.dispatchEvent(new Event('visibilitychange'))"
HIDE = "window.unseen = true; document.dispatchEvent(new Event('visibilitychange'))"


def wait(is_so: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE / 1000
    while not is_so():
        assert time.monotonic() < end, what
        time.sleep(0.05)


def test_a_first_connection_that_fails_is_tried_again(
    inside: Inside, window: Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside.put(job("api", instances=40), running(12))
    with monkeypatch.context() as patched:
        patched.setattr(live, "MAX_STREAMS", 0)
        window.page.goto(f"{inside.url}/updates/shop/api-g2")
        window.page.wait_for_selector('#live[data-state="lost"]')
    inside.put(running(25))
    window.wait("25 of 40", "#head")
    window.wait_live()
    assert inside.streams == 1
    # The browser itself writes down the answer of before.
    window.errors[:] = [each for each in window.errors if "status of 503" not in each]


def test_a_first_connection_to_no_server_is_tried_again(inside: Inside, window: Window) -> None:
    inside.put(job("api", instances=40), running(12))
    window.page.route("**/live/**", lambda route: route.abort())
    window.page.goto(f"{inside.url}/updates/shop/api-g2")
    window.page.wait_for_selector('#live[data-state="lost"]')
    window.page.unroute("**/live/**")
    window.wait_live()
    assert inside.streams == 1
    window.errors.clear()


def test_a_page_in_the_background_has_no_connection(inside: Inside, window: Window) -> None:
    inside.put(job("api", instances=40), running(12))
    window.page.add_init_script(HIDDEN)
    window.page.goto(f"{inside.url}/updates/shop/api-g2")
    window.until("document.querySelector('[data-htmx-powered][hx-sse\\\\:connect]') !== null")
    assert inside.streams == 0
    inside.put(running(25))
    window.page.evaluate(SHOW)
    window.wait_live()
    window.wait("25 of 40", "#head")
    window.page.evaluate(HIDE)
    wait(lambda: inside.streams == 0, "it keeps its connection in the background")
    window.page.evaluate(SHOW)
    wait(lambda: inside.streams == 1, "it does not come back")


def test_another_search_has_a_connection_of_its_own(inside: Inside, window: Window) -> None:
    inside.put(job("web"), job("api"))
    window.go(inside.url)
    for word in ("we", "web", "w"):
        window.page.fill("#search", word)
        window.until(f"location.search === '?q={word}'")
    inside.put(job("worker"))
    window.wait("worker", "#list")
    wait(lambda: inside.streams == 1, "connections of other searches stay")


def test_a_question_that_cannot_be_asked_leads_to_the_reason(
    inside: Inside, window: Window
) -> None:
    inside.put(job(), update())
    window.go(f"{inside.url}/updates/shop/web-g2")
    inside.drop_update("shop/web-g2")
    window.wait("no longer exists", "#notice")
    window.page.get_by_role("link", name="Abort").click()
    window.page.wait_for_url("**/updates/shop/web-g2/abort")
    window.wait("There is nothing here")
    window.errors[:] = [each for each in window.errors if "status of 404" not in each]


def test_a_log_that_cannot_be_shown_leads_to_the_reason(inside: Inside, window: Window) -> None:
    inside.put(job(), pod(0))
    inside.api.objects["pods", "shop", "web-0"] = pod(0)
    window.go(f"{inside.url}/instances/shop/web/0")
    inside.viewer.denied = {"list pods"}
    window.page.get_by_role("link", name="show").click()
    window.page.wait_for_url(f"{inside.url}/log/shop/web-0/main")
    window.wait("There is nothing here")
    window.errors[:] = [each for each in window.errors if "status of 404" not in each]
