"""The page without a mouse: what Tab reaches, where the focus is, and where it returns to."""

from __future__ import annotations

from tests.ui.inside import Inside
from tests.ui.scenes import everything, running
from tests.ui.window import Window
from tests.unit.ui.objects import job

_WORD = "document.activeElement.textContent.trim()"
_OUTLINE = "getComputedStyle(document.activeElement).outlineStyle"


def reached(window: Window, presses: int) -> list[str]:
    """The names of what has the focus after each press of Tab. Each must show that it has it."""
    found = []
    for _ in range(presses):
        window.page.keyboard.press("Tab")
        found.append(window.page.evaluate(f"document.activeElement.ariaLabel || {_WORD}"))
        assert window.page.evaluate(_OUTLINE) != "none", found
    return found


def test_the_first_tab_skips_to_the_content(inside: Inside, window: Window) -> None:
    inside.put(*everything())
    window.go(inside.url)
    assert reached(window, 1) == ["Skip to the content"]
    window.page.keyboard.press("Enter")
    assert window.page.evaluate("document.activeElement.id") == "main"
    assert reached(window, 1)[0].startswith("All")


def test_tab_reaches_verbs_and_the_grid(inside: Inside, window: Window) -> None:
    inside.put(job("api", instances=40), running())
    window.go(f"{inside.url}/updates/shop/api-g2")
    found = reached(window, 14)
    assert [each for each in found if each in ("Pause", "Roll back", "Abort")] == [
        "Pause",
        "Roll back",
        "Abort",
    ]
    assert any(each.startswith("12 updated") for each in found)


def test_the_focus_returns_from_a_question(inside: Inside, window: Window) -> None:
    inside.put(job("api", instances=40), running())
    window.go(f"{inside.url}/updates/shop/api-g2")
    window.page.get_by_role("link", name="Pause").focus()
    window.page.keyboard.press("Enter")
    window.page.locator("#dialog").get_by_role("textbox").wait_for()
    assert window.page.evaluate("document.activeElement.name") == "message"
    window.page.keyboard.press("Escape")
    window.page.locator("#dialog").wait_for(state="hidden")
    assert window.page.evaluate(_WORD) == "Pause"


def test_keys_do_nothing_while_a_question_is_open(inside: Inside, window: Window) -> None:
    inside.put(job("api", instances=40), running())
    address = f"{inside.url}/updates/shop/api-g2"
    window.go(address)
    window.page.get_by_role("link", name="Abort").click()
    window.page.locator("#dialog").get_by_role("link", name="Cancel").focus()
    window.page.keyboard.press("u")
    assert window.page.url == address
    window.page.keyboard.press("Escape")
    window.page.locator("#dialog").wait_for(state="hidden")
    window.page.keyboard.press("u")
    window.page.wait_for_url("**/jobs/shop/api")
