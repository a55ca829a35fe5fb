"""The page in a real browser: what moves by itself, keys, questions, themes, small windows."""

from __future__ import annotations

from typing import Any

import pytest

from tests.ui.inside import Inside
from tests.ui.scenes import ADDRESSES, everything, running
from tests.ui.window import Window
from tests.unit.ui.objects import condition, job, pod, update


@pytest.fixture
def full(inside: Inside) -> Inside:
    """The page with everything there is."""
    inside.put(*everything())
    inside.api.objects["pods", "shop", "web-1"] = pod(1, ready=False, waiting="CrashLoopBackOff")
    inside.api.objects["nodes", "", "n1"] = {
        "metadata": {"name": "n1"},
        "status": {"conditions": [condition("Ready"), condition("DiskPressure")]},
    }
    return inside


def test_pages_have_no_errors_and_fit_a_telephone(full: Inside, window: Window) -> None:
    for address in ADDRESSES:
        window.resize(1200)
        window.go(full.url + address)
        assert window.overflow == 0, address
        window.resize(360)
        assert window.overflow == 0, address


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_are_accessible(full: Inside, chromium: Any, scheme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    window = Window(chromium, scheme=scheme)
    for address in (*ADDRESSES, "/updates/shop/api-g2/abort"):
        window.page.goto(full.url + address)
        window.page.wait_for_load_state()
        found = axe.run(window.page).response["violations"]
        said = [(each["id"], [node["html"][:160] for node in each["nodes"]][:3]) for each in found]
        assert said == [], address
    window.close()


def test_an_update_moves_without_a_reload(inside: Inside, window: Window) -> None:
    inside.put(job("api", instances=40), running(12))
    window.go(f"{inside.url}/updates/shop/api-g2")
    window.page.evaluate("window.here = true")
    for done in (20, 30):
        inside.put(running(done))
        window.wait(f"{done} of 40", "#head")
        window.until(
            f"document.querySelector('#grid canvas').ariaLabel.startsWith('{done} updated')"
        )
    assert window.page.evaluate("window.here")
    assert window.page.title().startswith("30/40")
    assert window.page.locator(".chart polyline").count() == 1


def test_a_list_moves_without_a_reload(full: Inside, window: Window) -> None:
    window.go(full.url)
    full.put(job("fresh"))
    window.wait("fresh", "#list")
    full.put(job("fresh", conditions=[condition("Stalled", reason="Bad", message="it hangs")]))
    window.wait("it hangs", "#list")


def test_streams_come_back_after_a_restart(inside: Inside, window: Window) -> None:
    inside.put(job("api", instances=40), running(12))
    window.go(f"{inside.url}/updates/shop/api-g2")
    inside.stop()
    window.page.wait_for_selector('#live[data-state="lost"]')
    inside.put(running(25))
    inside.start()
    window.wait("25 of 40", "#head")
    window.wait_live()
    # While the server is away the browser itself says that it cannot connect.
    window.errors[:] = [each for each in window.errors if "ERR_CONNECTION_REFUSED" not in each]


def test_a_change_does_not_disturb_the_person_who_reads(full: Inside, window: Window) -> None:
    full.api.lists["controllerrevisions"] = [
        {
            "metadata": {"name": f"web-{name}", "creationTimestamp": "2027-01-01T00:00:00Z"},
            "revision": number,
            "data": {"spec": {"containers": [{"name": "main", "image": f"web:{number}"}]}},
        }
        for number, name in enumerate(("aaaa", "bbbb"), 1)
    ]
    window.go(f"{full.url}/jobs/shop/web?tab=configuration")
    window.page.click("summary")
    window.page.focus("summary")
    full.put(job(assigned=[{"revision": "web-aaaa", "instances": "0-1"}]))
    window.wait("2 instances", "#tab")
    assert window.page.evaluate("document.querySelector('details').open")
    assert window.page.evaluate("document.activeElement.tagName") == "SUMMARY"


def test_the_search_filters_while_one_types(full: Inside, window: Window) -> None:
    window.go(full.url)
    window.page.keyboard.press("/")
    window.page.keyboard.type("check")
    window.until("document.querySelectorAll('#list [data-row]').length === 1")
    assert window.page.url.endswith("?q=check")
    assert window.page.evaluate("document.activeElement.id") == "search"
    full.put(job("checkers"), job("other"))
    window.wait("checkers", "#list")
    assert "other" not in window.text("#list")


def test_keys_lead_through_the_rows(full: Inside, window: Window) -> None:
    window.go(full.url)
    for key in ("j", "j", "k"):
        window.page.keyboard.press(key)
    selected = window.page.locator("tr.selected").get_attribute("id")
    rows = window.page.locator("[data-row]")
    assert selected == rows.first.get_attribute("id")
    window.page.keyboard.press("Enter")
    window.page.wait_for_url("**/jobs/**")
    window.page.keyboard.press("u")
    window.page.wait_for_url(full.url + "/")
    window.page.keyboard.press("?")
    window.page.get_by_role("heading", name="Keyboard").wait_for()
    window.page.keyboard.press("Escape")
    assert not window.page.locator("#help").is_visible()


def test_a_verb_asks_first_and_then_acts(inside: Inside, window: Window) -> None:
    inside.put(job("api", instances=40), running())
    window.go(f"{inside.url}/updates/shop/api-g2")
    window.page.get_by_role("link", name="Abort").click()
    dialog = window.page.locator("#dialog")
    dialog.get_by_role("heading", name="Abort api-g2?").wait_for()
    dialog.get_by_role("link", name="Cancel").click()
    assert not dialog.is_visible()
    assert inside.api.patches == []
    window.page.get_by_role("link", name="Pause").click()
    dialog.get_by_role("textbox").fill("lunch")
    dialog.get_by_role("button", name="Pause").click()
    window.page.wait_for_url("**/updates/shop/api-g2")
    window.wait_live()
    (patch,) = inside.api.patches
    assert patch[2]["spec"] == {"paused": True, "message": "lunch"}


def test_a_verb_works_without_scripts(inside: Inside, chromium: Any) -> None:
    inside.put(job("api", instances=40), running())
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{inside.url}/updates/shop/api-g2")
    page.get_by_role("link", name="Roll back").click()
    page.get_by_role("button", name="Roll back").click()
    page.wait_for_url("**/updates/shop/api-g2")
    assert inside.api.patches[0][2]["spec"] == {"action": "Rollback"}
    context.close()


def test_another_site_can_neither_frame_nor_post(inside: Inside, chromium: Any) -> None:
    inside.put(job("api", instances=40), running())
    address = f"{inside.url}/updates/shop/api-g2"
    context = chromium.new_context()
    page = context.new_page()
    page.goto(f"{address}/abort")
    page.route(
        "http://evil.example/",
        lambda route: route.fulfill(
            content_type="text/html",
            body=f'<iframe src="{address}"></iframe>'
            f'<form method="post" action="{address}/abort"><input name="uid" '
            'value="uid-shop-api-g2"><button>Win a prize</button></form>',
        ),
    )
    page.goto("http://evil.example/")
    assert all("api-g2" not in (frame.content() or "") for frame in page.frames[1:])
    with page.expect_navigation() as answer:
        page.click("button")
    assert answer.value.status == 403
    assert inside.api.patches == []
    context.close()


def test_the_theme_stays(full: Inside, window: Window) -> None:
    window.go(full.url)
    plain = window.page.evaluate("getComputedStyle(document.body).backgroundColor")
    window.page.click("#theme")
    window.page.click("#theme")
    assert window.page.inner_text("#theme") == "Dark"
    window.go(full.url + "/jobs/shop/web")
    assert window.page.evaluate("getComputedStyle(document.body).backgroundColor") != plain


def test_the_log_is_fetched_when_it_is_asked_for(full: Inside, window: Window) -> None:
    full.api.log = b"first line\n<img src=x onerror=alert(1)>\n"
    window.go(f"{full.url}/instances/shop/web/1")
    assert not any("log?" in each for each in full.api.asked)
    window.page.get_by_role("link", name="show").click()
    window.wait("first line", "#log")
    assert window.page.locator("#log img").count() == 0


def test_a_deleted_update_says_so(inside: Inside, window: Window) -> None:
    inside.put(job(), update())
    window.go(f"{inside.url}/updates/shop/web-g2")
    inside.drop_update("shop/web-g2")
    window.wait("no longer exists", "#notice")
